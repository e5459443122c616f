//! The interruption of a run by Ctrl-C or SIGTERM. The first signal ends the run in order, the second ends
//! the process.

use crate::watch::RunBoard;
use std::io;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// The exit code of a process that SIGINT ended, as shells count it.
const INTERRUPTED: i32 = 130;

/// A wish to end the run early.
#[derive(Debug, Clone)]
pub struct Interruption(watch::Receiver<bool>);

impl Interruption {
    /// Returns an interruption that never comes.
    #[must_use]
    pub fn never() -> Self {
        Self(watch::channel(false).1)
    }

    /// Returns an interruption that comes when its sender sends `true`.
    pub(crate) fn by_hand() -> (watch::Sender<bool>, Self) {
        let (wish, interruption) = watch::channel(false);
        (wish, Self(interruption))
    }

    /// Listens for SIGINT and SIGTERM from now on, and announces the first on a run's board. **Errors**: the
    /// signals cannot be listened for.
    pub fn on_signals(board: &Arc<RunBoard>) -> io::Result<Self> {
        let board = Arc::clone(board);
        let mut signals = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
        let (wish, interruption) = watch::channel(false);
        tokio::spawn(async move {
            next(&mut signals).await;
            board.announce("ending the run; a second signal ends loadgen without a report");
            wish.send_replace(true);
            next(&mut signals).await;
            std::process::exit(INTERRUPTED);
        });
        Ok(Self(interruption))
    }

    /// Whether the run shall end.
    #[must_use]
    pub fn has_come(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once the run shall end. **Cancel safety**: safe.
    pub async fn come(&mut self) {
        if self.0.wait_for(|has_come| *has_come).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

async fn next([interrupt, terminate]: &mut [tokio::signal::unix::Signal; 2]) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
