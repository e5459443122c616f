//! Requests of the back office to the batcher: catch up, and report the progress.

use scangate_core::time::Timestamp;
use scangate_storage::journal::{Journal, Sequence};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The progress of the drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DrainProgress {
    /// Everything before this is stored.
    stored: Sequence,
    /// Everything acknowledged before this time is stored.
    complete_through: Timestamp,
    /// Whether the last drain failed.
    is_failing: bool,
}

/// The back office's handle to the batcher.
pub struct Drains {
    journal: Arc<Journal>,
    requests: Arc<BatcherRequests>,
    progress: watch::Receiver<DrainProgress>,
}

/// The batcher's side: publishes the progress.
pub(super) struct Publisher(watch::Sender<DrainProgress>);

impl Publisher {
    pub(super) fn publish(&self, stored: Sequence, complete_through: Timestamp) {
        self.0.send_replace(DrainProgress { stored, complete_through, is_failing: false });
    }

    /// Publishes whether the last drain failed.
    pub(super) fn publish_failing(&self, is_failing: bool) {
        self.0.send_if_modified(|progress| {
            std::mem::replace(&mut progress.is_failing, is_failing) != is_failing
        });
    }
}

impl Drains {
    pub(super) fn new(journal: Arc<Journal>) -> (Self, Publisher) {
        let nothing =
            DrainProgress { stored: Sequence(0), complete_through: Timestamp(0), is_failing: false };
        let (publisher, progress) = watch::channel(nothing);
        (Self { journal, requests: Arc::default(), progress }, Publisher(publisher))
    }

    pub(super) fn requests(&self) -> Arc<BatcherRequests> {
        Arc::clone(&self.requests)
    }

    /// Requests an immediate drain, and waits at most `wait` until it has passed the journal's present end.
    /// Returns the time before which the trails are complete: they hold every check-in acknowledged before
    /// it.
    pub async fn caught_up(&self, wait: Duration) -> Timestamp {
        let end = self.journal.durable_end();
        let mut progress = self.progress.clone();
        self.requests.drain();
        // After a timeout the trails are incomplete, which the returned time shows.
        let _ = tokio::time::timeout(wait, progress.wait_for(|progress| progress.stored >= end)).await;
        progress.borrow().complete_through
    }

    /// The time before which the trails are complete at present.
    #[must_use]
    pub fn so_far(&self) -> Timestamp {
        self.progress.borrow().complete_through
    }

    /// Whether the last drain failed. It is repeated until it succeeds.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.progress.borrow().is_failing
    }
}

/// The requests to the batcher's thread.
#[derive(Default)]
pub(super) struct BatcherRequests {
    pending: Mutex<PendingRequests>,
    bell: Condvar,
}

#[derive(Default)]
struct PendingRequests {
    drain: bool,
    stop: bool,
}

impl BatcherRequests {
    fn lock(&self) -> MutexGuard<'_, PendingRequests> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn drain(&self) {
        self.lock().drain = true;
        self.bell.notify_all();
    }

    pub(super) fn stop(&self) {
        self.lock().stop = true;
        self.bell.notify_all();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.lock().stop
    }

    /// Waits at most `at_most` for a request. Returns whether an immediate drain is requested.
    pub(super) fn wait(&self, at_most: Duration) -> bool {
        let waited =
            self.bell.wait_timeout_while(self.lock(), at_most, |pending| !pending.drain && !pending.stop);
        let (mut pending, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut pending.drain)
    }

    /// Waits for a pause, which only a stop request ends early.
    pub(super) fn pause(&self, pause: Duration) {
        let waited = self.bell.wait_timeout_while(self.lock(), pause, |pending| !pending.stop);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}
