//! A journal that version 0.1.0 left behind, as this version recovers and continues it.

use super::super::Disk as _;
use super::super::record::{SLOT_BYTES, Sequence};
use super::disk::FaultyDisk;
use super::rig::{SEGMENT, check_in, config, open};
use crate::example::{each_mode, unhex};
use std::sync::Arc;

/// The written slots of the segment, in hexadecimal: its head, a group's head and the group's records.
const SLOTS: &str = include_str!("version_0_1_0.slots");

#[test]
fn the_journal_of_version_0_1_0_is_recovered_and_continued() {
    let disk = Arc::new(FaultyDisk::default());
    let segment = disk.create("00000000000000000001.segment").unwrap();
    segment.write_at(&vec![0; usize::try_from(SEGMENT).unwrap()], 0).unwrap();
    for (number, slot) in (0..).zip(SLOTS.lines()) {
        segment.write_at(&unhex(slot), number * SLOT_BYTES as u64).unwrap();
    }
    segment.sync_data().unwrap();

    let mut rig = open(&disk, &config()).unwrap();
    let mut expected = each_mode();
    assert_eq!(expected.len(), 7);
    assert_eq!(rig.everything(), expected);
    assert_eq!(rig.recovered.end, Sequence(7));
    rig.push(1);
    assert!(rig.wait(1));
    expected.push(check_in(1));
    assert_eq!(rig.everything(), expected);
}
