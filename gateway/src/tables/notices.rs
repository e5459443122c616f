//! The authority's notices, in memory: every phone reads them, and they are shown while the registry is down.

use arc_swap::ArcSwap;
use scangate_core::notice::Notice;
use scangate_core::time::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};

/// The notices of a running gateway, newest first.
#[derive(Default)]
pub struct Notices {
    listed: ArcSwap<Vec<Notice>>,
    /// The turn to read the registry, so that an older list never replaces a newer one.
    reading: Mutex<()>,
}

impl Notices {
    /// Begins with these notices.
    #[must_use]
    pub fn new(listed: Vec<Notice>) -> Self {
        Self { listed: ArcSwap::from_pointee(listed), reading: Mutex::default() }
    }

    /// Replaces the list with what `read` returns. **Errors**: those of `read`; the list stays.
    pub fn refresh<E>(&self, read: impl FnOnce() -> Result<Vec<Notice>, E>) -> Result<(), E> {
        let _turn = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        self.listed.store(Arc::new(read()?));
        Ok(())
    }

    /// Every notice, also those that have ended since the last change.
    #[must_use]
    pub fn all(&self) -> Vec<Notice> {
        self.listed.load().to_vec()
    }

    /// The notices in force, newest first.
    #[must_use]
    pub fn in_force(&self, now: Timestamp) -> Vec<Notice> {
        self.listed.load().iter().filter(|notice| notice.is_in_force(now)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_core::id::NoticeId;

    #[test]
    fn only_notices_in_force_are_shown_and_a_failed_read_changes_nothing() {
        let notice = |id, until: Option<u64>| Notice {
            id: NoticeId(id),
            at: Timestamp(0),
            zh: "通告".to_owned(),
            en: "Notice".to_owned(),
            until: until.map(Timestamp),
        };
        let notices = Notices::new(vec![notice(2, Some(10)), notice(1, None)]);
        assert_eq!(notices.refresh(|| Err(())), Err(()));
        assert_eq!(notices.in_force(Timestamp(9)), [notice(2, Some(10)), notice(1, None)]);
        assert_eq!(notices.in_force(Timestamp(10)), [notice(1, None)]);
        assert_eq!(notices.refresh(|| Ok::<_, ()>(vec![notice(3, None)])), Ok(()));
        assert_eq!(notices.all(), [notice(3, None)]);
    }
}
