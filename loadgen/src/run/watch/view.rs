//! The live view as a widget: a function of a snapshot and the room that the terminal has. The rows stand in
//! the order of their weight, so that a low terminal shows the first ones.

use super::snapshot::{MINUTE_SECONDS, RECENT_SECONDS, RunSnapshot, RunStage, WindowFigures};
use super::words::{activity, elapsed, failed, left, ms, time};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::symbols::line::THICK;
use ratatui::text::{Line, Span};
use ratatui::widgets::{LineGauge, Paragraph, Sparkline, Widget, Wrap};

/// The rows of the view where the terminal has room for them.
pub(crate) const VIEW_ROWS: u16 = 9;
/// The rows above the failed scans, which have the rest.
const ROWS_ABOVE_FAILED: u16 = 6;
/// The width of the labels at the left.
const LABEL_COLUMNS: u16 = 10;
/// The width below which the labels are left out, so that the figures have room.
const NARROW_COLUMNS: u16 = 50;

/// The name of a run: its scenario and its target.
#[derive(Debug, Clone)]
pub struct RunTitle {
    /// The scenario.
    pub scenario: String,
    /// The URL of the target.
    pub target: String,
}

/// The widget of a snapshot. While check-ins are read back, there are no scans to show.
pub(crate) struct RunView<'a> {
    pub(crate) title: &'a RunTitle,
    pub(crate) snapshot: &'a RunSnapshot,
}

impl Widget for RunView<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let Self { title, snapshot } = self;
        let row = |row: u16| Rect { y: area.y + row, height: 1, ..area }.intersection(area);
        let [scenario, target] = [&title.scenario, &title.target].map(String::as_str);
        Line::from(vec![scenario.bold(), "  ".into(), target.into()]).render(row(0), buffer);
        render_bar(snapshot.stage, row(1), buffer);
        let RunSnapshot { stage, second, recent, open, .. } = snapshot;
        let now = match stage {
            RunStage::Sending { .. } => rate_line(second),
            RunStage::Waiting { .. } | RunStage::ReadingBack { .. } => activity(*stage).bold().into(),
        };
        render_row("now", now, row(2), buffer);
        if matches!(stage, RunStage::ReadingBack { .. }) {
            return;
        }
        render_row(&format!("last {RECENT_SECONDS} s"), latency_line(recent), row(3), buffer);
        let generator = format!("{open} open, lag p99 {} ms", ms(recent.lag_p99_us));
        render_row("generator", generator.into(), row(4), buffer);
        render_minute(snapshot, row(5), buffer);
        let rest = Rect { y: area.y + ROWS_ABOVE_FAILED, ..area }.intersection(area);
        let is_failed = recent.outcomes.errors() > 0;
        let style = if is_failed { Style::new().fg(Color::Red).bold() } else { Style::new() };
        let words = Paragraph::new(failed(&recent.outcomes)).style(style).wrap(Wrap { trim: true });
        words.render(render_label("errors", rest, buffer), buffer);
    }
}

fn rate_line(second: &WindowFigures) -> Line<'static> {
    let acknowledged = format!("{:.0}/s", second.acknowledged_a_second).bold();
    Line::from(vec![acknowledged, format!(" of {:.0}/s offered", second.offered_a_second).into()])
}

fn latency_line(recent: &WindowFigures) -> Line<'static> {
    let part = |name: &'static str, us| [Span::from(name).dim(), format!(" {}  ", ms(us)).into()];
    let parts = [part("p50", recent.p50_us), part("p99", recent.p99_us), part("max", recent.max_us)];
    Line::from_iter(parts.into_iter().flatten().chain(["ms".dim()]))
}

/// Renders a row with its label.
fn render_row(label: &str, words: Line<'_>, area: Rect, buffer: &mut Buffer) {
    words.render(render_label(label, area, buffer), buffer);
}

/// Renders a label, and returns the room at its right. A narrow terminal has no labels.
fn render_label(label: &str, area: Rect, buffer: &mut Buffer) -> Rect {
    if area.width < NARROW_COLUMNS {
        return area;
    }
    let [own, rest] = Layout::horizontal([Constraint::Length(LABEL_COLUMNS), Constraint::Min(0)]).areas(area);
    Line::from(label.dim()).render(own, buffer);
    rest
}

/// Renders the time since the beginning of a stage, its bar, and the time left.
fn render_bar(stage: RunStage, area: Rect, buffer: &mut Buffer) {
    let left = Line::from(left(stage));
    let columns = u16::try_from(left.width()).unwrap_or(u16::MAX);
    let [bar, after] =
        Layout::horizontal([Constraint::Min(0), Constraint::Length(columns)]).spacing(1).areas(area);
    left.render(after, buffer);
    let gauge = LineGauge::default().ratio(stage.share()).label(time(elapsed(stage)));
    let gauge = gauge.filled_symbol(THICK.horizontal).unfilled_symbol("·");
    gauge.filled_style(Style::new().fg(Color::Green)).unfilled_style(Style::new().dim()).render(bar, buffer);
}

/// Renders the rate of the last minute. The newest second is at the right.
fn render_minute(snapshot: &RunSnapshot, area: Rect, buffer: &mut Buffer) {
    let room = render_label("minute", area, buffer);
    let columns = usize::from(room.width).min(MINUTE_SECONDS);
    let shown = &snapshot.minute[snapshot.minute.len().saturating_sub(columns)..];
    Sparkline::default().data(shown).style(Style::new().fg(Color::Cyan)).render(room, buffer);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::example::busy;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use std::time::Duration;

    fn rows(snapshot: &RunSnapshot, columns: u16, rows: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        let target = "https://127.0.0.1:8443".to_owned();
        let title = RunTitle { scenario: "gate".to_owned(), target };
        terminal
            .draw(|frame| frame.render_widget(RunView { title: &title, snapshot }, frame.area()))
            .unwrap();
        let cells = terminal.backend().buffer().content();
        let row = |row: &[ratatui::buffer::Cell]| {
            row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
        };
        cells.chunks(usize::from(columns)).map(row).collect()
    }

    #[test]
    fn a_wide_terminal_has_every_figure_with_its_label() {
        assert_eq!(
            rows(&busy(), 70, VIEW_ROWS),
            [
                "gate  https://127.0.0.1:8443",
                "12 s ━━━━━━━━━━━············································ 48 s left",
                "now       1997/s of 2000/s offered",
                "last 5 s  p50 0.9  p99 3.1  max 120  ms",
                "generator 12 open, lag p99 0.2 ms",
                "minute    ██▄█ █",
                "errors    3 failed: 2 refused overloaded, 1 broken reset",
                "",
                "",
            ]
        );
    }

    #[test]
    fn forty_columns_have_every_figure_without_labels() {
        assert_eq!(
            rows(&busy(), 40, VIEW_ROWS),
            [
                "gate  https://127.0.0.1:8443",
                "12 s ━━━━━···················· 48 s left",
                "1997/s of 2000/s offered",
                "p50 0.9  p99 3.1  max 120  ms",
                "12 open, lag p99 0.2 ms",
                "██▄█ █",
                "3 failed: 2 refused overloaded, 1 broken",
                "reset",
                "",
            ]
        );
    }

    #[test]
    fn a_low_terminal_has_the_first_rows() {
        for (columns, lines) in [(1, 1), (7, 20), (300, 2), (45, 6)] {
            assert_eq!(rows(&busy(), columns, lines).len(), usize::from(lines), "{columns}x{lines}");
        }
        assert_eq!(rows(&busy(), 80, 3), rows(&busy(), 80, VIEW_ROWS)[..3]);
    }

    #[test]
    fn the_stages_after_the_sending_are_named_on_a_narrow_terminal_too() {
        let stage = RunStage::ReadingBack { elapsed: Duration::from_secs(4), done: 15_000, all: 20_000 };
        let drawn = rows(&RunSnapshot { stage, ..busy() }, 40, VIEW_ROWS);
        assert_eq!(drawn[1], "4 s ━━━━━━━━━━━━━━━━━━━━······· 1 s left");
        assert_eq!(drawn[2..].concat(), "reading back 20000 check-ins");
        let stage = RunStage::Waiting { elapsed: Duration::from_secs(2), most: Duration::from_secs(30) };
        let drawn = rows(&RunSnapshot { stage, ..busy() }, 40, VIEW_ROWS);
        assert!(drawn[1].ends_with(" at most 28 s left"), "{}", drawn[1]);
        assert_eq!(drawn[2], "waiting for the last answers");
        assert!(drawn[6].starts_with("3 failed: "), "{}", drawn[6]);
    }
}
