//! How the back office wakes a worker's loop: a stream's waker notes the stream and rings once. The loop
//! takes all that were noted in one pass.

use super::stream_key::StreamKey;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};
use tokio::sync::Notify;

/// A worker's bell. Noted streams are bounded by the streams that are open.
#[derive(Default)]
pub struct Bell {
    noted: Mutex<Vec<StreamKey>>,
    ring: Arc<Notify>,
}

impl Bell {
    /// What the loop waits on; the journal rings it too.
    #[must_use]
    pub fn ring(&self) -> &Arc<Notify> {
        &self.ring
    }

    /// Moves what was noted to `into`.
    pub fn take(&self, into: &mut Vec<StreamKey>) {
        into.append(&mut self.noted.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A waker that notes this stream.
    #[must_use]
    pub fn waker(self: &Arc<Self>, key: StreamKey) -> Waker {
        Waker::from(Arc::new(StreamBell { bell: Arc::clone(self), key }))
    }
}

struct StreamBell {
    bell: Arc<Bell>,
    key: StreamKey,
}

impl Wake for StreamBell {
    fn wake(self: Arc<Self>) {
        let mut noted = self.bell.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if !noted.contains(&self.key) {
            noted.push(self.key);
        }
        drop(noted);
        self.bell.ring.notify_one();
    }
}
