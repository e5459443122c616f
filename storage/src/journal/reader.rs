//! Reads the journal in order, for the batcher.

use super::record::{SLOT_BYTES, Sequence};
use super::recover::{ScanItem, scan};
use super::segment::Segment;
use super::shared::Shared;
use super::{JournalError, recover};
use scangate_core::check_in::CheckIn;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Slots read from the disk at a time: 4 MiB.
const CHUNK_SLOTS: u64 = 65_536;

/// A reader at a position in the journal.
pub struct Reader {
    shared: Arc<Shared>,
    /// The sequence of the next record: everything before it was read.
    next: Sequence,
    cursor: Option<Cursor>,
    bytes: Vec<u8>,
}

/// The position of the next group.
#[derive(Clone)]
struct Cursor {
    segment: Arc<Segment>,
    slot: u64,
    /// The expected sequence of its first record.
    sequence: Sequence,
}

impl Cursor {
    fn start_of(segment: Arc<Segment>) -> Self {
        Self { slot: 1, sequence: segment.first, segment }
    }

    fn is_at_end(&self) -> bool {
        self.slot >= self.segment.slots.load(Ordering::Acquire)
    }
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>, from: Sequence) -> Self {
        Self { shared, next: from, cursor: None, bytes: Vec::new() }
    }

    /// The sequence of the next record.
    #[must_use]
    pub fn next(&self) -> Sequence {
        self.next
    }

    /// Appends durable check-ins from the reader's position on, in whole groups, until `into` holds at least
    /// `max` or the durable end is reached. Damaged records are skipped: recovery has reported them.
    /// **Cost**: a read of the page cache, and a CRC a record. **Errors**: the disk's; the position does not
    /// change.
    pub fn read(&mut self, max: usize, into: &mut Vec<CheckIn>) -> Result<(), JournalError> {
        while into.len() < max
            && let Some(cursor) = self.cursor()
        {
            self.cursor = Some(self.read_chunk(cursor, into)?);
        }
        Ok(())
    }

    /// The position of the next unread group; none at the durable end.
    fn cursor(&self) -> Option<Cursor> {
        let mut cursor = match &self.cursor {
            Some(cursor) => cursor.clone(),
            None => Cursor::start_of(self.shared.segment_of(self.next)?),
        };
        while cursor.is_at_end() {
            // The order of these checks matters: a segment may grow until it is past.
            if !self.shared.is_past(&cursor.segment) || !cursor.is_at_end() {
                return (!cursor.is_at_end()).then_some(cursor);
            }
            cursor = Cursor::start_of(self.shared.segment_after(&cursor.segment)?);
        }
        Some(cursor)
    }

    fn read_chunk(&mut self, cursor: Cursor, into: &mut Vec<CheckIn>) -> Result<Cursor, JournalError> {
        let Cursor { segment, slot, sequence } = cursor;
        let left = segment.slots.load(Ordering::Acquire) - slot;
        let mut slots = left.min(CHUNK_SLOTS);
        self.fill(&segment, slot, slots)?;
        if slots < left {
            // The chunk ends where its last group begins. A group is far smaller than a chunk, so a chunk
            // holds the start of one. If damage has hidden them all, the rest is read in one chunk.
            slots = recover::last_group(&self.bytes, segment.number, sequence).unwrap_or(left);
            self.fill(&segment, slot, slots)?;
        }
        let from = self.next;
        let next = scan(&self.bytes, slot, segment.number, sequence, |found| match found {
            ScanItem::Record(_, sequence, check_in) if sequence >= from => into.push(check_in),
            ScanItem::Group(_) | ScanItem::Record(..) | ScanItem::Damaged(_) | ScanItem::Seal(_) => {}
        });
        self.next = self.next.max(next);
        Ok(Cursor { segment, slot: slot + slots, sequence: next })
    }

    fn fill(&mut self, segment: &Segment, slot: u64, slots: u64) -> Result<(), JournalError> {
        let size = usize::try_from(slots).map_err(std::io::Error::other)? * SLOT_BYTES;
        self.bytes.resize(size, 0);
        Ok(segment.file.read_at(&mut self.bytes, slot * SLOT_BYTES as u64)?)
    }
}
