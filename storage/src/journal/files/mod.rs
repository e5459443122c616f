//! The journal's files from outside: what commands read beside a running gateway, and what a restore writes.
//! Nothing here takes the folder's lock or starts a thread.

pub(super) mod checkpoint;
mod rebuild;
mod survey;

pub use rebuild::JournalRebuild;
pub use survey::{JournalFiles, JournalSurvey, SegmentFile};

use super::record::{self, SLOT_BYTES, Sequence};
use scangate_core::check_in::CheckIn;

/// The size of a packed record. **Units**: bytes.
pub const RECORD_BYTES: usize = SLOT_BYTES;

/// Appends consecutive records to `into` as slots, as a segment has them. The first one has sequence `first`.
pub fn pack_records(first: Sequence, check_ins: &[CheckIn], into: &mut Vec<u8>) {
    for (number, check_in) in (0..).zip(check_ins) {
        into.extend_from_slice(&record::encode(check_in, first.plus(number)));
    }
}

/// The records of packed slots; none where a slot is damaged or has another sequence.
#[must_use]
pub fn unpack_records(first: Sequence, bytes: &[u8]) -> Option<Vec<CheckIn>> {
    let (slots, rest) = bytes.as_chunks::<SLOT_BYTES>();
    let records = (0..).zip(slots).map(|(number, slot)| record::decode(slot, first.plus(number)));
    rest.is_empty().then(|| records.collect()).flatten()
}

#[cfg(test)]
mod tests;
