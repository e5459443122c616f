//! The format of stored rows. Gateways of two versions may write to one registry while a city is upgraded,
//! and rows of an earlier format lack the indexes that came later. Each gateway announces its format in a
//! setting. The indexes are filled once at the beginning and once more when the last gateway of an earlier
//! format is gone.

use super::super::rows::{RegistryTable, RowKey};
use super::super::{Registry, Result};
use std::collections::BTreeSet;

/// The format of registry and trails that this version writes. Version 0.1.0 wrote format 1.
pub const STORED_FORMAT: u32 = 2;

/// The start of the settings' names. The rest is the gateway's number in hexadecimal.
const PREFIX: &str = "format-of-gateway/";
/// The setting of an index that has the earlier rows, while gateways of an earlier format may add others.
const PASSED_ONCE: &[u8] = b"1";
/// The setting of an index that has all rows.
const COMPLETE: &[u8] = b"2";

fn setting_of(gateway: u64) -> String {
    format!("{PREFIX}{gateway:016x}")
}

impl Registry {
    /// Announces to the city the format that this gateway writes.
    pub fn announce_format(&self, gateway: u64) -> Result<()> {
        let (name, format) = (setting_of(gateway), STORED_FORMAT.to_string());
        if self.setting(&name)?.as_deref() == Some(format.as_bytes()) {
            return Ok(());
        }
        self.set(&name, format.as_bytes())
    }

    /// The gateways that may still write an earlier format: the city waits for them, and they have announced
    /// none or an earlier one.
    pub fn gateways_of_earlier_format(&self) -> Result<Vec<u64>> {
        let mut current = BTreeSet::new();
        self.rows().groups(RegistryTable::Settings, &[RowKey::new()], &mut |_, name, value| {
            let number = std::str::from_utf8(name).ok().and_then(|name| name.strip_prefix(PREFIX));
            let format = std::str::from_utf8(value).ok().and_then(|format| format.parse::<u32>().ok());
            let is_current = format.is_some_and(|format| format >= STORED_FORMAT);
            current.extend(
                number.filter(|_| is_current).and_then(|number| u64::from_str_radix(number, 16).ok()),
            );
            Ok(())
        })?;
        let gateways = self.drained()?.into_iter().map(|(gateway, _)| gateway);
        Ok(gateways.filter(|gateway| !current.contains(gateway)).collect())
    }

    /// Adds rows of earlier formats to the indexes that came later. It is cheap once they are complete.
    /// **Cost**: reads every case and every person, at most twice in the life of a registry.
    pub fn index_earlier_rows(&self) -> Result<()> {
        self.index_cases()?;
        self.index_phones()
    }

    /// Runs a pass over the earlier rows of an index, unless it is complete or has only to wait for gateways
    /// of an earlier format.
    pub(in super::super) fn pass_over_earlier(
        &self,
        name: &str,
        pass: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let passed = self.setting(name)?;
        if passed.as_deref() == Some(COMPLETE) {
            return Ok(());
        }
        let is_last = !self.is_shared() || self.gateways_of_earlier_format()?.is_empty();
        if !is_last && passed.is_some() {
            return Ok(());
        }
        pass()?;
        self.set(name, if is_last { COMPLETE } else { PASSED_ONCE })
    }
}
