//! A scenario in words, with its rate as a curve of characters.

use crate::scenario::Scenario;
use std::fmt::Write as _;
use std::time::Duration;

/// The columns and rows of the curve.
const COLUMNS: usize = 64;
const ROWS: usize = 10;

/// Describes a scenario: its curve, its carriers, and the load beside them. Every line ends with a line feed.
#[must_use]
pub fn explain(name: &str, scenario: &Scenario, seed: u64) -> String {
    let (rate, length) = (scenario.rate.0, scenario.length);
    let mut out = format!("{name} · {}\n\n", scenario.summary);
    write_curve(&mut out, scenario);
    let scans = (rate * length.as_secs_f64()).round().max(1.0);
    let peak = rate * scenario.shape.peak();
    let _ = writeln!(
        out,
        "\n  scans      {scans:.0} in {}: {rate:.0}/s on average, {peak:.0}/s at most",
        time(length)
    );
    for (carrier, share) in scenario.gates.iter().map(|gates| (gates.to_string(), gates.share)) {
        let _ = writeln!(out, "  gates      {:.0} % over {carrier}", share.0 * 1e2);
    }
    for (carrier, share) in scenario.phones.iter().map(|phones| (phones.to_string(), phones.share)) {
        let _ = writeln!(out, "  phones     {:.0} % over {carrier}", share.0 * 1e2);
    }
    let choice = match scenario.venue_choice {
        super::VenueChoice::Zipf => "by Zipf's law",
        super::VenueChoice::Even => "each as often as the others",
    };
    let _ = writeln!(out, "  venues     {}, {choice}", scenario.venues);
    for beside in &scenario.beside {
        let _ = writeln!(out, "  beside     {beside}");
    }
    let _ = writeln!(out, "  seed       {seed}: the same seed plans the same run");
    out
}

fn write_curve(out: &mut String, scenario: &Scenario) {
    let columns = columns(scenario);
    let highest = columns.iter().copied().fold(0.0, f64::max);
    for row in (0..ROWS).rev() {
        let label = if row == ROWS - 1 { format!("{highest:.0}/s") } else { String::new() };
        let cell = |height: &f64| if is_filled(*height / highest, row) { '#' } else { ' ' };
        let line: String = columns.iter().map(cell).collect();
        let _ = writeln!(out, "{label:>10} |{}", line.trim_end());
    }
    let _ = writeln!(out, "{:>10} +{}", 0, "-".repeat(COLUMNS));
    let (half, end) = (time(scenario.length / 2), time(scenario.length));
    let middle = COLUMNS / 2;
    let _ = writeln!(out, "{:>10}  0{half:>middle$}{end:>rest$}", "", rest = COLUMNS - middle - 1);
}

/// Whether a column of this height, from 0 to 1, reaches the middle of a row.
fn is_filled(height: f64, row: usize) -> bool {
    let rows = u32::try_from(ROWS).unwrap_or(u32::MAX);
    let row = u32::try_from(row).unwrap_or(u32::MAX);
    height * f64::from(rows) > f64::from(row) + if row == 0 { 0.0 } else { 0.5 }
}

/// The highest rate in each column. **Units**: scans a second.
fn columns(scenario: &Scenario) -> Vec<f64> {
    let heights: Vec<f64> = scenario.shape.heights().collect();
    let highest = heights.iter().copied().fold(0.0, f64::max);
    let peak = scenario.rate.0 * scenario.shape.peak();
    let column = |at: usize| &heights[at * heights.len() / COLUMNS..(at + 1) * heights.len() / COLUMNS];
    let rate = |at| column(at).iter().copied().fold(0.0, f64::max) / highest * peak;
    (0..COLUMNS).map(rate).collect()
}

fn time(length: Duration) -> String {
    let seconds = length.as_secs_f64();
    match seconds {
        0.0..120.0 => format!("{seconds} s"),
        120.0..7_200.0 => format!("{:.1} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3_600.0),
    }
}
