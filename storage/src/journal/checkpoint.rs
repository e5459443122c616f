//! The checkpoint file: how much of the journal the store has.

use super::disk::Disk;
use super::record::{SLOT_BYTES, Sequence};
use super::segment::{self, Header, HeaderKind};

const NAME: &str = "checkpoint";
const UNFINISHED: &str = "checkpoint.unfinished";

/// Records that the store has everything before `sequence`.
pub(super) fn write(disk: &dyn Disk, sequence: Sequence) -> std::io::Result<()> {
    let file = disk.create(UNFINISHED)?;
    let header = Header { segment: 0, first: sequence, count: 0 };
    file.write_at(&segment::encode(HeaderKind::Segment, header), 0)?;
    file.sync_data()?;
    disk.rename(UNFINISHED, NAME)?;
    disk.sync_folder()
}

/// The checkpoint, or the beginning where none can be read: draining again costs only time.
pub(super) fn read(disk: &dyn Disk) -> Sequence {
    let read = || -> Option<Sequence> {
        let mut slot = [0; SLOT_BYTES];
        disk.open(NAME).ok()?.read_at(&mut slot, 0).ok()?;
        segment::decode(HeaderKind::Segment, &slot).map(|header| header.first)
    };
    read().unwrap_or_default()
}
