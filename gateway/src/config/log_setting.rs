//! The filter of logs in the configuration.

use serde::Deserialize;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// What is logged, as a filter of `tracing-subscriber`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct LogSetting(String);

/// The error of a text that is not a filter.
#[derive(Debug, thiserror::Error)]
#[error("a filter of logs is a list such as info,scangate_gateway=debug: {0}")]
pub struct LogSettingError(ParseError);

impl LogSetting {
    /// The filter.
    #[must_use]
    pub fn filter(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }

    /// The filter as an operator wrote it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl Default for LogSetting {
    /// Everything of note, and only errors from the CQL driver and the HTTP/2 library. The latter warns of
    /// faults that any peer can repeat.
    fn default() -> Self {
        Self("info,scylla=error,h2=error".to_owned())
    }
}

impl TryFrom<String> for LogSetting {
    type Error = LogSettingError;

    fn try_from(text: String) -> Result<Self, LogSettingError> {
        match EnvFilter::builder().parse(&text) {
            Ok(_) => Ok(Self(text)),
            Err(error) => Err(LogSettingError(error)),
        }
    }
}
