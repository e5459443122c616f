//! Full segments, full journals, full disks, and calls that fail.

use super::super::record::{SLOT_BYTES, Sequence};
use super::super::writer::Writer;
use super::super::{Journal, JournalConfig, PushRefusal, WakeLane};
use super::disk::FaultyDisk;
use super::rig::{LANE, SEGMENT, check_in, config, open};
use scangate_core::time::Timestamp;
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::Instant;

#[test]
fn a_group_never_outgrows_its_segment() {
    let disk = Arc::new(FaultyDisk::default());
    let mut rig = open(&disk, &config()).unwrap();
    let shared = Arc::clone(&rig.journal.shared);
    // The thread has ended, so the test performs its steps.
    rig.journal.close();
    let mut writer = Writer::new(shared, Sequence(0));
    for number in 0..3 * LANE as u64 {
        let _ = rig.lane.push(check_in(number));
        writer.gather_more(Instant::now());
    }
    assert_eq!(rig.lane.reserve(1), Err(PushRefusal::Overloaded));
}

#[test]
fn many_lanes_share_what_a_segment_holds() {
    let open = |lanes| {
        let wakes = (0..lanes).map(|_| Box::new(|| {}) as WakeLane).collect();
        Journal::open(&config(), Arc::new(FaultyDisk::default()), wakes)
    };
    let (journal, lanes, _) = open(20).unwrap();
    assert!(lanes.iter().all(|lane| lane.reserve(1).is_ok()));
    assert!(journal.shared.lanes_records() * 3 < SEGMENT as usize / SLOT_BYTES);
    assert!(open(60).is_err(), "a lane must hold something");
}

#[test]
fn whichever_call_fails_nothing_promised_is_lost() {
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::Other] {
        for fails in 0..80 {
            let disk = Arc::new(FaultyDisk::default());
            let Ok(mut rig) = open(&disk, &config()) else { panic!("nothing has failed yet") };
            *disk.fuse.left.lock().unwrap() = Some((fails, kind));
            let mut pushed = 0;
            while pushed < 200 && rig.lane.push(check_in(pushed)).is_ok() {
                pushed += 1;
                if !rig.wait(pushed) {
                    break;
                }
            }
            let promised = rig.lane.durable();
            *disk.fuse.left.lock().unwrap() = None;
            if rig.journal.is_poisoned() {
                assert_eq!(rig.lane.push(check_in(0)), Err(PushRefusal::Poisoned));
            }
            drop(rig.journal);
            let found = open(&disk, &config()).unwrap();
            let ids: BTreeSet<_> = found.everything().iter().map(|check_in| check_in.id).collect();
            assert!((0..promised).all(|number| ids.contains(&check_in(number).id)), "call {fails}, {kind}");
        }
    }
}

#[test]
fn a_full_journal_refuses_and_heals_when_the_store_has_taken_its_backlog() {
    let disk = Arc::new(FaultyDisk::default());
    let config = JournalConfig { disk_bytes_max: 3 * SEGMENT, ..config() };
    let mut rig = open(&disk, &config).unwrap();
    let mut pushed = 0;
    let refused = loop {
        match rig.lane.push(check_in(pushed)) {
            Ok(_) => pushed += 1,
            Err(PushRefusal::Overloaded) => {}
            Err(refusal) => break refusal,
        }
        assert!(rig.wait(pushed));
    };
    assert_eq!(refused, PushRefusal::Full);
    assert!(rig.wait(pushed));
    rig.journal.checkpoint(rig.journal.durable_end(), Timestamp(u64::MAX)).unwrap();
    while rig.journal.is_full() {
        std::thread::yield_now();
    }
    for _ in 0..100 {
        rig.push(pushed);
        pushed += 1;
        assert!(rig.wait(pushed));
    }
    rig.kill(&disk);
    // Recycled segments neither return their old records nor look torn.
    let found = open(&disk, &config).unwrap();
    assert_eq!((found.recovered.torn_tail, found.recovered.damaged.len()), (None, 0));
    let mut left = Vec::new();
    found.journal.reader(found.recovered.checkpoint).read(usize::MAX, &mut left).unwrap();
    assert_eq!(left, (pushed - 100..pushed).map(check_in).collect::<Vec<_>>());
}

#[test]
fn what_a_filling_journal_takes_it_has_room_for() {
    let config = JournalConfig { disk_bytes_max: SEGMENT, ..config() };
    for singles in 0..SEGMENT / SLOT_BYTES as u64 / 2 {
        let disk = Arc::new(FaultyDisk::default());
        let mut rig = open(&disk, &config).unwrap();
        let mut pushed = 0;
        while pushed < singles && rig.lane.push(check_in(pushed)).is_ok() {
            pushed += 1;
            assert!(rig.wait(pushed));
        }
        // One group is being synced, and a full lane waits behind it.
        disk.gate.set(Some(0));
        if rig.lane.push(check_in(pushed)).is_ok() {
            pushed += 1;
            disk.gate.wait_until_held();
        }
        while rig.lane.push(check_in(pushed)).is_ok() {
            pushed += 1;
        }
        disk.gate.set(None);
        assert!(rig.wait(pushed), "after {singles}, {} of {pushed} got room", rig.lane.durable());
    }
}

#[test]
fn a_disk_without_room_refuses_and_heals_by_itself() {
    let disk = Arc::new(FaultyDisk::default());
    *disk.segments_max.lock().unwrap() = Some(2);
    let mut rig = open(&disk, &config()).unwrap();
    let mut pushed = 0;
    while rig.lane.push(check_in(pushed)) != Err(PushRefusal::Full) {
        pushed += 1;
        assert!(rig.wait(pushed));
    }
    *disk.segments_max.lock().unwrap() = None;
    while rig.journal.is_full() {
        std::thread::yield_now();
    }
    let before = rig.lane.durable();
    rig.push(pushed);
    assert!(rig.wait(before + 1));
}
