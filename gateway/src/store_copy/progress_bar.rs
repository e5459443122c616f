//! How far a stage is: a bar on a terminal, and a line now and then elsewhere.

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// How often a line is written where there is no terminal.
const LINE_TICK: Duration = Duration::from_secs(10);

/// A stage's bar.
pub(super) struct Bar {
    stage: &'static str,
    /// Hidden where there is no terminal.
    bar: ProgressBar,
    since: Instant,
    rows: u64,
    /// When the last line was written, and of how many rows it told.
    told: Option<(Instant, u64)>,
}

/// Says something where there is no bar.
pub(super) fn say(text: &str) {
    eprintln!("{text}");
}

impl Bar {
    /// A stage of this length, so much of which is done.
    pub(super) fn new(stage: &'static str, length: u64, done: u64) -> Self {
        let bar = ProgressBar::new(length).with_position(done).with_prefix(stage);
        let style = ProgressStyle::with_template("{prefix} {bar:30} {percent:>3} %  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { stage, bar, since: Instant::now(), rows: 0, told: None }
    }

    /// The stage is at this position, after so many more rows.
    pub(super) fn advance(&mut self, position: u64, rows: u64) {
        self.rows += rows;
        self.bar.set_position(position);
        self.bar.set_message(self.pace());
        if self.told.is_none_or(|(at, _)| at.elapsed() >= LINE_TICK) {
            self.tell();
        }
    }

    /// Says something beside the bar.
    pub(super) fn say(&self, text: &str) {
        if self.bar.is_hidden() { say(text) } else { self.bar.println(text) }
    }

    /// The stage is done.
    pub(super) fn end(mut self) {
        self.bar.abandon_with_message(self.pace());
        if self.told.is_none_or(|(_, rows)| rows < self.rows) {
            self.tell();
        }
    }

    fn tell(&mut self) {
        if self.bar.is_hidden() {
            say(&format!("{}: {}", self.stage, self.pace()));
        }
        self.told = Some((Instant::now(), self.rows));
    }

    fn pace(&self) -> String {
        let ms = self.since.elapsed().as_millis().max(1);
        let a_second = u64::try_from(u128::from(self.rows) * 1_000 / ms).unwrap_or(u64::MAX);
        format!("{} rows, {}/s", HumanCount(self.rows), HumanCount(a_second))
    }
}
