//! The faults of a configuration, each with the place where an operator set the value.

use std::fmt;
use std::path::PathBuf;

/// The place where a setting got its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingOrigin {
    /// The gateway: no source sets the key.
    Default,
    /// A line of the configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A variable of the environment.
    Variable(String),
    /// An option of the command line, such as `--listen`.
    CommandLine(&'static str),
}

impl fmt::Display for SettingOrigin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File { path, line, column } => write!(out, "{}:{line}:{column}", path.display()),
            Self::Variable(name) => out.write_str(name),
            Self::CommandLine(option) => out.write_str(option),
        }
    }
}

/// One fault of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {message}")]
pub struct ConfigFault {
    /// The place of the wrong key or value.
    pub origin: SettingOrigin,
    /// The fault, in an operator's words.
    pub message: String,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Keys or values are wrong.
    #[error("{}", lines(.0))]
    Wrong(
        /// All faults, those of the file first and in its order.
        Vec<ConfigFault>,
    ),
}

fn lines(faults: &[ConfigFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
