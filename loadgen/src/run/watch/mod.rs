//! The watch over a run: a live view on a terminal, or a plain line a second elsewhere. It goes to standard
//! error, because standard output has the report. The watch has a thread of its own, which looks at the run's
//! board once a second. A terminal that is slow or stopped therefore delays the watch and not the run.

pub(crate) mod board;
#[cfg(test)]
mod example;
mod line;
pub(crate) mod meter;
mod screen;
mod snapshot;
mod view;
mod words;

pub use self::board::RunBoard;
pub use self::view::RunTitle;

use self::board::{RunPhase, erase};
use self::line::line;
use self::screen::stderr_size;
use self::snapshot::{RunSnapshot, WatchHistory};
use std::io::{self, IsTerminal as _, Write as _};
use std::panic;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A rate over less than this is chance. The end of a plan that is shorter joins the next stage.
const LAST_PART_MIN: Duration = Duration::from_millis(500);

/// The form in which a run is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchForm {
    /// A live view, which needs a terminal.
    View,
    /// A line a second.
    Lines,
    /// Nothing.
    None,
}

impl WatchForm {
    /// The form that suits standard error.
    #[must_use]
    pub fn of_stderr() -> Self {
        if io::stderr().is_terminal() { Self::View } else { Self::Lines }
    }
}

/// The watch over a run. It ends when it is dropped, which erases the live view.
#[derive(Debug)]
pub struct RunWatch {
    board: Arc<RunBoard>,
    thread: Option<JoinHandle<()>>,
}

impl RunWatch {
    /// Begins to watch a run. **Errors**: the thread cannot be started.
    pub fn begin(form: WatchForm, title: RunTitle) -> io::Result<Self> {
        let board = Arc::<RunBoard>::default();
        if form == WatchForm::View {
            make_room_for_panics(&board);
        }
        let watched = Arc::clone(&board);
        let begin =
            || thread::Builder::new().name("watch".to_owned()).spawn(move || watch(&watched, form, &title));
        let thread = if form == WatchForm::None { None } else { Some(begin()?) };
        Ok(Self { board, thread })
    }

    /// The board on which the run puts what there is to see.
    #[must_use]
    pub fn board(&self) -> &Arc<RunBoard> {
        &self.board
    }
}

impl Drop for RunWatch {
    fn drop(&mut self) {
        self.board.turn_to(RunPhase::Over);
        if let Some(thread) = self.thread.take() {
            // A watch that has panicked has nothing more to show.
            let _ = thread.join();
        }
    }
}

/// Erases the live view before a panic is written. Otherwise the next frame would erase the panic.
fn make_room_for_panics(board: &Arc<RunBoard>) {
    let (board, write_panic) = (Arc::clone(board), panic::take_hook());
    panic::set_hook(Box::new(move |panic| {
        board.make_room();
        write_panic(panic);
    }));
}

fn watch(board: &RunBoard, form: WatchForm, title: &RunTitle) {
    let mut history = WatchHistory::new(Instant::now());
    let mut phase = RunPhase::Preparing;
    while phase != RunPhase::Over {
        let next = board.await_tick(phase);
        let now = Instant::now();
        let is_due = match (phase, next) {
            (RunPhase::Sending { .. }, _) if next != phase => history.age(now) >= LAST_PART_MIN,
            _ => next == phase,
        };
        if is_due && let Some(stage) = board.stage(phase, now) {
            show(board, form, title, &history.take(stage, &board.meter, now));
        }
        if next != phase {
            begin(board, form, title, next, &mut history);
        }
        phase = next;
    }
    erase(&mut board.screen().take());
}

/// Begins a phase. Only the reading back is shown immediately; the other phases have no figures yet.
fn begin(board: &RunBoard, form: WatchForm, title: &RunTitle, phase: RunPhase, history: &mut WatchHistory) {
    match phase {
        RunPhase::Sending { start, .. } => history.skip_to(start),
        RunPhase::ReadingBack { start, .. } => {
            if let Some(stage) = board.stage(phase, start) {
                show(board, form, title, &history.take(stage, &board.meter, start));
            }
        }
        RunPhase::Preparing | RunPhase::Waiting { .. } | RunPhase::Over => {}
    }
}

fn show(board: &RunBoard, form: WatchForm, title: &RunTitle, snapshot: &RunSnapshot) {
    let mut stderr = io::stderr();
    // Without a reader of standard error the run goes on.
    let _ = match form {
        WatchForm::None => Ok(()),
        WatchForm::Lines => writeln!(stderr, "{}", line(snapshot)),
        WatchForm::View => {
            board.screen().get_or_insert_default().draw(title, snapshot, stderr_size(), &mut stderr)
        }
    };
}
