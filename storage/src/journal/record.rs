//! A check-in as a record of 64 bytes, with a CRC that binds it to its sequence number.

use rkyv::api::low::{access, to_bytes_in_with_alloc};
use rkyv::ser::allocator::SubAllocator;
use rkyv::ser::writer::Buffer;
use rkyv::util::Align;
use rkyv::{Archive, Serialize, rancor};
use scangate_core::check_in::{CheckIn, Direction, Mode, Outcome, PolicyNumber};
use scangate_core::colour::{Checks, Colour, Reasons, Verdict};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::time::Timestamp;

/// The size of a slot. **Units**: bytes.
pub(super) const SLOT_BYTES: usize = 64;
/// The offset of a slot's CRC.
const CRC_AT: usize = 60;
/// The verdict byte of a check-in without an outcome.
const NO_OUTCOME: u8 = 0;
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
    let outcome = check_in.outcome;
    let record = JournalRecord {
        id: check_in.id.0,
        person: check_in.person.0,
        venue: check_in.venue.0,
        at: check_in.at.0,
        reasons: outcome.map_or(0, |outcome| outcome.reasons.0),
        policy: outcome.map_or(0, |outcome| outcome.policy.0),
        direction: check_in.direction as u8,
        colour: outcome.map_or(0, |outcome| outcome.colour as u8),
        verdict: outcome.map_or(NO_OUTCOME, |outcome| outcome.verdict as u8),
        checks: outcome.map_or(0, |outcome| outcome.checks.0),
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
    let outcome = match record.verdict {
        NO_OUTCOME => None,
        verdict => Some(Outcome {
            colour: Colour::of_byte(record.colour)?,
            verdict: Verdict::of_byte(verdict)?,
            checks: Checks(record.checks),
            reasons: Reasons(record.reasons.to_native()),
            policy: PolicyNumber(record.policy.to_native()),
        }),
    };
    Some(CheckIn {
        id: CheckInId(record.id),
        person: PersonId(record.person.to_native()),
        venue: VenueId(record.venue.to_native()),
        at: Timestamp(record.at.to_native()),
        direction: Direction::of_byte(record.direction)?,
        mode: Mode::of_byte(record.mode)?,
        outcome,
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
