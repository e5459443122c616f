//! Logs and metrics. Logs go to standard error, as text or JSON lines; metrics are rendered for the admin
//! listener. Neither is given a person.

use crate::serve::LATENCY_BOUNDS_US;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// What is logged unless `SCANGATE_LOG` says otherwise: of the driver only what is wrong.
const FILTER: &str = "info,scylla=error";

/// Starts logging; `SCANGATE_LOG` filters it, `SCANGATE_LOG_FORMAT=json` makes lines of JSON.
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
    describe();
    Ok(handle)
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!("scangate_check_ins_total", "Check-ins answered, by worker");
    describe_counter!("scangate_refusals_total", "Requests refused, by problem code and worker");
    describe_histogram!("scangate_check_in_seconds", "From a whole request to its answer");
    describe_gauge!("scangate_quic_connections", "QUIC connections, by worker");
    describe_counter!("scangate_drained_total", "Check-ins drained to the trail store");
    describe_gauge!("scangate_backlog", "Check-ins in the journal that the trail store does not have yet");
    describe_counter!("scangate_drain_failures_total", "Drains that the trail store did not take");
    describe_gauge!("scangate_journal_room", "Check-ins that the journal still has room for");
    describe_gauge!(
        "scangate_journal_room_seconds",
        "How long the journal's room lasts at the present rate while nothing is drained"
    );
    describe_gauge!("scangate_store_up", "Whether the registry answered last: 1 or 0");
    describe_gauge!(
        "scangate_colours_age_seconds",
        "How long ago the last change at another gateway could have been missed; in a city only"
    );
    describe_gauge!(
        "scangate_snapshot_age_seconds",
        "How old the colours are that a start while the cluster is away would begin with; in a city only"
    );
    describe_gauge!(
        "scangate_feed_divergence",
        "Persons to whom the last feed of a source gave another colour than this city"
    );
    describe_counter!("scangate_held_total", "Lists held for a second approver, by kind");
    describe_counter!(
        "scangate_party_faults_total",
        "Registrations that an outside party did not answer, by party and fault"
    );
    describe_gauge!("scangate_residents", "Residents in the colour table");
}
