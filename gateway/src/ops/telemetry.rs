//! Logs and metrics. Logs go to standard error: text on a terminal, elsewhere a JSON object a line. Metrics
//! are rendered for the admin listener. Neither contains personal data.

use super::metrics;
use crate::config::LogSetting;
use crate::serve::LATENCY_BOUNDS_US;
use ::metrics::gauge;
use anyhow::{Context as _, bail};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use std::env::{self, VarError};
use std::io::{IsTerminal as _, stderr};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

/// Upper bounds of the histogram of the journal's groups, in check-ins.
const GROUP_BOUNDS: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 512.0, 2_048.0, 16_384.0];

/// The filter of the running process's logs.
pub struct LogFilter(reload::Handle<EnvFilter, Registry>);

impl LogFilter {
    /// Replaces the filter.
    pub fn set(&self, setting: &LogSetting) {
        // It fails only where logging has ended.
        let _ = self.0.reload(setting.filter());
    }
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LogFormat {
    /// A JSON object.
    Json,
    /// Text, with colours or without.
    Text { is_coloured: bool },
}

impl LogFormat {
    /// The form that the variables ask for. Text is for terminals, and it is coloured there unless `NO_COLOR`
    /// is set and not empty. **Errors**: `SCANGATE_LOG_FORMAT` is neither `json` nor `text`.
    fn of(wished: Option<&str>, no_color: Option<&str>, is_terminal: bool) -> anyhow::Result<Self> {
        let is_coloured = is_terminal && no_color.is_none_or(str::is_empty);
        match wished {
            Some("json") => Ok(Self::Json),
            Some("text") => Ok(Self::Text { is_coloured }),
            None | Some("") if is_terminal => Ok(Self::Text { is_coloured }),
            None | Some("") => Ok(Self::Json),
            Some(other) => bail!("SCANGATE_LOG_FORMAT is `{other}`: set it to json or to text"),
        }
    }
}

/// Starts logging. `SCANGATE_LOG` wins over the configured filter. **Errors**: a variable of the environment
/// has a value that means nothing.
pub fn start_logs(setting: &LogSetting) -> anyhow::Result<LogFilter> {
    let setting = match variable("SCANGATE_LOG")? {
        Some(text) => LogSetting::try_from(text).context("SCANGATE_LOG")?,
        None => setting.clone(),
    };
    let (wished, no_color) = (variable("SCANGATE_LOG_FORMAT")?, variable("NO_COLOR")?);
    let format = LogFormat::of(wished.as_deref(), no_color.as_deref(), stderr().is_terminal())?;
    let (filter, handle) = reload::Layer::new(setting.filter());
    let logs = tracing_subscriber::registry().with(filter);
    let lines = fmt::layer().with_writer(stderr);
    match format {
        LogFormat::Json => logs.with(lines.json().flatten_event(true).with_span_list(false)).init(),
        LogFormat::Text { is_coloured } => logs.with(lines.with_ansi(is_coloured)).init(),
    }
    Ok(LogFilter(handle))
}

#[expect(clippy::disallowed_methods, reason = "a command without a configuration can be debugged, too")]
fn variable(name: &str) -> anyhow::Result<Option<String>> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => bail!("{name} is not UTF-8"),
    }
}

/// Installs the metrics.
pub fn start_metrics() -> Result<PrometheusHandle, BuildError> {
    #[expect(clippy::cast_precision_loss, reason = "the bounds are small")]
    let bounds = LATENCY_BOUNDS_US.map(|us| us as f64 / 1e6);
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &bounds)?
        .set_buckets_for_metric(Matcher::Full("scangate_journal_group_records".into()), &GROUP_BOUNDS)?
        .install_recorder()?;
    metrics::describe();
    Collector::default().describe();
    gauge!("scangate_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_json_unless_a_terminal_or_the_variable_says_otherwise() {
        let of = |wished, no_color, is_terminal| LogFormat::of(wished, no_color, is_terminal).unwrap();
        let text = |is_coloured| LogFormat::Text { is_coloured };
        assert_eq!(of(None, None, false), LogFormat::Json);
        assert_eq!(of(None, None, true), text(true));
        assert_eq!(of(None, Some("1"), true), text(false));
        assert_eq!(of(None, Some(""), true), text(true));
        assert_eq!(of(Some("text"), None, false), text(false));
        assert_eq!(of(Some("json"), None, true), LogFormat::Json);
        let error = LogFormat::of(Some("logfmt"), None, false).unwrap_err().to_string();
        assert_eq!(error, "SCANGATE_LOG_FORMAT is `logfmt`: set it to json or to text");
    }
}
