//! The checkpoint file: how much of the journal the store has.

use crate::journal::disk::Disk;
use crate::journal::record::{RecordSlot, SLOT_BYTES, Sequence};
use crate::journal::segment::{self, Header, HeaderKind};

/// The file's name.
pub(super) const NAME: &str = "checkpoint";
const UNFINISHED: &str = "checkpoint.unfinished";

/// Records that the store has everything before `sequence`.
pub(in crate::journal) fn write(disk: &dyn Disk, sequence: Sequence) -> std::io::Result<()> {
    let file = disk.create(UNFINISHED)?;
    file.write_at(&encode(sequence), 0)?;
    file.sync_data()?;
    disk.rename(UNFINISHED, NAME)?;
    disk.sync_folder()
}

/// The checkpoint, or the beginning where none can be read: draining again costs only time.
pub(in crate::journal) fn read(disk: &dyn Disk) -> Sequence {
    let read = || -> Option<Sequence> {
        let mut slot = [0; SLOT_BYTES];
        disk.open(NAME).ok()?.read_at(&mut slot, 0).ok()?;
        decode(&slot)
    };
    read().unwrap_or_default()
}

/// The file's content.
pub(super) fn encode(sequence: Sequence) -> RecordSlot {
    segment::encode(HeaderKind::Segment, Header { segment: 0, first: sequence, count: 0 })
}

/// The checkpoint in the file's content; none where it is damaged.
pub(super) fn decode(slot: &RecordSlot) -> Option<Sequence> {
    segment::decode(HeaderKind::Segment, slot).map(|header| header.first)
}
