//! The board of a run: what the run puts up for its watch. The run never waits for the watch: it changes a
//! phase, adds to a meter and counts.

use super::meter::ScanMeter;
use super::screen::{ViewScreen, stderr_size};
use super::snapshot::RunStage;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The phase of a run, with its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum RunPhase {
    /// The run has not begun.
    #[default]
    Preparing,
    /// The scans of the plan are sent.
    Sending { start: Instant, length: Duration },
    /// Scans wait for their answer, at most this long.
    Waiting { start: Instant, most: Duration },
    /// The acknowledged check-ins are read back.
    ReadingBack { start: Instant, all: u64 },
    /// The run is over.
    Over,
}

impl RunPhase {
    fn start(self) -> Option<Instant> {
        match self {
            Self::Sending { start, .. } | Self::Waiting { start, .. } | Self::ReadingBack { start, .. } => {
                Some(start)
            }
            Self::Preparing | Self::Over => None,
        }
    }

    /// The end of the second that runs at this time.
    fn next_second(self, now: Instant) -> Option<Instant> {
        let start = self.start()?;
        Some(start + Duration::from_secs(now.saturating_duration_since(start).as_secs() + 1))
    }
}

/// The board of a run.
#[derive(Debug, Default)]
pub struct RunBoard {
    phase: Mutex<RunPhase>,
    changed: Condvar,
    /// Check-ins that were read back.
    read: AtomicU64,
    /// The figures of the run's scans.
    pub(crate) meter: ScanMeter,
    /// The screen, while a live view stands on it.
    screen: Mutex<Option<ViewScreen>>,
}

impl RunBoard {
    fn phase(&self) -> MutexGuard<'_, RunPhase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The screen, which is locked while something is written to it.
    pub(super) fn screen(&self) -> MutexGuard<'_, Option<ViewScreen>> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts up the next phase.
    pub(super) fn turn_to(&self, phase: RunPhase) {
        *self.phase() = phase;
        self.changed.notify_all();
    }

    /// The scans of a plan of this length are sent from this time on.
    pub(crate) fn begin_sending(&self, start: Instant, length: Duration) {
        self.turn_to(RunPhase::Sending { start, length });
    }

    /// Every scan has been sent, and its answer is waited for at most this long.
    pub(crate) fn begin_waiting(&self, most: Duration) {
        self.turn_to(RunPhase::Waiting { start: Instant::now(), most });
    }

    /// So many check-ins are read back.
    pub(crate) fn begin_reading_back(&self, all: u64) {
        self.read.store(0, Ordering::Relaxed);
        self.turn_to(RunPhase::ReadingBack { start: Instant::now(), all });
    }

    /// Counts check-ins that were read back.
    pub(crate) fn add_read(&self, check_ins: u64) {
        self.read.fetch_add(check_ins, Ordering::Relaxed);
    }

    /// Writes a line to standard error, above the live view if there is one.
    pub(crate) fn announce(&self, words: &str) {
        let mut screen = self.screen();
        erase(&mut screen);
        eprintln!("{words}");
    }

    /// Erases the live view before a panic is written. A panic of the drawing itself holds the screen.
    pub(super) fn make_room(&self) {
        if let Ok(mut screen) = self.screen.try_lock() {
            erase(&mut screen);
        }
    }

    /// Waits for the next whole second of this phase, or for another phase.
    pub(super) fn await_tick(&self, seen: RunPhase) -> RunPhase {
        let due = seen.next_second(Instant::now());
        let mut phase = self.phase();
        while *phase == seen {
            let left = due.map(|due| due.saturating_duration_since(Instant::now()));
            phase = match left {
                Some(Duration::ZERO) => return seen,
                Some(left) => {
                    self.changed.wait_timeout(phase, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(phase).unwrap_or_else(PoisonError::into_inner),
            };
        }
        *phase
    }

    /// The stage that a phase has come to, or `None` if it has nothing to show.
    pub(super) fn stage(&self, phase: RunPhase, now: Instant) -> Option<RunStage> {
        let elapsed = now.saturating_duration_since(phase.start()?);
        match phase {
            RunPhase::Preparing | RunPhase::Over => None,
            RunPhase::Sending { length, .. } => Some(RunStage::Sending { elapsed, length }),
            RunPhase::Waiting { most, .. } => Some(RunStage::Waiting { elapsed, most }),
            RunPhase::ReadingBack { all, .. } => {
                Some(RunStage::ReadingBack { elapsed, done: self.read.load(Ordering::Relaxed), all })
            }
        }
    }
}

/// Erases the live view, so that other lines can be written in its place.
pub(super) fn erase(screen: &mut Option<ViewScreen>) {
    if let Some(screen) = screen {
        // A terminal that has gone away needs no erasure.
        let _ = screen.erase(stderr_size(), &mut io::stderr());
    }
}
