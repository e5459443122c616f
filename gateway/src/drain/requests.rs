//! How the back office asks the batcher to catch up, and learns how far it is.

use scangate_core::time::Timestamp;
use scangate_storage::journal::{Journal, Sequence};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How far the trail store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Progress {
    /// Everything before this is stored.
    stored: Sequence,
    /// Everything acknowledged before this time is stored.
    complete_through: Timestamp,
}

/// Asks the batcher to catch up.
pub struct Drains {
    journal: Arc<Journal>,
    asked: Arc<Asked>,
    progress: watch::Receiver<Progress>,
}

/// The batcher's side: says how far it is.
pub(super) struct Publisher(watch::Sender<Progress>);

impl Publisher {
    pub(super) fn publish(&self, stored: Sequence, complete_through: Timestamp) {
        self.0.send_replace(Progress { stored, complete_through });
    }
}

impl Drains {
    pub(super) fn new(journal: Arc<Journal>) -> (Self, Publisher) {
        let nothing = Progress { stored: Sequence(0), complete_through: Timestamp(0) };
        let (publisher, progress) = watch::channel(nothing);
        (Self { journal, asked: Arc::default(), progress }, Publisher(publisher))
    }

    pub(super) fn asked(&self) -> Arc<Asked> {
        Arc::clone(&self.asked)
    }

    /// Asks for a drain at once and waits until it has passed the journal's end as it stands, at most
    /// `wait`. Returns up to when the trails are complete: every check-in acknowledged before then is in.
    pub async fn caught_up(&self, wait: Duration) -> Timestamp {
        let end = self.journal.durable_end();
        let mut progress = self.progress.clone();
        self.asked.drain();
        // Where the wait is over, the answer is what there is, and says so.
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
pub(super) struct Asked {
    wish: Mutex<Wish>,
    bell: Condvar,
}

#[derive(Default)]
struct Wish {
    drain: bool,
    stop: bool,
}

impl Asked {
    fn wish(&self) -> MutexGuard<'_, Wish> {
        self.wish.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn drain(&self) {
        self.wish().drain = true;
        self.bell.notify_all();
    }

    pub(super) fn stop(&self) {
        self.wish().stop = true;
        self.bell.notify_all();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.wish().stop
    }

    /// Waits for a wish, so long at most. Returns whether a drain is wished for at once.
    pub(super) fn wait(&self, at_most: Duration) -> bool {
        let waited = self.bell.wait_timeout_while(self.wish(), at_most, |wish| !wish.drain && !wish.stop);
        let (mut wish, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut wish.drain)
    }

    /// Waits out a pause, which only a stop cuts short.
    pub(super) fn pause(&self, pause: Duration) {
        let waited = self.bell.wait_timeout_while(self.wish(), pause, |wish| !wish.stop);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}
