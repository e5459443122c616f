//! A check-in as a row of a block.
//!
//! **Shape**, integers big-endian: owner (8), time (8), id (16), the other id (8), reasons (8), policy (4),
//! direction, colour, verdict (0 for none), checks, mode (1 each). The owner is the person in the persons'
//! index, and the venue in the venues'. Owner, time and id are the sort key: rows compare as bytes.

use super::Index;
use scangate_core::check_in::{self, CheckIn, Direction, Mode, Outcome, PolicyNumber};
use scangate_core::colour::{Checks, Colour, Reasons, Verdict};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::time::Timestamp;

/// The size of a row. **Units**: bytes.
pub(super) const ROW_BYTES: usize = 57;
/// The size of its sort key. **Units**: bytes.
pub(super) const KEY_BYTES: usize = 32;

/// A packed row.
pub(super) type BlockRow = [u8; ROW_BYTES];

/// Encodes a check-in as a row of an index.
pub(super) fn encode(index: Index, check_in: &CheckIn) -> BlockRow {
    let mut row = [0; ROW_BYTES];
    row[0..8].copy_from_slice(&index.owner(check_in).to_be_bytes());
    row[8..16].copy_from_slice(&check_in.at.0.to_be_bytes());
    row[16..32].copy_from_slice(&check_in.id.0);
    row[32..40].copy_from_slice(&index.other(check_in).to_be_bytes());
    if let Some(outcome) = check_in.outcome {
        row[40..48].copy_from_slice(&outcome.reasons.0.to_be_bytes());
        row[48..52].copy_from_slice(&outcome.policy.0.to_be_bytes());
        row[53] = outcome.colour as u8;
        row[54] = outcome.verdict as u8;
        row[55] = outcome.checks.0;
    }
    row[52] = check_in.direction as u8;
    row[56] = check_in.mode as u8;
    row
}

/// The rank of the door's answer among rows with one key: the highest is its final answer.
pub(super) fn finality(row: &BlockRow) -> u32 {
    Verdict::of_byte(row[54]).map_or(0, |verdict| check_in::finality(verdict, Checks(row[55])))
}

/// Decodes a row of an index; none where a byte has no valid meaning.
pub(super) fn decode(index: Index, row: &BlockRow) -> Option<CheckIn> {
    let number = |at: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&row[at..at + 8]);
        u64::from_be_bytes(bytes)
    };
    let mut id = [0; 16];
    id.copy_from_slice(&row[16..32]);
    let mut policy = [0; 4];
    policy.copy_from_slice(&row[48..52]);
    let (person, venue) = match index {
        Index::Persons => (number(0), number(32)),
        Index::Venues => (number(32), number(0)),
    };
    let outcome = match row[54] {
        0 => None,
        verdict => Some(Outcome {
            colour: Colour::of_byte(row[53])?,
            verdict: Verdict::of_byte(verdict)?,
            checks: Checks(row[55]),
            reasons: Reasons(number(40)),
            policy: PolicyNumber(u32::from_be_bytes(policy)),
        }),
    };
    Some(CheckIn {
        id: CheckInId(id),
        person: PersonId(person),
        venue: VenueId(venue),
        at: Timestamp(number(8)),
        direction: Direction::of_byte(row[52])?,
        mode: Mode::of_byte(row[56])?,
        outcome,
    })
}
