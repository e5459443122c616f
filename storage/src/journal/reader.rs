//! Follows the journal in order, for whoever takes its check-ins to the store.

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

/// A place in the journal.
pub struct Reader {
    shared: Arc<Shared>,
    /// What is before this was read.
    next: Sequence,
    place: Option<Cursor>,
    bytes: Vec<u8>,
}

/// Where the next group begins.
#[derive(Clone)]
struct Cursor {
    segment: Arc<Segment>,
    slot: u64,
    /// The sequence expected there.
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
        Self { shared, next: from, place: None, bytes: Vec::new() }
    }

    /// The sequence of the next record.
    #[must_use]
    pub fn next(&self) -> Sequence {
        self.next
    }

    /// Appends the check-ins that are on disk from the reader's place on, whole groups, until `into` holds
    /// `max` or more or the durable end is reached. Damaged records are passed over: recovery has reported
    /// them. **Cost**: a read of the page cache, and a CRC a record. **Errors**: the disk's; the place stays.
    pub fn read(&mut self, max: usize, into: &mut Vec<CheckIn>) -> Result<(), JournalError> {
        while into.len() < max
            && let Some(place) = self.place()
        {
            self.place = Some(self.read_chunk(place, into)?);
        }
        Ok(())
    }

    /// Where there is something to read; none at the durable end.
    fn place(&self) -> Option<Cursor> {
        let mut place = match &self.place {
            Some(place) => place.clone(),
            None => Cursor::start_of(self.shared.holding(self.next)?),
        };
        while place.is_at_end() {
            // Asked in this order, since a segment may grow until it is past.
            if !self.shared.is_past(&place.segment) || !place.is_at_end() {
                return (!place.is_at_end()).then_some(place);
            }
            place = Cursor::start_of(self.shared.after(&place.segment)?);
        }
        Some(place)
    }

    fn read_chunk(&mut self, place: Cursor, into: &mut Vec<CheckIn>) -> Result<Cursor, JournalError> {
        let Cursor { segment, slot, sequence } = place;
        let left = segment.slots.load(Ordering::Acquire) - slot;
        let mut slots = left.min(CHUNK_SLOTS);
        self.fill(&segment, slot, slots)?;
        if slots < left {
            // The chunk ends where its last group begins. A group is far smaller than a chunk, so that
            // there is one; if damage has hidden them all, the rest is read at once.
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
