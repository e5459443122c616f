//! The rows of a terminal on which the live view stands: those above the cursor. Each frame replaces the one
//! before it. The screen changes no mode of the terminal. There is therefore nothing to restore, however the
//! process ends. It also asks the terminal nothing: the question would go to standard output, which may be a
//! file.

use super::snapshot::RunSnapshot;
use super::view::{RunTitle, RunView, VIEW_ROWS};
use ratatui::backend::IntoCrossterm as _;
use ratatui::buffer::{Buffer, Cell};
use ratatui::crossterm::QueueableCommand as _;
use ratatui::crossterm::cursor::MoveToPreviousLine;
use ratatui::crossterm::style::{ContentStyle, PrintStyledContent};
use ratatui::crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::layout::{Rect, Size};
use ratatui::widgets::Widget as _;
use std::io::{self, Write};

/// The size of a terminal that does not know its own.
const UNKNOWN_SIZE: Size = Size { width: 80, height: 24 };

/// The rows of the last frame.
#[derive(Debug, Default)]
pub(crate) struct ViewScreen {
    /// The columns that each row of the frame fills.
    rows: Vec<u16>,
}

impl ViewScreen {
    /// Writes a frame over the last one.
    pub(crate) fn draw(
        &mut self,
        title: &RunTitle,
        snapshot: &RunSnapshot,
        size: Size,
        out: &mut impl Write,
    ) -> io::Result<()> {
        // The cursor stands on a row of its own below the view.
        let area = Rect::new(0, 0, size.width, size.height.saturating_sub(1).min(VIEW_ROWS));
        let mut buffer = Buffer::empty(area);
        RunView { title, snapshot }.render(area, &mut buffer);
        // One write, so that no part of a frame is seen.
        let mut frame = Vec::new();
        frame.queue(BeginSynchronizedUpdate)?;
        self.queue_erasure(size.width, &mut frame)?;
        if area.width > 0 {
            for row in buffer.content().chunks(usize::from(area.width)) {
                let filled = row.iter().rposition(|cell| *cell != Cell::EMPTY).map_or(0, |last| last + 1);
                queue_row(&row[..filled], &mut frame)?;
                self.rows.push(u16::try_from(filled).unwrap_or(u16::MAX));
            }
        }
        frame.queue(EndSynchronizedUpdate)?;
        out.write_all(&frame)?;
        out.flush()
    }

    /// Erases the last frame, so that other lines can be written in its place.
    pub(crate) fn erase(&mut self, size: Size, out: &mut impl Write) -> io::Result<()> {
        let mut bytes = Vec::new();
        self.queue_erasure(size.width, &mut bytes)?;
        out.write_all(&bytes)?;
        out.flush()
    }

    fn queue_erasure(&mut self, columns: u16, out: &mut Vec<u8>) -> io::Result<()> {
        // A terminal that has become narrower has wrapped the rows that were longer.
        let above = self.rows.drain(..).map(|filled| filled.div_ceil(columns.max(1)).max(1)).sum::<u16>();
        match above {
            0 => out.write_all(b"\r")?,
            above => drop(out.queue(MoveToPreviousLine(above))?),
        }
        out.queue(Clear(ClearType::FromCursorDown))?;
        Ok(())
    }
}

fn queue_row(cells: &[Cell], out: &mut Vec<u8>) -> io::Result<()> {
    for run in cells.chunk_by(|one, next| one.style() == next.style()) {
        let style: ContentStyle = run[0].style().into_crossterm();
        let words: String = run.iter().map(Cell::symbol).collect();
        out.queue(PrintStyledContent(style.apply(words)))?;
    }
    out.write_all(b"\r\n")
}

/// The size of the terminal on standard error.
pub(crate) fn stderr_size() -> Size {
    let size = rustix::termios::tcgetwinsize(io::stderr());
    let known = size.ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
    known.map_or(UNKNOWN_SIZE, |size| Size::new(size.ws_col, size.ws_row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::example::busy;
    use std::num::NonZero;
    use vt100::Parser;

    fn title() -> RunTitle {
        RunTitle { scenario: "gate".to_owned(), target: "https://127.0.0.1:8443".to_owned() }
    }

    fn terminal(rows: u16, columns: u16) -> Parser {
        Parser::new(NonZero::new(rows).unwrap(), NonZero::new(columns).unwrap(), 0)
    }

    fn draw(screen: &mut ViewScreen, terminal: &mut Parser) {
        let (rows, columns) = terminal.screen().size();
        let (rows, columns) = (u16::from(rows), u16::from(columns));
        let mut bytes = Vec::new();
        screen.draw(&title(), &busy(), Size::new(columns, rows), &mut bytes).unwrap();
        terminal.process(&bytes);
    }

    #[test]
    fn frames_replace_each_other_and_leave_the_lines_above() {
        let mut terminal = terminal(24, 80);
        let mut screen = ViewScreen::default();
        terminal.process(b"registering 300 residents\r\n");
        draw(&mut screen, &mut terminal);
        let once = terminal.screen().contents();
        assert!(once.starts_with("registering 300 residents\ngate  https://127.0.0.1:8443\n12 s "), "{once}");
        // A terminal shows a Ctrl-C at the cursor.
        terminal.process(b"^C");
        draw(&mut screen, &mut terminal);
        assert_eq!(terminal.screen().contents(), once);
        let mut bytes = Vec::new();
        screen.erase(Size::new(80, 24), &mut bytes).unwrap();
        terminal.process(&bytes);
        assert_eq!(terminal.screen().contents().trim_end(), "registering 300 residents");
        assert_eq!(terminal.screen().cursor_position(), (1, 0));
        assert!(!terminal.screen().hide_cursor() && !terminal.screen().alternate_screen());
    }

    #[test]
    fn a_view_at_the_bottom_scrolls_once() {
        let mut terminal = terminal(12, 80);
        let mut screen = ViewScreen::default();
        terminal.process(b"line\r\n".repeat(11).as_slice());
        draw(&mut screen, &mut terminal);
        let once = terminal.screen().contents();
        draw(&mut screen, &mut terminal);
        assert_eq!(terminal.screen().contents(), once);
        assert!(once.starts_with("line\nline\ngate"), "{once}");
    }

    #[test]
    fn a_terminal_lower_than_the_view_shows_its_first_rows() {
        let mut terminal = terminal(4, 30);
        let mut screen = ViewScreen::default();
        draw(&mut screen, &mut terminal);
        draw(&mut screen, &mut terminal);
        let contents = terminal.screen().contents();
        assert!(contents.starts_with("gate ") && contents.contains("1997/s of"), "{contents}");
    }

    #[test]
    fn rows_that_a_narrower_terminal_wrapped_are_erased() {
        let mut screen = ViewScreen::default();
        let mut bytes = Vec::new();
        screen.draw(&title(), &busy(), Size::new(80, 24), &mut bytes).unwrap();
        let mut terminal = terminal(24, 40);
        terminal.process(b"before\r\n");
        // This terminal wraps the rows of 80 columns as a terminal does that has become narrower.
        terminal.process(&bytes);
        draw(&mut screen, &mut terminal);
        let contents = terminal.screen().contents();
        assert!(contents.starts_with("before\ngate "), "{contents}");
        assert_eq!(contents.matches("offered").count(), 1, "{contents}");
    }
}
