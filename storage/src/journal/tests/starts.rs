//! Readers, lanes, and starts on the disks of earlier runs.

use super::super::record::{SLOT_BYTES, Sequence};
use super::super::{DiskFile as _, Journal, JournalConfig, JournalError, PushRefusal, RealDisk, inspect};
use super::disk::{CrashRandom, FaultyDisk};
use super::rig::{SEGMENT, check_in, config, open};
use scangate_core::time::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

#[test]
fn a_reader_follows_from_any_place() {
    let disk = Arc::new(FaultyDisk::default());
    let mut rig = open(&disk, &config()).unwrap();
    for number in 0..500 {
        rig.push(number);
        assert!(rig.wait(number + 1));
    }
    for from in (0..500).step_by(37) {
        let mut reader = rig.journal.reader(Sequence(from));
        let mut read = Vec::new();
        while (read.len() as u64) < 500 - from {
            let before = read.len();
            reader.read(before + 1, &mut read).unwrap();
            assert!(read.len() > before);
        }
        let expected: Vec<_> = (from..500).map(check_in).collect();
        assert_eq!(read, expected);
        assert_eq!(reader.next(), Sequence(500));
    }
}

#[test]
fn lanes_of_several_threads_each_see_their_own_progress() {
    let disk = Arc::new(FaultyDisk::default());
    let wakes = (0..3).map(|_| Box::new(|| {}) as _).collect();
    let config = JournalConfig { segment_bytes: 3 * SEGMENT, ..config() };
    let (journal, lanes, _) = Journal::open(&config, Arc::clone(&disk) as _, wakes).unwrap();
    std::thread::scope(|scope| {
        for (number, mut lane) in lanes.into_iter().enumerate() {
            scope.spawn(move || {
                let mut pushed = 0;
                while pushed < 700 {
                    match lane.push(check_in(number as u64 * 1_000 + pushed)) {
                        Ok(ticket) => {
                            assert_eq!(ticket.0, pushed);
                            pushed += 1;
                        }
                        Err(refusal) => {
                            assert_ne!(refusal, PushRefusal::Poisoned);
                            std::thread::yield_now();
                        }
                    }
                }
                while lane.durable() < pushed {
                    assert_ne!(lane.reserve(1), Err(PushRefusal::Poisoned));
                    std::thread::yield_now();
                }
                assert_eq!(lane.durable(), pushed);
            });
        }
    });
    let mut all = Vec::new();
    journal.reader(Sequence(0)).read(usize::MAX, &mut all).unwrap();
    assert_eq!(all.len(), 2_100);
}

#[test]
fn a_start_goes_on_in_the_last_segment() {
    let disk = Arc::new(FaultyDisk::default());
    for start in 0..SEGMENT / SLOT_BYTES as u64 / 4 {
        let mut rig = open(&disk, &config()).unwrap();
        rig.push(start);
        assert!(rig.wait(1));
        if start % 2 == 0 {
            rig.journal.close();
        }
    }
    let found = open(&disk, &config()).unwrap();
    let expected: Vec<_> = (0..SEGMENT / SLOT_BYTES as u64 / 4).map(check_in).collect();
    assert_eq!((found.everything(), found.recovered.damaged.len()), (expected, 0));
    let used = found.journal.space_left();
    assert!(used > 62 * SEGMENT / SLOT_BYTES as u64, "{used} slots are left of 64 segments");
}

#[test]
fn what_a_start_found_unsynced_outlives_power_loss_after_it() {
    let mut random = CrashRandom(7);
    let disk = Arc::new(FaultyDisk::default());
    let mut rig = open(&disk, &config()).unwrap();
    rig.push(0);
    assert!(rig.wait(1));
    rig.kill(&disk);
    // The process was killed between write and sync: the file has the write, the disk does not.
    for file in disk.files.lock().unwrap().values() {
        file.synced.lock().unwrap().fill(0);
    }
    let found = open(&disk, &config()).unwrap();
    assert_eq!(found.everything(), [check_in(0)]);
    for _ in 0..20 {
        let crashed = Arc::new(disk.crash(&mut random));
        assert_eq!(open(&crashed, &config()).unwrap().everything(), [check_in(0)]);
    }
}

#[test]
fn segments_of_another_size_are_not_written_on() {
    let disk = Arc::new(FaultyDisk::default());
    let mut pushed = 0;
    for segment_bytes in [SEGMENT, 2 * SEGMENT, SEGMENT] {
        let config = JournalConfig { segment_bytes, ..config() };
        let mut rig = open(&disk, &config).unwrap();
        for durable in 1..=100 {
            rig.push(pushed);
            pushed += 1;
            assert!(rig.wait(durable));
        }
        rig.journal.checkpoint(rig.journal.durable_end(), Timestamp(u64::MAX)).unwrap();
    }
    let sizes: BTreeSet<_> = disk.files.lock().unwrap().values().map(|file| file.size().unwrap()).collect();
    assert!(sizes.iter().all(|size| [SLOT_BYTES as u64, SEGMENT, 2 * SEGMENT].contains(size)), "{sizes:?}");
    let found = open(&disk, &config()).unwrap();
    assert_eq!(found.recovered.end, Sequence(pushed));
}

#[test]
fn who_looks_sees_what_the_store_does_not_have_and_writes_nothing() {
    let disk = Arc::new(FaultyDisk::default());
    let extent = || inspect(&*disk).map(|found| (found.checkpoint.0, found.end.0)).unwrap();
    assert_eq!(extent(), (0, 0));
    let mut rig = open(&disk, &config()).unwrap();
    (0..50).for_each(|number| rig.push(number));
    assert!(rig.wait(50));
    rig.journal.checkpoint(Sequence(30), Timestamp(0)).unwrap();
    rig.journal.close();
    assert_eq!(extent(), (30, 50));
    let mut rig = open(&disk, &config()).unwrap();
    (50..60).for_each(|number| rig.push(number));
    assert!(rig.wait(10));
    rig.kill(&disk);
    let calls = *disk.fuse.calls.lock().unwrap();
    assert_eq!(extent(), (30, 60));
    assert_eq!(*disk.fuse.calls.lock().unwrap(), calls);
    let rig = open(&disk, &config()).unwrap();
    rig.journal.checkpoint(Sequence(60), Timestamp(u64::MAX)).unwrap();
    rig.journal.close();
    assert_eq!(extent(), (60, 60));
}

#[test]
fn one_folder_one_journal() {
    let folder = tempfile::tempdir().unwrap();
    let held = RealDisk::open(folder.path().join("journal")).unwrap();
    assert!(matches!(RealDisk::open(folder.path().join("journal")), Err(JournalError::Locked { .. })));
    drop(held);
    RealDisk::open(folder.path().join("journal")).unwrap();
}

#[test]
fn the_real_disk_keeps_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    for start in 0..3 {
        let disk = Arc::new(RealDisk::open(folder.path().to_owned()).unwrap());
        let (journal, mut lanes, recovered) = Journal::open(&config(), disk, vec![Box::new(|| {})]).unwrap();
        assert_eq!((recovered.end, recovered.recent.len()), (Sequence(start * 50), start as usize * 50));
        for number in 0..50 {
            while lanes[0].push(check_in(start * 50 + number)).is_err() {
                std::thread::yield_now();
            }
        }
        journal.close();
        assert_eq!(lanes[0].durable(), 50);
    }
}
