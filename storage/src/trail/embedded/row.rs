//! A check-in as a row of a block.
//!
//! **Shape**, integers big-endian: owner (8), time (8), id (16), the other id (8), reasons (8), policy (4),
//! direction, colour, verdict (0 for none), checks, mode (1 each). The owner is the person in the persons'
//! index, and the venue in the venues'. Owner, time and id are the sort key: rows compare as bytes.

use super::Index;
use scangate_core::check_in::{CheckIn, Direction, Mode, OutcomeNumbers, Precedence};
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
    let OutcomeNumbers { colour, verdict, checks, policy, reasons } = check_in.outcome.into();
    row[40..48].copy_from_slice(&reasons.to_be_bytes());
    row[48..52].copy_from_slice(&policy.to_be_bytes());
    row[52..].copy_from_slice(&[check_in.direction as u8, colour, verdict, checks, check_in.mode as u8]);
    row
}

/// The precedence among rows with one key; none where a byte has no valid meaning.
pub(super) fn precedence(row: &BlockRow) -> Option<Precedence> {
    // The ids have no part in it, so either index will do.
    decode(Index::Persons, row).map(|check_in| check_in.precedence())
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
    let outcome = OutcomeNumbers {
        colour: row[53],
        verdict: row[54],
        checks: row[55],
        policy: u32::from_be_bytes(policy),
        reasons: number(40),
    };
    Some(CheckIn {
        id: CheckInId(id),
        person: PersonId(person),
        venue: VenueId(venue),
        at: Timestamp(number(8)),
        direction: Direction::of_byte(row[52])?,
        mode: Mode::of_byte(row[56])?,
        outcome: outcome.outcome().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::check_in;

    #[test]
    fn a_row_has_these_bytes() {
        let row = encode(Index::Venues, &check_in());
        let expected = [
            &[0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18][..],
            &[0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28],
            &[0xa5; 16],
            &[1, 2, 3, 4, 5, 6, 7, 8],
            &[0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38],
            &[0x41, 0x42, 0x43, 0x44],
            &[1, 2, 2, 5, 1],
        ];
        assert_eq!(row[..], expected.concat());
        assert_eq!(decode(Index::Venues, &row), Some(check_in()));
        let imported = encode(Index::Persons, &CheckIn { outcome: None, ..check_in() });
        assert_eq!(imported[40..], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    }
}
