//! Crashes and rot: acknowledged records survive, and damage is found.

use super::super::JournalConfig;
use super::super::record::{self, SLOT_BYTES, Sequence};
use super::super::recover::scan_segment;
use super::super::segment::{self, Header, HeaderKind};
use super::disk::{CrashRandom, FaultyDisk};
use super::rig::{JournalRig, LANE, SEGMENT, check_in, config, open};
use std::collections::BTreeSet;
use std::sync::Arc;

#[test]
fn what_was_acknowledged_is_read_back_in_order_across_segments_and_restarts() {
    let disk = Arc::new(FaultyDisk::default());
    let mut pushed = Vec::new();
    for start in 0..4 {
        let mut rig = open(&disk, &config()).unwrap();
        assert_eq!(rig.everything(), pushed);
        assert_eq!((rig.recovered.torn_tail, rig.recovered.damaged.len()), (None, 0));
        for number in 0..300 {
            rig.push(start * 300 + number);
            pushed.push(check_in(start * 300 + number));
            assert!(rig.wait(number + 1));
        }
        assert_eq!(rig.everything(), pushed);
        rig.journal.close();
    }
}

/// Pushes records in random bursts, sometimes waiting for them. Returns the number after the last.
fn push_some(rig: &mut JournalRig, random: &mut CrashRandom, first: u64, bursts: u64) -> u64 {
    let mut number = first;
    for _ in 0..bursts {
        for _ in 0..=random.next() % 6 {
            rig.push(number);
            number += 1;
        }
        if random.coin() {
            assert!(rig.wait(number - first));
        }
    }
    number
}

/// Leaves a group of this many records written but not synced. Returns the number after the last.
fn hold_a_group(rig: &mut JournalRig, disk: &FaultyDisk, first: u64, count: u64) -> u64 {
    disk.gate.set(Some(0));
    rig.push(first);
    disk.gate.wait_until_held();
    for number in 1..count {
        rig.push(first + number);
    }
    if count > 1 {
        let durable = rig.lane.durable();
        disk.gate.set(Some(1));
        assert!(rig.wait(durable + 1));
        disk.gate.wait_until_held();
    }
    first + count.max(1)
}

/// Crashes the disk and opens what is left: nothing that was acknowledged is missing, nothing is doubled, and
/// every record was pushed. Returns the disk and the numbers that are on it.
fn crash_and_check(
    disk: &FaultyDisk,
    random: &mut CrashRandom,
    promised: &BTreeSet<u64>,
    pushed: u64,
) -> (Arc<FaultyDisk>, BTreeSet<u64>) {
    let crashed = Arc::new(disk.crash(random));
    let found = open(&crashed, &config()).unwrap();
    let all = found.everything();
    assert!(all.iter().all(|found| *found == check_in(found.person.0) && found.person.0 < pushed));
    let numbers: BTreeSet<_> = all.iter().map(|check_in| check_in.person.0).collect();
    assert_eq!(numbers.len(), all.len(), "doubled");
    assert!(promised.is_subset(&numbers), "lost {:?}", promised.difference(&numbers));
    assert_eq!(found.recovered.damaged, [], "a crash is no corruption");
    found.kill(&crashed);
    (crashed, numbers)
}

#[test]
fn no_crash_loses_what_was_acknowledged_or_invents_anything() {
    let mut random = CrashRandom(0x5ca9_9a7e);
    for _ in 0..60 {
        let disk = Arc::new(FaultyDisk::default());
        let mut rig = open(&disk, &config()).unwrap();
        let bursts = random.next() % 40;
        let pushed = push_some(&mut rig, &mut random, 0, bursts);
        for _ in 0..20 {
            // The promise is read before the disk image: the image need not hold what is acknowledged later.
            let promised = (0..rig.lane.durable()).collect();
            crash_and_check(&disk, &mut random, &promised, pushed);
        }
    }
}

#[test]
fn no_row_of_crashes_loses_anything_either() {
    let mut random = CrashRandom(0x0dd_ba11);
    for _ in 0..40 {
        let mut disk = Arc::new(FaultyDisk::default());
        let mut promised = BTreeSet::new();
        let mut pushed = 0;
        for _ in 0..12 {
            let mut rig = open(&disk, &config()).unwrap();
            let bursts = random.next() % 12;
            let first = pushed;
            pushed = push_some(&mut rig, &mut random, first, bursts);
            assert!(rig.wait(pushed - first));
            let held = random.next() % LANE as u64;
            pushed = hold_a_group(&mut rig, &disk, pushed, held);
            promised.extend(first..first + rig.lane.durable());
            // Recovered records count as acknowledged: a repeated scan is answered from them.
            let (crashed, found) = crash_and_check(&disk, &mut random, &promised, pushed);
            disk.gate.set(None);
            disk = crashed;
            promised = found;
        }
    }
}

#[test]
fn every_flipped_byte_is_found_and_costs_its_own_record_only() {
    let disk = Arc::new(FaultyDisk::default());
    let config = JournalConfig { segment_bytes: 1_100 * SLOT_BYTES as u64, ..config() };
    let mut rig = open(&disk, &config).unwrap();
    for number in 0..400 {
        rig.push(number);
        assert!(rig.wait(number + 1));
    }
    rig.journal.close();
    let files = disk.files.lock().unwrap();
    let name = files.keys().find(|name| name.ends_with("1.segment")).unwrap();
    let whole = files[name].live.lock().unwrap().clone();
    let used = 801 * SLOT_BYTES;
    for at in 0..used {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        let mut found = Vec::new();
        let scan = scan_segment(&bytes, 1, Sequence(0), |_, check_in| found.push(check_in));
        assert!(!scan.damaged.is_empty() || scan.torn.is_some(), "byte {at} was not found");
        let lost = 400 - found.len();
        assert!(lost <= 1, "byte {at} cost {lost} records");
        assert!(found.iter().all(|found| *found == check_in(found.person.0)));
    }
}

/// A segment with one group for each range of numbers, and zeros behind.
fn segment_of(groups: &[std::ops::Range<u64>]) -> Vec<u8> {
    let header = |first, count| Header { segment: 1, first: Sequence(first), count };
    let mut bytes = segment::encode(HeaderKind::Segment, header(0, 0)).to_vec();
    for group in groups {
        let count = (group.end - group.start) as u32;
        bytes.extend(segment::encode(HeaderKind::Group, header(group.start, count)));
        group.clone().for_each(|number| bytes.extend(record::encode(&check_in(number), Sequence(number))));
    }
    bytes.resize(SEGMENT as usize, 0);
    bytes
}

#[test]
fn whatever_a_crash_leaves_of_the_last_group_is_no_corruption() {
    let whole = segment_of(&[0..3, 3..10]);
    let group = 5..5 + 1 + 7;
    for survives in 0..1_u32 << group.len() {
        let mut bytes = whole.clone();
        for slot in group.clone().filter(|slot| survives >> (slot - group.start) & 1 == 0) {
            bytes[slot * SLOT_BYTES..][..SLOT_BYTES].fill(0);
        }
        let mut found = Vec::new();
        let scan = scan_segment(&bytes, 1, Sequence(0), |_, check_in| found.push(check_in.person.0));
        assert!(scan.damaged.is_empty(), "{survives:b}");
        assert!(found.starts_with(&[0, 1, 2]) && found.is_sorted(), "{survives:b} gives {found:?}");
        let has_header = survives & 1 == 1;
        let records = if has_header { (survives >> 1).count_ones() } else { 0 };
        assert!(found.len() >= 3 + records as usize, "{survives:b} gives {found:?}");
        assert_eq!(scan.torn.is_some(), has_header && records < 7, "{survives:b}");
    }
}

#[test]
fn nor_is_whatever_it_leaves_of_the_first_group_and_the_header() {
    let whole = segment_of(std::slice::from_ref(&(0..4)));
    for survives in 0..1_u32 << 6 {
        let mut bytes = whole.clone();
        for slot in (0..6).filter(|slot| survives >> slot & 1 == 0) {
            bytes[slot * SLOT_BYTES..][..SLOT_BYTES].fill(0);
        }
        let scan = scan_segment(&bytes, 1, Sequence(0), |_, _| {});
        assert!(scan.damaged.is_empty(), "{survives:b}");
    }
    let mut bytes = segment_of(&[0..4, 4..5]);
    bytes[..SLOT_BYTES].fill(0);
    assert_eq!(
        scan_segment(&bytes, 1, Sequence(0), |_, _| {}).damaged,
        [0],
        "a later group tells it was whole"
    );
}

#[test]
fn damage_before_the_last_group_is_corruption_however_little_is_left_of_that() {
    let whole = segment_of(&[0..3, 3..6]);
    for left in 5..9 {
        let mut bytes = whole.clone();
        bytes[3 * SLOT_BYTES + 9] ^= 1;
        bytes[5 * SLOT_BYTES + 9] ^= u8::from(left > 5);
        for slot in (6..9).filter(|slot| *slot != left) {
            bytes[slot * SLOT_BYTES + 9] ^= 1;
        }
        let scan = scan_segment(&bytes, 1, Sequence(0), |_, _| {});
        // Without its header, only the part of a group directly behind the damage can be recognised.
        assert_eq!(scan.damaged == [3], left <= 6, "only slot {left} of the last group is left");
    }
}
