//! Logs and metrics. Logs go to standard error, as text or JSON lines; metrics are rendered for the admin
//! listener. Neither contains personal data.

use super::metrics;
use crate::config::LogSetting;
use crate::serve::LATENCY_BOUNDS_US;
use ::metrics::gauge;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use std::io::{IsTerminal as _, stderr};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

/// The filter of the running process's logs.
pub struct LogFilter(reload::Handle<EnvFilter, Registry>);

impl LogFilter {
    /// Replaces the filter.
    pub fn set(&self, setting: &LogSetting) {
        // It fails only where logging has ended.
        let _ = self.0.reload(setting.filter());
    }
}

/// Starts logging. `SCANGATE_LOG` wins over the configured filter; `SCANGATE_LOG_FORMAT=json` selects JSON
/// lines.
#[expect(clippy::disallowed_methods, reason = "a command without a configuration can be debugged, too")]
pub fn start_logs(setting: &LogSetting) -> LogFilter {
    let filter = EnvFilter::try_from_env("SCANGATE_LOG").unwrap_or_else(|_| setting.filter());
    let (filter, handle) = reload::Layer::new(filter);
    let logs = tracing_subscriber::registry().with(filter);
    let lines = fmt::layer().with_writer(stderr);
    if std::env::var("SCANGATE_LOG_FORMAT").is_ok_and(|format| format == "json") {
        logs.with(lines.json()).init();
    } else {
        logs.with(lines.with_ansi(stderr().is_terminal())).init();
    }
    LogFilter(handle)
}

/// Installs the metrics.
pub fn start_metrics() -> Result<PrometheusHandle, BuildError> {
    #[expect(clippy::cast_precision_loss, reason = "the bounds are small")]
    let bounds = LATENCY_BOUNDS_US.map(|us| us as f64 / 1e6);
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &bounds)?
        .install_recorder()?;
    metrics::describe();
    Collector::default().describe();
    gauge!("scangate_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}
