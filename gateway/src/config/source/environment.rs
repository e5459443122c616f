//! The environment as a source: `SCANGATE__JOURNAL__SEGMENT_MIB` is `journal.segment_mib`, and
//! `SCANGATE__JOURNAL__SEGMENT_MIB_FILE` names a file that contains it. For a key that is itself the path of
//! a file, both variables are that path.

use super::SettingReader;
use crate::config::catalogue::{ConfigKey, KEYS, ValueKind};
use crate::config::fault::{ConfigFault, SettingOrigin};
use crate::config::read_text;
use scangate_core::document::nearest;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

/// The prefix of all variables of the gateway.
const OWN: &str = "SCANGATE_";
/// The prefix of variables for keys.
const PREFIX: &str = "SCANGATE__";
/// The suffix of a variable that names a file.
const FILE_SUFFIX: &str = "_FILE";

/// The variables of the gateway, as they were when the process started.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// The variables of this process.
    #[expect(clippy::disallowed_methods, reason = "this is the one reader of the variables of keys")]
    #[must_use]
    pub fn of_process() -> Self {
        std::env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value)).collect()
    }

    /// The variables that are no keys, such as `SCANGATE_LOG`.
    pub(in crate::config) fn others(&self) -> impl Iterator<Item = (&str, String)> {
        let others = self.0.iter().filter(|(name, _)| !name.starts_with(PREFIX));
        others.map(|(name, value)| (name.as_str(), value.to_string_lossy().into_owned()))
    }

    /// Reads the variables of keys.
    pub(super) fn read(&self, reader: &mut SettingReader) {
        for (name, value) in self.0.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
            if let Err(message) = self.read_one(name, value.to_str(), reader) {
                reader.faults.push(ConfigFault { origin: SettingOrigin::Variable(name.clone()), message });
            }
        }
    }

    fn read_one(&self, name: &str, value: Option<&str>, reader: &mut SettingReader) -> Result<(), String> {
        let (key, is_file) = match (key_of(name), name.strip_suffix(FILE_SUFFIX).and_then(key_of)) {
            (Some(key), _) => (key, false),
            (None, Some(key)) => (key, true),
            (None, None) => {
                return Err(format!("unknown variable; did you mean `{}`?", nearest_variable(name)));
            }
        };
        let value = value.ok_or("the value is not UTF-8")?;
        if value.is_empty() {
            return Err("the value is empty: remove the variable, or set it".to_owned());
        }
        let other = variable(key);
        if is_file && self.0.contains_key(&other) {
            return Err(format!("{other} is set, too: set one of them"));
        }
        let origin = SettingOrigin::Variable(name.to_owned());
        if is_file && !matches!(key.kind, ValueKind::File) {
            let text = read_text(Path::new(value)).map_err(|error| format!("{value}: {error}"))?;
            reader.take_text(key, text.trim_end_matches(['\n', '\r']), &origin);
        } else {
            reader.take_text(key, value, &origin);
        }
        Ok(())
    }
}

impl FromIterator<(String, OsString)> for Environment {
    /// The gateway's variables among these.
    fn from_iter<T: IntoIterator<Item = (String, OsString)>>(variables: T) -> Self {
        Self(variables.into_iter().filter(|(name, _)| name.starts_with(OWN)).collect())
    }
}

/// The variable of a key.
pub(in crate::config) fn variable(key: &ConfigKey) -> String {
    format!("{PREFIX}{}", key.name.replace('.', "__").to_ascii_uppercase())
}

fn key_of(name: &str) -> Option<&'static ConfigKey> {
    KEYS.iter().find(|key| variable(key) == name)
}

fn nearest_variable(wrong: &str) -> String {
    let names: Vec<_> = KEYS.iter().map(variable).collect();
    let file = wrong.strip_suffix(FILE_SUFFIX);
    let meant = nearest(file.unwrap_or(wrong), names.iter().map(String::as_str)).unwrap_or_default();
    format!("{meant}{}", file.map_or("", |_| FILE_SUFFIX))
}
