//! Every metric of the gateway, with its kind, labels and help text. `deploy/METRICS.md` lists the same for
//! operators; a test compares the two with the names in the sources. No label holds a person.

use metrics::{describe_counter, describe_gauge, describe_histogram};

/// The kind of a metric, by Prometheus' terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MetricKind {
    Counter,
    Gauge,
    Histogram,
}

/// One metric.
struct Metric {
    name: &'static str,
    kind: MetricKind,
    labels: &'static [&'static str],
    help: &'static str,
}

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Counter, labels, help }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Gauge, labels, help }
}

const fn histogram(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Histogram, labels, help }
}

/// All metrics, in the order of a check-in's path.
const METRICS: [Metric; 46] = [
    gauge("scangate_ready", &[], "1 if `/readyz` says that the gateway accepts check-ins, otherwise 0"),
    counter("scangate_check_ins_total", &["worker"], "Check-ins answered after their fsync"),
    histogram("scangate_check_in_seconds", &["worker"], "Time from a whole request to its answer"),
    counter(
        "scangate_refusals_total",
        &["code", "worker"],
        "Requests refused on the scan path, by problem code",
    ),
    counter(
        "scangate_channel_requests_total",
        &["channel", "outcome"],
        "Requests of a configured channel, by outcome: taken, or shed beyond its quota",
    ),
    gauge("scangate_quic_connections", &["worker"], "Open QUIC connections"),
    counter(
        "scangate_quic_handshakes_total",
        &["result", "worker"],
        "QUIC handshakes by result: completed, failed, refused for want of room, or retried to prove the address",
    ),
    gauge("scangate_tcp_connections", &["worker"], "Open connections over TCP, after their handshake"),
    counter(
        "scangate_tcp_handshakes_total",
        &["result", "worker"],
        "TLS handshakes over TCP by result: completed, failed, or refused for want of room",
    ),
    gauge(
        "scangate_unfinished_bytes",
        &["worker"],
        "Bytes held for requests that did not arrive whole and for answers that were not read",
    ),
    gauge("scangate_unfinished_max_bytes", &[], "The most bytes that all workers may hold for those"),
    gauge(
        "scangate_worker_heartbeat_age_seconds",
        &["worker"],
        "Age of the worker's last sign of life; it leaves one every second",
    ),
    counter(
        "scangate_office_requests_total",
        &["route", "status"],
        "Answers of the back office, by path and status; the route `none` is a path that does not exist",
    ),
    histogram(
        "scangate_office_seconds",
        &["route"],
        "Time of the back office from a request to its answer's head",
    ),
    gauge(
        "scangate_office_places",
        &["kind"],
        "Requests of the back office that are being worked on, by kind of work",
    ),
    counter(
        "scangate_office_refusals_total",
        &["kind"],
        "Requests that the back office refused because no place was free, by kind of work",
    ),
    histogram("scangate_journal_fsync_seconds", &[], "Time of a group's fsync"),
    histogram("scangate_journal_group_records", &[], "Check-ins that one fsync made durable"),
    gauge("scangate_journal_room", &[], "Check-ins for which the journal still has space"),
    gauge(
        "scangate_journal_room_seconds",
        &[],
        "Time until the journal is full at the present rate of check-ins, if nothing is drained",
    ),
    gauge("scangate_backlog", &[], "Check-ins in the journal that the trail store does not have yet"),
    gauge(
        "scangate_backlog_seconds",
        &[],
        "Time since the trail store had every check-in of the journal; 0 without a backlog",
    ),
    counter("scangate_drained_total", &[], "Check-ins drained to the trail store"),
    counter("scangate_drain_failures_total", &[], "Drains that the trail store did not accept"),
    gauge("scangate_store_up", &[], "1 if the registry answered the last request, otherwise 0"),
    gauge(
        "scangate_store_copies",
        &["kind"],
        "Copies of each row on the cluster: wished by the configuration, and actual",
    ),
    gauge("scangate_residents", &[], "Residents in the colour table"),
    gauge("scangate_residents_by_colour", &["colour"], "Residents in the colour table, by colour"),
    counter(
        "scangate_colour_turns_total",
        &["colour"],
        "People who turned to this colour from another one; a first colour does not count",
    ),
    gauge("scangate_venues", &[], "Venues in memory"),
    gauge(
        "scangate_colours_loaded",
        &[],
        "1 once every colour is in memory; until then answers may be unknown",
    ),
    gauge(
        "scangate_colours_age_seconds",
        &[],
        "Age of the colours: no change that another gateway made before that is missing; on a cluster only",
    ),
    gauge(
        "scangate_snapshot_age_seconds",
        &[],
        "Age of the colours with which a start while the cluster is away would begin; on a cluster only",
    ),
    counter(
        "scangate_tokens_refused_total",
        &["reason"],
        "Bearer tokens refused, by reason: forged, expired, revoked, or role for one of another role",
    ),
    gauge(
        "scangate_certificate_expiry_seconds",
        &[],
        "Time at which the certificate in use expires, in seconds since 1970",
    ),
    gauge(
        "scangate_last_backup_timestamp_seconds",
        &[],
        "Time of the last complete backup, or of the deployment's first start before it, in seconds since 1970",
    ),
    gauge("scangate_policy_info", &["label", "number"], "Always 1; the labels are the rule pack in force"),
    counter(
        "scangate_budget_refusals_total",
        &[],
        "Requests of staff refused because their budget of the day is spent",
    ),
    gauge("scangate_overdue", &["duty"], "Duties with a deadline that are overdue"),
    gauge("scangate_reviews_waiting", &[], "Applications that wait for the authority's review"),
    gauge("scangate_extensions_waiting", &[], "Extensions of cases that wait for another tracer's approval"),
    gauge("scangate_held_waiting", &["kind"], "Lists that wait for a second approver, by kind"),
    counter("scangate_held_total", &["kind"], "Lists held for a second approver"),
    gauge(
        "scangate_feed_divergence",
        &["source"],
        "People to whom the last feed of a source gave another colour than this city does",
    ),
    counter(
        "scangate_party_faults_total",
        &["party", "fault"],
        "Registrations that failed because an external provider did not answer",
    ),
    gauge("scangate_build_info", &["version"], "Always 1; the label is the version of the gateway"),
];

/// The metrics of `/public_metrics`. Their names, labels and meanings stay the same from version to version.
pub(super) const PUBLIC: [&str; 14] = [
    "scangate_build_info",
    "scangate_ready",
    "scangate_check_ins_total",
    "scangate_check_in_seconds",
    "scangate_refusals_total",
    "scangate_quic_connections",
    "scangate_tcp_connections",
    "scangate_journal_fsync_seconds",
    "scangate_journal_room_seconds",
    "scangate_backlog",
    "scangate_backlog_seconds",
    "scangate_store_up",
    "scangate_certificate_expiry_seconds",
    "process_start_time_seconds",
];

/// The help text of a metric.
pub(super) fn help(name: &str) -> &'static str {
    METRICS.iter().find(|metric| metric.name == name).map_or("", |metric| metric.help)
}

/// Registers every help text with the recorder.
pub(super) fn describe() {
    for Metric { name, kind, labels, help } in METRICS {
        match kind {
            MetricKind::Counter => {
                describe_counter!(name, help);
                // An alert sees a counter rise only from a value that was scraped, so it begins at 0.
                if labels.is_empty() {
                    metrics::counter!(name).increment(0);
                }
            }
            MetricKind::Gauge => describe_gauge!(name, help),
            MetricKind::Histogram => describe_histogram!(name, help),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::sources::product_sources;
    use std::collections::BTreeSet;
    use std::{fs, iter};

    /// The metric names in quotes in a text.
    fn names(text: &str) -> impl Iterator<Item = &str> {
        let is_part = |letter: char| letter.is_ascii_lowercase() || letter == '_';
        let quoted = text.split('"').skip(1).step_by(2);
        quoted.filter(move |word| word.starts_with("scangate_") && word.chars().all(is_part))
    }

    #[test]
    fn every_metric_in_the_sources_is_listed_and_every_listed_one_is_in_the_sources() {
        let mut used = BTreeSet::new();
        for path in product_sources() {
            if !path.ends_with("ops/metrics.rs") {
                used.extend(names(&fs::read_to_string(path).unwrap()).map(str::to_owned));
            }
        }
        let listed: BTreeSet<_> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
        assert_eq!(used, listed);
    }

    #[test]
    fn the_operators_document_names_the_stable_metrics() {
        let document = include_str!("../../../deploy/METRICS.md");
        let (_, list) = document.split_once("## Stable metrics").unwrap();
        let named: Vec<_> =
            list.lines().filter_map(|line| line.strip_prefix("- `")?.strip_suffix('`')).collect();
        assert_eq!(named, PUBLIC);
        let process = |name: &str| name.starts_with("process_");
        assert!(PUBLIC.iter().all(|name| process(name) || !help(name).is_empty()));
    }

    #[test]
    fn the_operators_list_has_each_metric_with_kind_labels_and_help() {
        let rows = METRICS.iter().map(|Metric { name, kind, labels, help }| {
            let kind = format!("{kind:?}").to_lowercase();
            let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
            format!("| `{name}` | {kind} | {} | {help} |", labels.join(", "))
        });
        let expected: Vec<_> = iter::once("| name | kind | labels | meaning |".to_owned())
            .chain(["|---|---|---|---|".to_owned()])
            .chain(rows)
            .collect();
        let document = include_str!("../../../deploy/METRICS.md");
        let table: Vec<_> = document.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(table, expected, "copy this into deploy/METRICS.md:\n{}\n", expected.join("\n"));
    }
}
