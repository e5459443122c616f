//! The figures of a page as tiles and tables. Each cell is text; the template escapes it.

use crate::report::quantile::QuantileValues;
use crate::report::{QUANTILES, RepeatReport, RunReport};

/// A figure that the page shows large.
pub(super) struct FigureTile {
    /// The name of the figure.
    pub(super) name: &'static str,
    /// The value.
    pub(super) value: String,
    /// The unit.
    pub(super) unit: &'static str,
}

/// A table with a header row and a header column.
pub(super) struct FigureTable {
    /// The caption.
    pub(super) caption: &'static str,
    /// The names of the columns.
    pub(super) columns: Vec<String>,
    /// The rows.
    pub(super) rows: Vec<FigureRow>,
}

/// A row of a table.
pub(super) struct FigureRow {
    /// The name of the row.
    pub(super) name: String,
    /// The cells, of which the table has a column each.
    pub(super) cells: Vec<String>,
}

fn row<const N: usize>(name: impl Into<String>, cells: [String; N]) -> FigureRow {
    FigureRow { name: name.into(), cells: cells.into() }
}

fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A whole number with a space between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push('\u{2009}');
        }
        grouped.push(digit);
    }
    grouped
}

fn latency(values: &QuantileValues, name: &str) -> String {
    values.get(name).map_or_else(|| "–".to_owned(), |ms| format!("{ms:.2}"))
}

#[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "–".to_owned() } else { format!("{:.3}\u{a0}%", part as f64 / whole as f64 * 1e2) }
}

/// The figures that a reader looks for first.
pub(super) fn tiles(report: &RunReport) -> Vec<FigureTile> {
    let outcomes = &report.outcomes;
    let tile = |name, value, unit| FigureTile { name, value, unit };
    vec![
        tile("Acknowledged", format!("{:.0}", report.acknowledged_a_second), "scans/s"),
        tile("Response time, p50", latency(&report.response_ms, "p50"), "ms"),
        tile("Response time, p99", latency(&report.response_ms, "p99"), "ms"),
        tile("Not acknowledged", share(outcomes.errors(), outcomes.planned), ""),
    ]
}

/// The tables of a report's results in their order.
pub(super) fn tables(report: &RunReport) -> Vec<FigureTable> {
    let mut tables = vec![latencies(report), outcomes(report)];
    if !report.levels.is_empty() {
        tables.push(levels(report));
    }
    if report.repeats.len() > 1 {
        tables.push(repeats(report));
    }
    if !report.beside.is_empty() {
        tables.push(beside(report));
    }
    tables.push(resources(report));
    tables
}

/// The load beside the scans: a row for each way in which the requests of a kind ended.
fn beside(report: &RunReport) -> FigureTable {
    let rows = report.beside.iter().flat_map(|kind| {
        let [p50, p99] = ["p50", "p99"].map(|name| latency(&kind.response_ms, name));
        kind.ended.iter().map(move |(how, count)| {
            row(format!("{}: {how}", kind.what), [grouped(*count), p50.clone(), p99.clone()])
        })
    });
    let names = ["", "requests or connections", "p50 of all, ms", "p99 of all, ms"];
    FigureTable { caption: "Load beside the scans", columns: columns(&names), rows: rows.collect() }
}

fn latencies(report: &RunReport) -> FigureTable {
    let names = QUANTILES.iter().map(|name| format!("{name}, ms"));
    let cells = |values: &QuantileValues| QUANTILES.map(|name| latency(values, name));
    FigureTable {
        caption: "Latency",
        columns: [String::new()].into_iter().chain(names).collect(),
        rows: vec![
            row("Response, from the intended time to the answer", cells(&report.response_ms)),
            row("Service, from the sending to the answer", cells(&report.service_ms)),
            row("Lag of loadgen itself, before the sending", cells(&report.lag_ms)),
        ],
    }
}

fn outcomes(report: &RunReport) -> FigureTable {
    let outcomes = &report.outcomes;
    let counted = |name: String, count| row(name, [grouped(count), share(count, outcomes.planned)]);
    let mut rows = vec![
        counted("Planned".to_owned(), outcomes.planned),
        counted("Acknowledged".to_owned(), outcomes.acknowledged),
        counted("of these late".to_owned(), outcomes.late),
    ];
    rows.extend(outcomes.refused.iter().map(|(code, count)| counted(format!("Refused: {code}"), *count)));
    rows.push(counted("Unanswered".to_owned(), outcomes.unanswered));
    rows.extend(outcomes.broken.iter().map(|(cause, count)| counted(format!("Broken: {cause}"), *count)));
    rows.push(counted("Not sent".to_owned(), outcomes.not_sent));
    if report.early > 0 {
        rows.push(counted("Accepted as early data".to_owned(), report.early));
    }
    FigureTable { caption: "Scans by outcome", columns: columns(&["", "scans", "share of the plan"]), rows }
}

fn levels(report: &RunReport) -> FigureTable {
    let result = |level: &String| if report.missed.contains(level) { "missed" } else { "met" };
    let rows = report.levels.iter().map(|level| row(level.as_str(), [result(level).to_owned()]));
    FigureTable { caption: "Service levels", columns: columns(&["level", "result"]), rows: rows.collect() }
}

fn repeats(report: &RunReport) -> FigureTable {
    let cells = |repeat: &RepeatReport| {
        let rate = format!("{:.0}", repeat.acknowledged_a_second);
        let [p50, p99, max] = ["p50", "p99", "max"].map(|name| latency(&repeat.response_ms, name));
        [rate, p50, p99, max, grouped(repeat.outcomes.errors()), repeat.verdict.to_string()]
    };
    let rows = report.repeats.iter().map(|repeat| row(format!("Seed {}", repeat.seed), cells(repeat)));
    let names = ["", "scans/s", "p50, ms", "p99, ms", "max, ms", "not acknowledged", "verdict"];
    FigureTable { caption: "Runs, with their response times", columns: columns(&names), rows: rows.collect() }
}

fn resources(report: &RunReport) -> FigureTable {
    let unread = || "not read".to_owned();
    let mut rows = vec![
        row(
            "CPU of loadgen, share of its cores",
            [report.generator_cpu_share.map_or_else(unread, |share| format!("{:.0}\u{a0}%", share * 1e2))],
        ),
        row(
            "CPU of loadgen a check-in",
            [report.generator_cpu_us_a_check_in.map_or_else(unread, |us| format!("{us:.1}\u{a0}µs"))],
        ),
        row(
            "CPU of the gateway a check-in",
            [report.server_cpu_us_a_check_in.map_or_else(unread, |us| format!("{us:.1}\u{a0}µs"))],
        ),
    ];
    if let Some(verified) = &report.verified {
        rows.push(row("Check-ins read back", [grouped(verified.found)]));
        rows.push(row(
            "Check-ins missing, doubled or changed",
            [grouped(verified.missing + verified.doubled + verified.changed)],
        ));
    }
    FigureTable { caption: "CPU and read-back", columns: columns(&["", "value"]), rows }
}

/// The table of how the run was made, and on which machine.
pub(super) fn set_up(report: &RunReport) -> FigureTable {
    let (asked, host) = (&report.asked, &report.machine);
    let unknown = || "unknown".to_owned();
    let gib = |bytes: u64| {
        format!("{:.1} GiB", std::time::Duration::from_millis(bytes >> 20).as_secs_f64() / 1.024)
    };
    let rows = vec![
        row("Rate", [format!("{} scans/s", asked.rate)]),
        row("Length of a run", [format!("{} s", asked.seconds)]),
        row("Time in all, with the last answers", [format!("{:.1} s", report.wall_s)]),
        row("Connections", [asked.carrier.clone()]),
        row(
            "Residents and venues",
            [format!("{}, {}", grouped(asked.residents as u64), grouped(asked.venues as u64))],
        ),
        row("Generators", [asked.generators.to_string()]),
        row("Runs, and the seed of the first", [format!("{}, {}", report.repeats.len().max(1), asked.seed)]),
        row("Longest wait for an answer", [format!("{} ms", asked.answer_max_ms)]),
        row("Late after", [format!("{} ms", asked.late_after_ms)]),
        row("Highest p99 of the lag", [format!("{} ms", asked.lag_max_ms)]),
        row("CPU of loadgen's machine", [host.cpu.clone().unwrap_or_else(unknown)]),
        row("Cores", [host.cores.to_string()]),
        row("Memory", [host.memory_bytes.map_or_else(unknown, gib)]),
        row("Kernel", [host.kernel.clone().unwrap_or_else(unknown)]),
        row("Version of loadgen", [host.loadgen.clone()]),
    ];
    FigureTable { caption: "Set-up and machine", columns: columns(&["", "value"]), rows }
}
