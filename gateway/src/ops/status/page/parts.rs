//! The parts of the operations page, each a heading with its figures.

use crate::office::poster::escape;
use crate::ops::status::report::{StatusReport, WaitingFigures};
use crate::ops::status::sparkline::{figure, sparkline};
use crate::ops::status::state::{ServiceFault, time_left};
use scangate_core::colour::Colour;
use scangate_core::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// A value that is not known.
const UNKNOWN: &str = "not known";

fn number(value: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a figure to read")]
    let value = value as f64;
    figure(value)
}

fn milliseconds(value: Option<f64>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| format!("{} ms", figure(value)))
}

fn time(at: Option<Timestamp>) -> String {
    let Some(at) = at else { return UNKNOWN.to_owned() };
    let text = at.to_string();
    let (date, clock) = text.split_once('T').unwrap_or((&text, ""));
    let clock = clock.split('.').next().unwrap_or_default();
    format!("<time datetime=\"{text}\">{date} {clock} UTC</time>")
}

/// A table under a heading. The first row names the columns, unless it is empty, and the first column the
/// rows.
fn table<const COLUMNS: usize>(
    heading: &str,
    columns: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
) -> String {
    let head = if columns.iter().all(|column| column.is_empty()) {
        String::new()
    } else {
        let cells: String = columns.iter().map(|column| format!("<th scope=\"col\">{column}</th>")).collect();
        format!("<thead><tr>{cells}</tr></thead>\n")
    };
    let row = |cells: [String; COLUMNS]| {
        let [first, rest @ ..] = &cells[..] else { return String::new() };
        let rest: String = rest.iter().map(|cell| format!("<td>{cell}</td>")).collect();
        format!("<tr><th scope=\"row\">{first}</th>{rest}</tr>\n")
    };
    let rows: String = rows.into_iter().map(row).collect();
    format!("<h2>{heading}</h2>\n<table>\n{head}<tbody>\n{rows}</tbody>\n</table>\n")
}

/// A row of a name and a value.
fn row(name: impl Display, value: impl Display) -> [String; 2] {
    [name.to_string(), value.to_string()]
}

/// Where the runbook says what to do, with its line.
fn advice(heading: &str, line: &str) -> String {
    format!("<p>{} <span class=\"soft\">Runbook, “{}”</span></p>\n", escape(line), escape(heading))
}

/// The word, in both languages.
pub(super) fn word(report: &StatusReport) -> String {
    let word = report.state;
    let class = word.text().to_lowercase().replace(' ', "-");
    format!("<p class=\"word {class}\">{} <span lang=\"zh\">{}</span></p>", word.text(), word.chinese())
}

/// The reason for the word, and the further faults.
pub(super) fn reason(report: &StatusReport) -> String {
    let reason = escape(&report.reason);
    let further = report.faults.get(1..).unwrap_or_default();
    let fault = |fault: &ServiceFault| {
        let advice = advice(fault.runbook.heading(), fault.runbook.line());
        format!("<li><p>{}</p>\n{advice}</li>\n", escape(&fault.reason))
    };
    let faults: String = further.iter().map(fault).collect();
    let faults = if faults.is_empty() {
        String::new()
    } else {
        format!("<h2>Also</h2>\n<ul class=\"faults\">\n{faults}</ul>\n")
    };
    let (advice, at) = (advice(report.runbook, report.advice), time(Some(report.at)));
    format!("<p>{reason}</p>\n{advice}{faults}<p class=\"soft\">As of {at}</p>\n")
}

/// Check-ins, their time, and the refusals by code.
pub(super) fn check_ins(report: &StatusReport) -> String {
    let figures = &report.check_ins;
    let per_s = figures.per_s.map_or_else(|| UNKNOWN.to_owned(), figure);
    let rates = table(
        "Check-ins",
        [""; 2],
        [row("A second", per_s), row("p99 of the answers", milliseconds(figures.p99_ms))],
    );
    let (minute, hour) = (&figures.refused_last_minute, &figures.refused_last_hour);
    let codes: BTreeSet<&String> = minute.keys().chain(hour.keys()).collect();
    if codes.is_empty() {
        return rates + "<p>No request was refused in the last hour.</p>\n";
    }
    let count = |of: &BTreeMap<String, u64>, code: &String| number(of.get(code).copied().unwrap_or(0));
    let refused = codes.into_iter().map(|code| [escape(code), count(minute, code), count(hour, code)]);
    rates + &table("Refusals", ["Code", "Last minute", "Last hour"], refused)
}

/// People by colour, and how many turned.
pub(super) fn colours(report: &StatusReport) -> String {
    let figures = &report.colours;
    let of = |numbers: &BTreeMap<&str, u64>, colour: Colour| {
        number(numbers.get(colour.word()).copied().unwrap_or(0))
    };
    let colours = [Colour::Green, Colour::Yellow, Colour::Red, Colour::Unknown];
    let rows = colours.map(|colour| {
        [
            colour.word().to_owned(),
            of(&figures.people, colour),
            of(&figures.turned_last_minute, colour),
            of(&figures.turned_last_hour, colour),
        ]
    });
    let note = if figures.is_loaded { "" } else { "<p>The colours are being loaded.</p>\n" };
    table("Colours", ["Colour", "People", "Turned, minute", "Turned, hour"], rows) + note
}

/// The journal.
pub(super) fn journal(report: &StatusReport) -> String {
    const MIB: u64 = 1024 * 1024;
    let journal = &report.journal;
    let full = match (journal.is_full, journal.full_in_s) {
        (true, _) => "it is full".to_owned(),
        (false, Some(seconds)) => time_left(seconds),
        (false, None) => "no check-ins arrive".to_owned(),
    };
    let used = number(journal.used_bytes.div_ceil(MIB));
    let rows = [
        row("Size", format!("{used} of {} MiB", number(journal.bytes_max / MIB))),
        row("Room", format!("{} check-ins", number(journal.room))),
        row("Full in, without the store", full),
        row("p99 of the fsyncs", milliseconds(journal.fsync_p99_ms)),
        row("Not in the store yet", format!("{} check-ins", number(journal.backlog))),
    ];
    table("Journal", [""; 2], rows)
}

/// The store behind the journal.
pub(super) fn store(report: &StatusReport) -> String {
    let store = &report.store;
    let kind = if store.is_shared { "CQL cluster" } else { "embedded" };
    let registry = if store.is_registry_up { "answers" } else { "does not answer" };
    let trails = if store.are_drains_accepted { "accepts check-ins" } else { "does not accept check-ins" };
    let rows = [
        row("Kind", kind),
        row("Registry", registry),
        row("Trail store", trails),
        row("Behind by", format!("{} s", figure(store.behind_s))),
        row("Trails complete through", time(store.complete_through)),
    ];
    table("Store", [""; 2], rows)
}

/// The certificate, and the rule pack in force.
pub(super) fn certificate_and_pack(report: &StatusReport) -> String {
    let (certificate, policy) = (&report.certificate, &report.policy);
    let rows = [
        row("Certificate ends in", format!("{} days", number(certificate.days_left))),
        row("Certificate ends", time(Some(certificate.expires))),
        row("Pack in force", format!("{} (number {})", escape(&policy.label), policy.number)),
        row("In force since", time(Some(policy.since))),
    ];
    table("Certificate and rule pack", [""; 2], rows)
}

/// The places of each kind of work.
pub(super) fn office(report: &StatusReport) -> String {
    let rows = report.office.iter().map(|kind| {
        [
            kind.kind.to_owned(),
            format!("{} of {}", kind.places_used, kind.places_max),
            number(kind.refused_last_minute),
            number(kind.refused_last_hour),
        ]
    });
    table("Back office", ["Kind", "Places", "Refused, minute", "Refused, hour"], rows)
}

/// What waits for an approval or is overdue.
pub(super) fn waiting(waiting: Option<&WaitingFigures>) -> String {
    let Some(waiting) = waiting else {
        return "<h2>Waiting</h2>\n<p>Not known: the registry was not read yet.</p>\n".to_owned();
    };
    let WaitingFigures { known_at, is_current, held, reviews, extensions, overdue } = waiting;
    let name = |kind: &str| match kind {
        "facts" => "Lists of facts",
        "policy" => "Rule packs",
        "feed" => "Feeds",
        _ => "Lists of areas",
    };
    let held = held.iter().map(|(kind, count)| row(name(kind), count));
    let others = [row("Applications for a review", reviews), row("Extensions of cases", extensions)];
    let duties = overdue.iter().map(|(duty, count)| row(duty, count));
    table("Waiting for approval", [""; 2], held.chain(others))
        + &table("Overdue duties", [""; 2], duties)
        + &freshness(*is_current, Some(*known_at))
}

/// Says since when values of the registry are not known.
fn freshness(is_current: bool, known_at: Option<Timestamp>) -> String {
    if is_current { String::new() } else { format!("<p>Not known since {}.</p>\n", time(known_at)) }
}

/// The gateways of the city.
pub(super) fn gateways(report: &StatusReport) -> String {
    let rows = report.gateways.list.iter().map(|gateway| {
        let own = if gateway.is_self { " (this one)" } else { "" };
        let behind =
            gateway.behind_s.map_or_else(|| UNKNOWN.to_owned(), |behind_s| format!("{} s", figure(behind_s)));
        [format!("{}{own}", escape(&gateway.gateway)), time(gateway.complete_through), behind]
    });
    table("Gateways", ["Number", "Trails complete through", "Behind by"], rows)
        + &freshness(report.gateways.is_current, report.gateways.known_at)
}

/// The last hour as lines.
pub(super) fn hour(report: &StatusReport) -> String {
    let hour = &report.hour;
    let known = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
    #[expect(clippy::cast_precision_loss, reason = "a figure to read")]
    let refused: Vec<_> = hour.refused.iter().map(|&refused| Some(refused as f64)).collect();
    let lines = [
        sparkline("Check-ins a second", "", &known(&hour.check_ins_per_s)),
        sparkline("p99 of the answers", " ms", &hour.p99_ms),
        sparkline("Refused requests, each 10 s", "", &refused),
        sparkline("Store behind by", " s", &known(&hour.behind_s)),
    ];
    format!("<h2>The last hour</h2>\n{}", lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_values_of_the_registry_have_their_time_and_missing_ones_say_so() {
        assert!(waiting(None).contains("Not known: the registry was not read yet."));
        let mut known = WaitingFigures {
            known_at: Timestamp(1_000),
            is_current: true,
            held: BTreeMap::from([("policy", 2)]),
            reviews: 1_234,
            extensions: 5,
            overdue: BTreeMap::from([("appeal", 3)]),
        };
        let shown = waiting(Some(&known));
        assert!(shown.contains("<th scope=\"row\">Rule packs</th><td>2</td>"), "{shown}");
        assert!(shown.contains("<th scope=\"row\">Extensions of cases</th><td>5</td>"), "{shown}");
        assert!(!shown.contains("Not known"), "{shown}");
        known.is_current = false;
        let shown = waiting(Some(&known));
        let since =
            "Not known since <time datetime=\"1970-01-01T00:00:01.000Z\">1970-01-01 00:00:01 UTC</time>.";
        assert!(shown.contains(since) && shown.contains("Rule packs"), "{shown}");
    }
}
