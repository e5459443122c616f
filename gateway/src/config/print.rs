//! The configuration in force as TOML, each value with a comment that names its origin. It is a valid
//! configuration file. It holds paths of secret files, and no secret.

use super::catalogue::{ConfigKey, KEYS, default_of};
use super::fault::SettingOrigin;
use super::source::{ConfigSources, EffectiveConfig};
use std::fmt::Write as _;
use toml::Value;

/// The variables of the environment that are shown with their values. Any other variable is hidden.
const SHOWN_VARIABLES: [&str; 4] =
    ["SCANGATE_LOG", "SCANGATE_LOG_FORMAT", "SCANGATE_CQL_USER_FILE", "SCANGATE_CQL_PASSWORD_FILE"];
/// The variables with secrets. They are named without their values.
const HIDDEN_VARIABLES: [&str; 2] = ["SCANGATE_CQL_USER", "SCANGATE_CQL_PASSWORD"];

impl EffectiveConfig {
    /// The configuration as TOML. The sources are those that it was read from.
    #[must_use]
    pub fn printed(&self, sources: &ConfigSources) -> String {
        let mut text = format!(
            "# The configuration in force, as Scangate {} prints it. A comment names the origin of each value.\n",
            env!("CARGO_PKG_VERSION")
        );
        for (name, value) in sources.environment.others() {
            if SHOWN_VARIABLES.contains(&name) {
                push(&mut text, format_args!("# {name} = {}", Value::String(value)));
            } else if HIDDEN_VARIABLES.contains(&name) {
                push(&mut text, format_args!("# {name} = <hidden>"));
            }
        }
        let mut table = "";
        for key in &KEYS {
            let (own_table, own) = key.parts();
            if own_table != table {
                push(&mut text, format_args!("\n[{own_table}]"));
                table = own_table;
            }
            self.print_key(key, own, &mut text);
        }
        text
    }

    fn print_key(&self, key: &ConfigKey, own: &str, text: &mut String) {
        let set = self.settings.get(key.name).map(|setting| &setting.value);
        match set.cloned().or_else(|| default_of(key.name)) {
            None => push(text, format_args!("# {own} is not set")),
            Some(value) => {
                let (value, remark) = without_query(key.name, value);
                let origin = origin(&self.origin(key.name));
                push(text, format_args!("{own} = {value} # {origin}{remark}"));
            }
        }
    }
}

/// An origin as a comment names it.
fn origin(origin: &SettingOrigin) -> String {
    match origin {
        SettingOrigin::Default => "default".to_owned(),
        SettingOrigin::File { path, line, .. } => format!("{}:{line}", path.display()),
        SettingOrigin::Variable(name) => format!("{name} of the environment"),
        SettingOrigin::CommandLine(option) => format!("{option} of the command line"),
    }
}

/// A webhook's URL without its query, in which some providers expect a key.
fn without_query(name: &str, value: Value) -> (Value, &'static str) {
    match value {
        Value::String(text) if name.ends_with("_webhook") => match text.split_once('?') {
            Some((address, _)) => (format!("{address}?hidden").into(), ", its query hidden"),
            None => (Value::String(text), ""),
        },
        Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Array(_)
        | Value::Table(_) => (value, ""),
    }
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a text takes every line");
}
