//! Reading slots that may be damaged: recovery reads whole segments, the reader parts of them. This module
//! distinguishes a torn tail from corruption, keeps everything intact, and never panics.

use super::record::{self, RecordSlot, SLOT_BYTES, Sequence};
use super::segment::{self, Header, HeaderKind};
use scangate_core::check_in::CheckIn;

/// A damaged slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// The segment.
    pub segment: u64,
    /// The slot's number in the segment, from 0. **Units**: 64 bytes.
    pub slot: u64,
}

/// The result of opening a journal.
#[derive(Debug, Default)]
pub struct RecoveryReport {
    /// The sequence before which the store has everything.
    pub checkpoint: Sequence,
    /// The sequence after the last record.
    pub end: Sequence,
    /// Slots lost to corruption: damage that intact records follow, or damage in a journal closed in order.
    pub damaged: Vec<Damage>,
    /// Where a crash cut off the last group. None of the missing records was acknowledged.
    pub torn_tail: Option<Damage>,
    /// The check-ins since [`JournalConfig::recent_since`](super::JournalConfig::recent_since), for the table
    /// of recent ones.
    pub recent: Vec<CheckIn>,
}

/// An item that a scan of slots yields.
#[derive(Debug)]
pub(super) enum ScanItem {
    /// The start of a group, and whether its header is intact.
    Group(bool),
    /// An intact record: its slot, sequence and check-in.
    Record(u64, Sequence, CheckIn),
    /// A slot that does not hold what belongs there.
    Damaged(u64),
    /// The seal of a segment closed in order, and its slot.
    Seal(u64),
}

/// Scans the slots of `bytes`, which begin at slot `from` of a segment, at the start of a group. The next
/// record is expected to have sequence `next`. Returns the sequence after the last record that is accounted
/// for.
///
/// A group is followed by a slot of zeros until the next one is written over it: the scan ends at such a
/// slot.
pub(super) fn scan(
    bytes: &[u8],
    from: u64,
    segment: u64,
    mut next: Sequence,
    mut found: impl FnMut(ScanItem),
) -> Sequence {
    let (slots, _) = bytes.as_chunks::<SLOT_BYTES>();
    let mut at = 0;
    while at < slots.len() {
        let number = from + at as u64;
        let Some(header) = group_header(&slots[at], segment, next) else {
            if slots[at] == [0; SLOT_BYTES] {
                return next;
            }
            found(ScanItem::Group(false));
            found(ScanItem::Damaged(number));
            at += 1;
            // The header is damaged, but the records carry their own CRCs.
            while let Some(check_in) = slots.get(at).and_then(|slot| record::decode(slot, next)) {
                found(ScanItem::Record(from + at as u64, next, check_in));
                next = next.plus(1);
                at += 1;
            }
            at = resume(slots, at, segment, next, from, &mut found);
            continue;
        };
        if header.count == 0 {
            found(ScanItem::Seal(number));
            return header.first;
        }
        found(ScanItem::Group(true));
        next = header.first;
        let end = (at + 1 + header.count as usize).min(slots.len());
        for (number, slot) in (from + at as u64 + 1..).zip(&slots[at + 1..end]) {
            found(match record::decode(slot, next) {
                Some(check_in) => ScanItem::Record(number, next, check_in),
                None => ScanItem::Damaged(number),
            });
            next = next.plus(1);
        }
        at = end;
    }
    next
}

/// Finds the next group after damage. The slots up to it are damaged too.
fn resume(
    slots: &[RecordSlot],
    at: usize,
    segment: u64,
    next: Sequence,
    from: u64,
    found: &mut impl FnMut(ScanItem),
) -> usize {
    let rest = &slots[at..];
    match rest.iter().position(|slot| group_header(slot, segment, next).is_some()) {
        Some(skipped) => {
            (at..at + skipped).for_each(|slot| found(ScanItem::Damaged(from + slot as u64)));
            at + skipped
        }
        None => slots.len(),
    }
}

/// A group's header, if this slot holds one of this use of the segment. After a damaged group header the
/// number of its records is unknown, so a later header may have a higher sequence than expected, never a
/// lower one.
fn group_header(slot: &RecordSlot, segment: u64, next: Sequence) -> Option<Header> {
    let header = segment::decode(HeaderKind::Group, slot)?;
    (header.segment == segment && header.first >= next).then_some(header)
}

/// The result of scanning a whole segment.
#[derive(Debug)]
pub(super) struct SegmentScan {
    pub(super) first: Sequence,
    pub(super) end: Sequence,
    /// The slots up to and including the last one in use; 0 if the segment was never used.
    pub(super) slots: u64,
    /// The damaged slots that something intact in a later group follows.
    pub(super) damaged: Vec<u64>,
    /// The first damaged slot that nothing intact follows.
    pub(super) torn: Option<u64>,
    /// The slot of the seal, if the segment was closed in order.
    pub(super) seal: Option<u64>,
}

/// Scans a whole segment. `expected` is the sequence after the segment before. `record` receives every intact
/// check-in.
pub(super) fn scan_segment(
    bytes: &[u8],
    number: u64,
    expected: Sequence,
    mut record: impl FnMut(Sequence, CheckIn),
) -> SegmentScan {
    let header = bytes.first_chunk().and_then(|slot| segment::decode(HeaderKind::Segment, slot));
    let header = header.filter(|header| header.segment == number);
    let first = header.map_or(expected, |header| header.first);
    let mut damaged = Vec::new();
    // Damage is corruption only if something intact stands in a later group: a crash may leave any part of
    // the last group. The segment's header was written with its first group.
    let (mut before, mut last) = (Vec::new(), Vec::from_iter(header.is_none().then_some(0)));
    let mut is_first = true;
    let mut slots = u64::from(header.is_some());
    let mut seal = None;
    let body = bytes.get(SLOT_BYTES..).unwrap_or_default();
    let end = scan(body, 1, number, first, |found| match found {
        ScanItem::Group(_) if is_first => is_first = false,
        ScanItem::Group(is_intact) => {
            before.append(&mut last);
            if is_intact {
                damaged.append(&mut before);
            }
        }
        ScanItem::Record(slot, sequence, check_in) => {
            damaged.append(&mut before);
            slots = slot + 1;
            record(sequence, check_in);
        }
        ScanItem::Seal(slot) => {
            damaged.append(&mut before);
            damaged.append(&mut last);
            slots = slot + 1;
            seal = Some(slot);
        }
        ScanItem::Damaged(slot) => last.push(slot),
    });
    SegmentScan { first, end, slots, damaged, torn: before.first().or(last.first()).copied(), seal }
}

/// The slot in `bytes` of the last group header that is not at its start.
pub(super) fn last_group(bytes: &[u8], segment: u64, next: Sequence) -> Option<u64> {
    let (slots, _) = bytes.as_chunks::<SLOT_BYTES>();
    let last = slots.iter().rposition(|slot| group_header(slot, segment, next).is_some())?;
    (last > 0).then_some(last as u64)
}
