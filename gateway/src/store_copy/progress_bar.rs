//! Shows the progress of a stage: a bar on a terminal, otherwise a line every 10 seconds.

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// The interval of lines without a terminal.
const LINE_TICK: Duration = Duration::from_secs(10);

/// The progress bar of a stage.
pub(super) struct StageBar {
    stage: &'static str,
    /// Hidden without a terminal.
    bar: ProgressBar,
    since: Instant,
    rows: u64,
    /// The time of the last line, and the rows that it reported.
    last_line: Option<(Instant, u64)>,
}

/// Prints a line while no bar is shown.
pub(super) fn print(text: &str) {
    eprintln!("{text}");
}

impl StageBar {
    /// A bar for a stage of `length`, of which `done` is complete.
    pub(super) fn new(stage: &'static str, length: u64, done: u64) -> Self {
        let bar = ProgressBar::new(length).with_position(done).with_prefix(stage);
        let style = ProgressStyle::with_template("{prefix} {bar:30} {percent:>3} %  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { stage, bar, since: Instant::now(), rows: 0, last_line: None }
    }

    /// Moves the bar to a position, after `rows` more rows.
    pub(super) fn advance(&mut self, position: u64, rows: u64) {
        self.rows += rows;
        self.bar.set_position(position);
        self.bar.set_message(self.pace());
        if self.last_line.is_none_or(|(at, _)| at.elapsed() >= LINE_TICK) {
            self.print_line();
        }
    }

    /// Prints a line above the bar.
    pub(super) fn print(&self, text: &str) {
        if self.bar.is_hidden() { print(text) } else { self.bar.println(text) }
    }

    /// Ends the stage.
    pub(super) fn end(mut self) {
        self.bar.abandon_with_message(self.pace());
        if self.last_line.is_none_or(|(_, rows)| rows < self.rows) {
            self.print_line();
        }
    }

    fn print_line(&mut self) {
        if self.bar.is_hidden() {
            print(&format!("{}: {}", self.stage, self.pace()));
        }
        self.last_line = Some((Instant::now(), self.rows));
    }

    fn pace(&self) -> String {
        let ms = self.since.elapsed().as_millis().max(1);
        let a_second = u64::try_from(u128::from(self.rows) * 1_000 / ms).unwrap_or(u64::MAX);
        format!("{} rows, {}/s", HumanCount(self.rows), HumanCount(a_second))
    }
}
