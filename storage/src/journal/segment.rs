//! Segments: files of a fixed number of slots, named by their number. They are zeroed and synced before their
//! first use, and recycled once the store has all their records.

use super::disk::{Disk, DiskFile};
use super::record::{RecordSlot, SLOT_BYTES, Sequence, is_sealed, seal};
use scangate_core::time::Timestamp;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The format version of segments and groups.
pub(super) const FORMAT: u8 = 1;
const SEGMENT_MAGIC: [u8; 7] = *b"SGSEGMT";
const GROUP_MAGIC: [u8; 7] = *b"SGGROUP";
const ENDING: &str = ".segment";
/// The write size when a file is zeroed. **Units**: bytes.
const ZEROS_BYTES: usize = 1 << 20;

/// A segment in use.
pub(super) struct Segment {
    pub(super) number: u64,
    /// The sequence of its first record.
    pub(super) first: Sequence,
    pub(super) file: Arc<dyn DiskFile>,
    /// The slots on disk, including the header.
    pub(super) slots: AtomicU64,
    /// The sequence after its last durable record.
    pub(super) end: AtomicU64,
    /// The latest time of a check-in in the segment.
    pub(super) latest: AtomicU64,
}

impl Segment {
    pub(super) fn end(&self) -> Sequence {
        Sequence(self.end.load(Ordering::Acquire))
    }

    pub(super) fn latest(&self) -> Timestamp {
        Timestamp(self.latest.load(Ordering::Acquire))
    }
}

/// The file name of a segment.
pub(super) fn name(number: u64) -> String {
    format!("{number:020}{ENDING}")
}

/// The number of a segment's file; none for other files.
pub(super) fn number(name: &str) -> Option<u64> {
    name.strip_suffix(ENDING)?.parse().ok()
}

/// Makes a file of zeros by writing them, so that neither a full disk nor block allocation can delay a group
/// later.
pub(super) fn create(disk: &dyn Disk, number: u64, slots: u64) -> io::Result<Arc<dyn DiskFile>> {
    // The file has another name until it is complete, so that every file with a segment's name has a
    // segment's length.
    let unfinished = "unfinished";
    let file = disk.create(unfinished)?;
    let zeros = vec![0; ZEROS_BYTES];
    let bytes = slots * SLOT_BYTES as u64;
    let mut written = 0;
    while written < bytes {
        let size = usize::try_from(bytes - written).map_or(ZEROS_BYTES, |left| left.min(ZEROS_BYTES));
        file.write_at(&zeros[..size], written)?;
        written += size as u64;
    }
    file.sync_data()?;
    disk.rename(unfinished, &name(number))?;
    disk.sync_folder()?;
    Ok(file)
}

/// The content of a header slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) segment: u64,
    pub(super) first: Sequence,
    /// The number of records that follow; 0 in a segment's header and in a seal.
    pub(super) count: u32,
}

/// The kind of a header slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderKind {
    Segment,
    Group,
}

impl HeaderKind {
    const fn magic(self) -> [u8; 7] {
        match self {
            Self::Segment => SEGMENT_MAGIC,
            Self::Group => GROUP_MAGIC,
        }
    }
}

/// Encodes a header slot: magic (7), format (1), segment (8), first sequence (8), count (4), zeros, CRC (4)
/// mixed with the first sequence.
pub(super) fn encode(kind: HeaderKind, header: Header) -> RecordSlot {
    let mut slot = [0; SLOT_BYTES];
    slot[..7].copy_from_slice(&kind.magic());
    slot[7] = FORMAT;
    slot[8..16].copy_from_slice(&header.segment.to_le_bytes());
    slot[16..24].copy_from_slice(&header.first.0.to_le_bytes());
    slot[24..28].copy_from_slice(&header.count.to_le_bytes());
    seal(&mut slot, header.first);
    slot
}

/// Decodes a header slot; none where it is damaged or of another kind.
pub(super) fn decode(kind: HeaderKind, slot: &RecordSlot) -> Option<Header> {
    if slot[..7] != kind.magic() {
        return None;
    }
    let field = |at: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&slot[at..at + 8]);
        u64::from_le_bytes(bytes)
    };
    let first = Sequence(field(16));
    let mut count = [0; 4];
    count.copy_from_slice(&slot[24..28]);
    is_sealed(slot, first).then(|| Header { segment: field(8), first, count: u32::from_le_bytes(count) })
}

/// The format version in a segment's header slot, whether or not this version knows it.
pub(super) fn format_of(slot: &RecordSlot) -> Option<u8> {
    (slot[..7] == SEGMENT_MAGIC).then_some(slot[7])
}
