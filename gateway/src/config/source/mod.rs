//! The sources of a configuration, one over the other: the defaults, the file, the environment, the command
//! line. Each value is checked where it is read, so that an error names its place.

mod environment;
mod file;

pub use environment::Environment;
#[cfg(test)]
pub(super) use environment::variable;

use super::catalogue::{ConfigKey, find, plain};
use super::fault::{ConfigError, ConfigFault, SettingOrigin};
use super::{Config, read_text, rules};
use serde::Deserialize as _;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::DeValue;

/// A setting that an option of the command line gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionSetting {
    /// The key, such as `journal.segment_mib`.
    pub key: &'static str,
    /// The option, such as `--listen`.
    pub option: &'static str,
    /// The value, as a variable of the environment would have it.
    pub value: String,
}

/// Where a configuration is read from. Later sources win: file, environment, command line.
#[derive(Debug, Clone, Default)]
pub struct ConfigSources {
    /// The file, if there is one.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: Environment,
    /// The options of the command line.
    pub options: Vec<OptionSetting>,
}

/// A value in force, with its origin.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Setting {
    pub(super) value: toml::Value,
    pub(super) origin: SettingOrigin,
    /// The origins of values inside a list or table, by their path: `[1].name`.
    inner: BTreeMap<String, SettingOrigin>,
}

/// A configuration together with the origin of each value.
#[derive(Debug, Clone)]
pub struct EffectiveConfig {
    /// The configuration.
    pub config: Config,
    /// The settings that are not defaults, by key.
    pub(super) settings: BTreeMap<&'static str, Setting>,
}

impl ConfigSources {
    /// A file, or none, under the environment of this process.
    #[must_use]
    pub fn of_process(file: Option<PathBuf>) -> Self {
        Self { file, environment: Environment::of_process(), options: Vec::new() }
    }

    /// The same sources with an option of the command line over them, if it is given.
    #[must_use]
    pub fn with(mut self, option: &'static str, key: &'static str, value: Option<impl ToString>) -> Self {
        self.options.extend(value.map(|value| OptionSetting { key, option, value: value.to_string() }));
        self
    }

    /// Reads and checks all sources. **Errors**: every fault that was found, of all sources.
    pub fn read(&self) -> Result<EffectiveConfig, ConfigError> {
        let text = match &self.file {
            Some(path) => Some(
                read_text(path).map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?,
            ),
            None => None,
        };
        let file = self.file.as_deref().zip(text.as_deref());
        assemble(file, &self.environment, &self.options)
    }
}

/// Puts the sources over each other. The file is its path with its text.
pub(super) fn assemble(
    file: Option<(&Path, &str)>,
    environment: &Environment,
    options: &[OptionSetting],
) -> Result<EffectiveConfig, ConfigError> {
    let mut reader = SettingReader::default();
    if let Some((path, text)) = file {
        file::read(path, text, &mut reader);
    }
    environment.read(&mut reader);
    for OptionSetting { key, option, value } in options {
        let key = find(key).expect("options name keys of the catalogue");
        reader.take_text(key, value, &SettingOrigin::CommandLine(option));
    }
    reader.finish()
}

/// Collects checked settings, and the faults of the others.
#[derive(Default)]
struct SettingReader {
    settings: BTreeMap<&'static str, Setting>,
    faults: Vec<ConfigFault>,
    /// The keys with a wrong value, about which no rule can decide.
    faulty: BTreeSet<&'static str>,
}

impl SettingReader {
    /// Takes a value of a source, in which `locate` finds places.
    fn take(
        &mut self,
        key: &'static ConfigKey,
        value: &Spanned<DeValue<'_>>,
        locate: &dyn Fn(Range<usize>) -> SettingOrigin,
    ) {
        let faults = key.kind.check(key.name, value);
        if faults.is_empty() {
            let mut inner = BTreeMap::new();
            locate_inner(value.as_ref(), "", locate, &mut inner);
            let setting = Setting { value: plain(value.as_ref()), origin: locate(value.span()), inner };
            self.settings.insert(key.name, setting);
        } else {
            self.faulty.insert(key.name);
            let placed = faults
                .into_iter()
                .map(|fault| ConfigFault { origin: locate(fault.place), message: fault.message });
            self.faults.extend(placed);
        }
    }

    /// Takes a value that is written without quotes if it is a text, and as TOML otherwise.
    fn take_text(&mut self, key: &'static ConfigKey, text: &str, origin: &SettingOrigin) {
        let as_text = || Spanned::new(0..text.len(), DeValue::String(Cow::Borrowed(text)));
        let value = if key.kind.is_plain_text() {
            as_text()
        } else {
            DeValue::parse(text.trim()).unwrap_or_else(|_| as_text())
        };
        self.take(key, &value, &|_| origin.clone());
    }

    /// The configuration of all settings. **Errors**: the faults so far, and those of settings that do not go
    /// together.
    fn finish(self) -> Result<EffectiveConfig, ConfigError> {
        let Self { settings, mut faults, faulty } = self;
        let mut root = toml::Table::new();
        for (name, Setting { value, .. }) in &settings {
            match name.split_once('.') {
                None => root.insert((*name).to_owned(), value.clone()),
                Some((table, own)) => {
                    let table = root.entry(table).or_insert_with(|| toml::Table::new().into());
                    table.as_table_mut().and_then(|table| table.insert(own.to_owned(), value.clone()))
                }
            };
        }
        let config = Config::deserialize(toml::Value::Table(root)).expect("the catalogue checked each value");
        let decided = rules::broken(&config)
            .into_iter()
            .filter(|broken| !broken.keys.iter().any(|key| faulty.contains(key)));
        faults.extend(decided.map(|broken| broken.placed(&settings)));
        if faults.is_empty() {
            Ok(EffectiveConfig { config, settings })
        } else {
            Err(ConfigError::Wrong(faults))
        }
    }
}

impl EffectiveConfig {
    /// The place where a key got its value.
    #[must_use]
    pub fn origin(&self, key: &str) -> SettingOrigin {
        self.settings.get(key).map_or(SettingOrigin::Default, |setting| setting.origin.clone())
    }
}

impl Setting {
    /// The origin of a value inside of this one, or of the whole.
    pub(super) fn inner_origin(&self, path: &str) -> SettingOrigin {
        self.inner.get(path).unwrap_or(&self.origin).clone()
    }
}

/// Notes the origin of each value inside a list or table.
fn locate_inner(
    value: &DeValue<'_>,
    path: &str,
    locate: &dyn Fn(Range<usize>) -> SettingOrigin,
    origins: &mut BTreeMap<String, SettingOrigin>,
) {
    let mut note = |path: String, value: &Spanned<DeValue<'_>>| {
        locate_inner(value.as_ref(), &path, locate, origins);
        origins.insert(path, locate(value.span()));
    };
    if let Some(items) = value.as_array() {
        items.iter().enumerate().for_each(|(at, item)| note(format!("{path}[{at}]"), item));
    } else if let Some(table) = value.as_table() {
        table.iter().for_each(|(key, item)| note(format!("{path}.{}", key.as_ref()), item));
    }
}
