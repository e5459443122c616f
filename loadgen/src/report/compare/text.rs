//! A comparison as a table for a terminal.

use super::{FigureChange, ReportComparison};
use std::fmt::Write as _;

impl ReportComparison {
    /// The comparison as a table, which ends with the verdict.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let heads = ["before", "after", "change", "95 % interval"];
        let _ = writeln!(
            out,
            "{:<19}{:>12}{:>12}{:>11}{:>22}  verdict",
            "", heads[0], heads[1], heads[2], heads[3]
        );
        let _ = writeln!(out, "{:<19}{:>12}{:>12}", "runs", self.runs_before, self.runs_after);
        for figure in &self.figures {
            let _ = writeln!(out, "{}", row(figure));
        }
        let regressed: Vec<&str> =
            self.figures.iter().filter(|figure| figure.regressed).map(|figure| figure.name).collect();
        let _ = write!(out, "verdict: {}", self.verdict);
        let _ = match regressed.as_slice() {
            [] => writeln!(out),
            names => writeln!(out, ", by more than {} %: {}", self.threshold_percent, names.join(", ")),
        };
        out
    }
}

fn row(figure: &FigureChange) -> String {
    let percent = |change: f64| format!("{change:+.1} %");
    let change = figure.change_percent.map_or_else(|| "-".to_owned(), percent);
    let interval = figure
        .interval_percent
        .map_or_else(|| "-".to_owned(), |[low, high]| format!("{} to {}", percent(low), percent(high)));
    let FigureChange { name, before, after, verdict, .. } = figure;
    format!("{name:<19}{before:>12.2}{after:>12.2}{change:>11}{interval:>22}  {verdict}")
}
