//! A check-in as a record of 64 bytes, with a CRC that binds it to its sequence number.

use rkyv::api::low::{access, to_bytes_in_with_alloc};
use rkyv::ser::allocator::SubAllocator;
use rkyv::ser::writer::Buffer;
use rkyv::util::Align;
use rkyv::{Archive, Serialize, rancor};
use scangate_core::check_in::{CheckIn, Direction, Mode, OutcomeNumbers};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::time::Timestamp;

/// The size of a slot. **Units**: bytes.
pub(super) const SLOT_BYTES: usize = 64;
/// The offset of a slot's CRC.
const CRC_AT: usize = 60;
const FORMAT: u8 = 1;

/// A record's position among all records ever written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Sequence(pub u64);

impl Sequence {
    /// The sequence `count` records later.
    #[must_use]
    pub const fn plus(self, count: u64) -> Self {
        Self(self.0 + count)
    }
}

/// One slot.
pub(super) type RecordSlot = [u8; SLOT_BYTES];

/// The record as stored in a slot: archived, it is these fields in this order, without padding.
#[derive(Archive, Serialize)]
#[rkyv(derive(Clone, Copy))]
struct JournalRecord {
    id: [u8; 16],
    person: u64,
    venue: u64,
    at: u64,
    reasons: u64,
    policy: u32,
    direction: u8,
    colour: u8,
    verdict: u8,
    checks: u8,
    mode: u8,
    format: u8,
    spare: u16,
    crc: u32,
}

const _: () = assert!(size_of::<ArchivedJournalRecord>() == SLOT_BYTES);

/// Encodes a check-in into a slot, for this sequence.
pub(super) fn encode(check_in: &CheckIn, sequence: Sequence) -> RecordSlot {
    let OutcomeNumbers { colour, verdict, checks, policy, reasons } = check_in.outcome.into();
    let record = JournalRecord {
        id: check_in.id.0,
        person: check_in.person.0,
        venue: check_in.venue.0,
        at: check_in.at.0,
        reasons,
        policy,
        direction: check_in.direction as u8,
        colour,
        verdict,
        checks,
        mode: check_in.mode as u8,
        format: FORMAT,
        spare: 0,
        crc: 0,
    };
    let mut aligned = Align([0; SLOT_BYTES]);
    let writer = Buffer::from(&mut aligned.0[..]);
    to_bytes_in_with_alloc::<_, _, rancor::Error>(&record, writer, SubAllocator::empty())
        .expect("a record holds no pointer and exactly fills its slot");
    let mut slot = aligned.0;
    seal(&mut slot, sequence);
    slot
}

/// Decodes a check-in from a slot; none where the slot is damaged, has another sequence or another format.
pub(super) fn decode(slot: &RecordSlot, sequence: Sequence) -> Option<CheckIn> {
    if !is_sealed(slot, sequence) {
        return None;
    }
    let aligned = Align(*slot);
    let record = access::<ArchivedJournalRecord, rancor::Error>(&aligned.0[..]).ok()?;
    if record.format != FORMAT {
        return None;
    }
    let outcome = OutcomeNumbers {
        colour: record.colour,
        verdict: record.verdict,
        checks: record.checks,
        policy: record.policy.to_native(),
        reasons: record.reasons.to_native(),
    };
    Some(CheckIn {
        id: CheckInId(record.id),
        person: PersonId(record.person.to_native()),
        venue: VenueId(record.venue.to_native()),
        at: Timestamp(record.at.to_native()),
        direction: Direction::of_byte(record.direction)?,
        mode: Mode::of_byte(record.mode)?,
        outcome: outcome.outcome().ok()?,
    })
}

/// Writes a slot's CRC, mixed with its sequence.
pub(super) fn seal(slot: &mut RecordSlot, sequence: Sequence) {
    let crc = crc(slot, sequence);
    slot[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
}

/// Whether a slot's CRC matches its bytes and sequence.
pub(super) fn is_sealed(slot: &RecordSlot, sequence: Sequence) -> bool {
    slot[CRC_AT..] == crc(slot, sequence).to_le_bytes()
}

fn crc(slot: &RecordSlot, sequence: Sequence) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&sequence.0.to_le_bytes());
    hasher.update(&slot[..CRC_AT]);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::check_in;

    #[test]
    fn a_slot_has_these_bytes_before_its_crc() {
        let slot = encode(&check_in(), Sequence(7));
        let expected = [
            &[0xa5; 16][..],
            &[8, 7, 6, 5, 4, 3, 2, 1],
            &[0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11],
            &[0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21],
            &[0x38, 0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31],
            &[0x44, 0x43, 0x42, 0x41],
            &[1, 2, 2, 5, 1, 1, 0, 0],
        ];
        assert_eq!(slot[..CRC_AT], expected.concat());
        assert_eq!(decode(&slot, Sequence(7)), Some(check_in()));
        assert_eq!(decode(&slot, Sequence(8)), None);
    }
}
