//! Logs and metrics. Logs go to standard error, as text or JSON lines; metrics are rendered for the admin
//! listener. Neither contains personal data.

use super::metrics;
use crate::serve::LATENCY_BOUNDS_US;
use ::metrics::gauge;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use tracing_subscriber::EnvFilter;

/// The default of `SCANGATE_LOG`; from the CQL driver only errors.
const FILTER: &str = "info,scylla=error";

/// Starts logging. `SCANGATE_LOG` sets the filter; `SCANGATE_LOG_FORMAT=json` selects JSON lines.
#[expect(clippy::disallowed_methods, reason = "logging starts before the configuration is read")]
pub fn start_logs() {
    let filter = EnvFilter::try_from_env("SCANGATE_LOG").unwrap_or_else(|_| EnvFilter::new(FILTER));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::env::var("SCANGATE_LOG_FORMAT").is_ok_and(|format| format == "json") {
        logs.json().init();
    } else {
        logs.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init();
    }
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
