//! The text of `/metrics` and `/public_metrics`. What only has a value at the time of a scrape is read here.

use super::Admin;
use super::readiness::is_ready;
use crate::clock;
use crate::ops::metrics::{PUBLIC, help};
use http::HeaderName;
use http::header::CONTENT_TYPE;
use metrics::{counter, gauge};
use metrics_process::Collector;
use std::fmt::Write as _;
use std::time::Duration;

/// The headers of Prometheus' text format.
pub(super) const HEADERS: [(HeaderName, &str); 1] =
    [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];

/// Every metric.
pub(super) fn all(admin: &Admin) -> String {
    set_gauges(admin);
    set_colours(admin);
    Collector::default().collect();
    admin.metrics.run_upkeep();
    let mut text = with_cpu_as_counter(&admin.metrics.render());
    add_policy(&mut text, admin);
    text
}

/// The metrics whose names, labels and meanings stay the same from version to version.
pub(super) fn public(admin: &Admin) -> String {
    only(&all(admin), &PUBLIC)
}

#[expect(clippy::cast_precision_loss, reason = "gauges")]
fn set_gauges(admin: &Admin) {
    let tables = &admin.office.tables;
    gauge!("scangate_ready").set(f64::from(u8::from(is_ready(&super::checks(admin)))));
    gauge!("scangate_residents").set(tables.colours.len() as f64);
    gauge!("scangate_venues").set(tables.venues.len() as f64);
    gauge!("scangate_journal_room").set(admin.journal.space_left() as f64);
    let expires_s = admin.identity.load().leaf_expires().0 / 1_000;
    gauge!("scangate_certificate_expiry_seconds").set(expires_s as f64);
    for (worker, age) in admin.heartbeats.ages().enumerate() {
        gauge!("scangate_worker_heartbeat_age_seconds", "worker" => worker.to_string())
            .set(age.as_secs_f64());
    }
}

#[expect(clippy::cast_precision_loss, reason = "gauges")]
fn set_colours(admin: &Admin) {
    let colours = &admin.office.tables.colours;
    for (colour, people) in colours.people().iter() {
        gauge!("scangate_residents_by_colour", "colour" => colour.word()).set(people as f64);
    }
    for (colour, turns) in colours.turns().iter() {
        counter!("scangate_colour_turns_total", "colour" => colour.word()).absolute(turns);
    }
    let times = [
        ("scangate_colours_age_seconds", colours.followed()),
        ("scangate_snapshot_age_seconds", colours.snapshot()),
    ];
    for (name, through) in times {
        if let Some(through) = through {
            let age = Duration::from_millis(clock::now().since_ms(through));
            gauge!(name).set(age.as_secs_f64());
        }
    }
    gauge!("scangate_colours_loaded").set(f64::from(u8::from(colours.is_loaded())));
}

/// Adds the rule pack in force. The recorder would keep the series of earlier packs for ever.
fn add_policy(text: &mut String, admin: &Admin) {
    let (name, in_force) = ("scangate_policy_info", admin.office.tables.policies.in_force());
    let (label, number) = (in_force.policy.label(), in_force.number.0);
    let help = help(name);
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
    let _ = writeln!(text, "{name}{{label={label:?},number=\"{number}\"}} 1");
}

/// Declares the CPU time as a counter. The library's counters hold whole numbers, so the process's collector
/// writes the hundredths of a second to a gauge.
fn with_cpu_as_counter(text: &str) -> String {
    text.replacen("# TYPE process_cpu_seconds_total gauge", "# TYPE process_cpu_seconds_total counter", 1)
}

/// The lines of a text that belong to these metrics.
fn only(text: &str, names: &[&str]) -> String {
    let is_of = |line: &str| names.contains(&name_of(line));
    text.lines().filter(|line| is_of(line)).flat_map(|line| [line, "\n"]).collect()
}

/// The metric to which a line belongs: a comment, or a series, perhaps one of a histogram's.
fn name_of(line: &str) -> &str {
    let series = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE ")).unwrap_or(line);
    let name = series.split(['{', ' ']).next().unwrap_or_default();
    let parts = ["_bucket", "_sum", "_count"];
    parts.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_has_all_lines_of_its_metrics_and_no_other() {
        let text = "# HELP a_seconds Time\n# TYPE a_seconds histogram\na_seconds_bucket{le=\"1\"} 2\n\
            a_seconds_sum 1.5\na_seconds_count 2\n\n# TYPE a_seconds_total counter\na_seconds_total 1\nb 1\n";
        let expected = "# HELP a_seconds Time\n# TYPE a_seconds histogram\na_seconds_bucket{le=\"1\"} 2\n\
            a_seconds_sum 1.5\na_seconds_count 2\nb 1\n";
        assert_eq!(only(text, &["a_seconds", "b"]), expected);
    }
}
