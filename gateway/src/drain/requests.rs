//! How the back office asks the batcher to catch up, and learns how far it is.

use scangate_core::time::Timestamp;
use scangate_storage::journal::{Journal, Sequence};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How far the trail store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DrainProgress {
    /// Everything before this is stored.
    stored: Sequence,
    /// Everything acknowledged before this time is stored.
    complete_through: Timestamp,
}

/// Asks the batcher to catch up.
pub struct Drains {
    journal: Arc<Journal>,
    requests: Arc<BatcherRequests>,
    progress: watch::Receiver<DrainProgress>,
}

/// The batcher's side: publishes the progress.
pub(super) struct Publisher(watch::Sender<DrainProgress>);

impl Publisher {
    pub(super) fn publish(&self, stored: Sequence, complete_through: Timestamp) {
        self.0.send_replace(DrainProgress { stored, complete_through });
    }
}

impl Drains {
    pub(super) fn new(journal: Arc<Journal>) -> (Self, Publisher) {
        let nothing = DrainProgress { stored: Sequence(0), complete_through: Timestamp(0) };
        let (publisher, progress) = watch::channel(nothing);
        (Self { journal, requests: Arc::default(), progress }, Publisher(publisher))
    }

    pub(super) fn requests(&self) -> Arc<BatcherRequests> {
        Arc::clone(&self.requests)
    }

    /// Asks for a drain at once and waits until it has passed the journal's end as it stands, at most
    /// `wait`. Returns up to when the trails are complete: every check-in acknowledged before then is in.
    pub async fn caught_up(&self, wait: Duration) -> Timestamp {
        let end = self.journal.durable_end();
        let mut progress = self.progress.clone();
        self.requests.drain();
        // After a timeout the trails are incomplete, which the returned time shows.
        let _ = tokio::time::timeout(wait, progress.wait_for(|progress| progress.stored >= end)).await;
        progress.borrow().complete_through
    }

    /// Up to when the trails are complete as it is.
    #[must_use]
    pub fn so_far(&self) -> Timestamp {
        self.progress.borrow().complete_through
    }
}

/// What the batcher is asked.
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

    /// Waits for a wish, so long at most. Returns whether a drain is wished for at once.
    pub(super) fn wait(&self, at_most: Duration) -> bool {
        let waited =
            self.bell.wait_timeout_while(self.lock(), at_most, |pending| !pending.drain && !pending.stop);
        let (mut pending, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut pending.drain)
    }

    /// Waits out a pause, which only a stop cuts short.
    pub(super) fn pause(&self, pause: Duration) {
        let waited = self.bell.wait_timeout_while(self.lock(), pause, |pending| !pending.stop);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}
