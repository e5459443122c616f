//! The authority's notices.

use super::*;
use scangate_core::id::NoticeId;
use scangate_core::limits::NOTICES_MAX;
use scangate_core::notice::Notice;

fn notice(registry: &Registry, at: u64, until: Option<u64>) -> Notice {
    let (zh, en) = ("通告".to_owned(), at.to_string());
    Notice { id: registry.make_notice_id().unwrap(), at: Timestamp(at), zh, en, until: until.map(Timestamp) }
}

pub(super) fn notices_listed(store: &TestStore) {
    let registry = store.open();
    assert_eq!(registry.notices().unwrap(), []);
    let (short, long) = (notice(&registry, 1, Some(10)), notice(&registry, 2, None));
    for new in [&short, &long] {
        assert_eq!(registry.add_notice(new.clone()).unwrap(), Ok(new.clone()));
    }
    // A repetition adds nothing, whatever its time.
    let repeated = Notice { at: Timestamp(3), ..long.clone() };
    assert_eq!(registry.add_notice(repeated).unwrap(), Ok(long.clone()));
    let registry = store.again(registry);
    assert_eq!(registry.notices().unwrap(), [long.clone(), short.clone()]);
    // A notice that has ended is dropped, and cannot be ended again.
    let late = notice(&registry, 10, None);
    registry.add_notice(late.clone()).unwrap().unwrap();
    assert_eq!(registry.notices().unwrap(), [late.clone(), long.clone()]);
    assert!(!registry.end_notice(short.id, Timestamp(10)).unwrap());
    assert!(registry.end_notice(long.id, Timestamp(10)).unwrap());
    assert!(!registry.end_notice(NoticeId(7), Timestamp(10)).unwrap());
    assert_eq!(registry.notices().unwrap(), [late]);
}

/// The bound holds for concurrent callers, and each succeeds or is refused.
pub(super) fn notices_bounded(store: &TestStore) {
    let registry = store.open();
    let new: Vec<Notice> = (0..NOTICES_MAX as u64 + 3).map(|at| notice(&registry, at, None)).collect();
    let added = std::thread::scope(|scope| {
        let add = |notice| scope.spawn(|| registry.add_notice(notice).unwrap().is_ok());
        let adding: Vec<_> = new.into_iter().map(add).collect();
        adding.into_iter().map(|adding| adding.join().unwrap()).filter(|added| *added).count()
    });
    assert_eq!((added, registry.notices().unwrap().len()), (NOTICES_MAX, NOTICES_MAX));
}
