//! Files that are read beside a journal's writer, files that a restore has written, and the hold.

use super::{JournalFiles, JournalRebuild, JournalSurvey, pack_records, unpack_records};
use crate::journal::tests::rig::{check_in, config};
use crate::journal::{Journal, JournalConfig, JournalError, Lane, RealDisk, RecoveryReport, Sequence};
use scangate_core::check_in::CheckIn;
use scangate_core::time::Timestamp;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;

/// After every check-in of these tests.
const LATER: Timestamp = Timestamp(1 << 40);

fn open(folder: &Path, config: &JournalConfig) -> (Journal, Lane, RecoveryReport) {
    let disk = RealDisk::open(folder.to_owned()).unwrap();
    let (journal, mut lanes, recovered) =
        Journal::open(config, Arc::new(disk), vec![Box::new(|| {})]).unwrap();
    (journal, lanes.remove(0), recovered)
}

/// Pushes the check-ins of these numbers, and waits until they are durable.
fn push(journal: &Journal, lane: &mut Lane, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let end = journal.durable_end().plus(1);
        lane.push(check_in(number)).unwrap();
        while journal.durable_end() < end {
            thread::yield_now();
        }
    }
}

fn survey(folder: &Path) -> (JournalSurvey, Vec<(u64, CheckIn)>) {
    let mut found = Vec::new();
    let survey = JournalFiles::open(folder).unwrap().survey(|sequence, check_in| {
        found.push((sequence.0, check_in));
        Ok::<_, JournalError>(())
    });
    (survey.unwrap(), found)
}

fn numbered(numbers: std::ops::Range<u64>) -> Vec<(u64, CheckIn)> {
    numbers.map(|number| (number, check_in(number))).collect()
}

#[test]
fn files_are_read_beside_their_writer_and_damage_has_a_place() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, mut lane, _) = open(folder.path(), &config());
    push(&journal, &mut lane, 0..100);
    journal.checkpoint(Sequence(40), Timestamp(0)).unwrap();
    let (read, found) = survey(folder.path());
    assert_eq!(found, numbered(0..100));
    assert_eq!((read.checkpoint, read.end, read.torn_tail), (Sequence(40), Sequence(100), None));
    assert_eq!(read.segments.iter().map(|segment| segment.records).sum::<u64>(), 100);
    assert_eq!(read.segments[0].times.unwrap().0, check_in(0).at);
    journal.close();
    let first = folder.path().join(read.segments[0].name());
    let mut bytes = fs::read(&first).unwrap();
    // The second slot is the header of the first group, and the third its record.
    bytes[2 * 64 + 7] ^= 1;
    fs::write(&first, bytes).unwrap();
    let (read, found) = survey(folder.path());
    assert_eq!(found, numbered(1..100));
    assert_eq!(read.damaged[0].place(), (read.segments[0].name(), 128));
    assert!(read.segments.last().unwrap().is_sealed);
}

#[test]
fn a_journal_continues_after_rebuilt_files() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let mut rebuild = JournalRebuild::create(&journal).unwrap();
    let records = |numbers: std::ops::Range<u64>| numbers.map(check_in).collect::<Vec<_>>();
    rebuild.push(Sequence(500), &records(500..507)).unwrap();
    // Two records of the backup's source were damaged.
    rebuild.push(Sequence(509), &records(509..520)).unwrap();
    rebuild.finish(Sequence(505), Sequence(522)).unwrap();
    let expected = [numbered(500..507), numbered(509..520)].concat();
    let (read, found) = survey(&journal);
    assert_eq!((found, read.end, read.damaged.len()), (expected, Sequence(522), 0));
    let (reopened, mut lane, recovered) = open(&journal, &config());
    assert_eq!((recovered.checkpoint, recovered.end), (Sequence(505), Sequence(522)));
    assert_eq!((recovered.damaged.len(), recovered.torn_tail), (0, None));
    push(&reopened, &mut lane, 522..530);
    let mut drained = Vec::new();
    reopened.reader(Sequence(505)).read(usize::MAX, &mut drained).unwrap();
    let expected: Vec<CheckIn> = [505..507, 509..520, 522..530].into_iter().flatten().map(check_in).collect();
    assert_eq!(drained, expected);
}

#[test]
fn a_journal_of_which_all_is_stored_is_rebuilt_from_its_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    for (name, end) in [("drained", 70), ("lost", 75)] {
        let journal = folder.path().join(name);
        JournalRebuild::create(&journal).unwrap().finish(Sequence(70), Sequence(end)).unwrap();
        let (_journal, _lane, recovered) = open(&journal, &config());
        assert_eq!((recovered.checkpoint, recovered.end), (Sequence(70), Sequence(end)), "{name}");
        assert!(recovered.damaged.is_empty() && recovered.torn_tail.is_none(), "{name}");
    }
}

#[test]
fn packed_records_carry_their_sequence() {
    let check_ins: Vec<CheckIn> = (3..6).map(check_in).collect();
    let mut bytes = Vec::new();
    pack_records(Sequence(3), &check_ins, &mut bytes);
    assert_eq!(unpack_records(Sequence(3), &bytes), Some(check_ins));
    assert_eq!(unpack_records(Sequence(4), &bytes), None);
    assert_eq!(unpack_records(Sequence(3), &bytes[1..]), None);
}

#[test]
fn held_segments_outlive_their_checkpoint_until_space_is_short() {
    let folder = tempfile::tempdir().unwrap();
    let config = JournalConfig { disk_bytes_max: 8 * config().segment_bytes, ..config() };
    let (journal, mut lane, _) = open(folder.path(), &config);
    let used = || survey(folder.path()).0.segments.len();
    push(&journal, &mut lane, 0..200);
    let (hold, before) = (journal.hold().unwrap(), used());
    assert!(before > 1 && journal.hold().is_none());
    journal.checkpoint(journal.durable_end(), LATER).unwrap();
    assert!(hold.is_whole() && survey(folder.path()).1 == numbered(0..200));
    push(&journal, &mut lane, 200..400);
    journal.checkpoint(journal.durable_end(), LATER).unwrap();
    assert!(!hold.is_whole());
    drop(hold);
    assert!(journal.hold().is_some_and(|hold| hold.is_whole()));
}
