//! Settings, by name.

mod formats;
mod notices;
mod policies;

pub use formats::STORED_FORMAT;
pub use notices::NoticesFull;
pub use policies::{LabelUsed, StoredAreas, StoredPolicy, check_label};

use super::changes::Change;
use super::rows::{RegistryTable, Row, RowKey};
use super::{Registry, Result};

/// The name of the setting that holds the kids.
const KIDS: &str = "kids";

impl Registry {
    /// A setting's value.
    pub fn setting(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.get(RegistryTable::Settings, name.as_bytes())
    }

    /// Sets a setting if it still has the value `from`, or none if it was not set. Returns whether it had.
    pub fn swap_setting(&self, name: &str, from: Option<&[u8]>, to: &[u8]) -> Result<bool> {
        match from {
            Some(from) => self.rows().swap(RegistryTable::Settings, name.as_bytes(), from, Some(to)),
            None => Ok(self.claim(Row::new(RegistryTable::Settings, name, to))?.is_none()),
        }
    }

    /// The setting that holds the kids of keys.
    pub fn kids(&self) -> Result<Option<Vec<u8>>> {
        self.setting(KIDS)
    }

    /// Sets the kids if they are still `from`, and announces the change to the other gateways. Returns
    /// whether they were.
    pub fn swap_kids(&self, from: Option<&[u8]>, to: &[u8]) -> Result<bool> {
        self.announcing(&[Change::Keys], || self.swap_setting(KIDS, from, to))
    }

    /// Sets a setting unconditionally.
    pub fn set(&self, name: &str, value: &[u8]) -> Result<()> {
        while !self.swap_setting(name, self.setting(name)?.as_deref(), value)? {}
        Ok(())
    }

    /// The names of the settings that begin with `prefix`.
    pub fn settings_named(&self, prefix: &str) -> Result<Vec<String>> {
        let mut names = Vec::new();
        self.rows().groups(RegistryTable::Settings, &[RowKey::new()], &mut |_, name, _| {
            let name = String::from_utf8_lossy(name);
            names.extend(name.starts_with(prefix).then(|| name.into_owned()));
            Ok(())
        })?;
        Ok(names)
    }
}
