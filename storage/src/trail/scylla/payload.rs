//! The payload of a row: the fields of a check-in that are not in the row's key. It is stored in column
//! `said`.
//!
//! **Shape**, integers big-endian: format (1), direction, mode, colour, verdict (0 for none), checks (1
//! each), policy (4), reasons (8).

use scangate_core::check_in::{CheckIn, Direction, Mode, OutcomeNumbers};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::time::Timestamp;

/// The size of a payload. **Units**: bytes.
pub(super) const BYTES: usize = 18;
const FORMAT: u8 = 1;

pub(super) fn encode(check_in: &CheckIn) -> [u8; BYTES] {
    let mut payload = [0; BYTES];
    payload[..3].copy_from_slice(&[FORMAT, check_in.direction as u8, check_in.mode as u8]);
    let OutcomeNumbers { colour, verdict, checks, policy, reasons } = check_in.outcome.into();
    payload[3..6].copy_from_slice(&[colour, verdict, checks]);
    payload[6..10].copy_from_slice(&policy.to_be_bytes());
    payload[10..].copy_from_slice(&reasons.to_be_bytes());
    payload
}

/// Decodes a payload into a check-in whose ids and time are zero; none where a byte has no valid meaning.
pub(super) fn decode(bytes: &[u8]) -> Option<CheckIn> {
    let payload: &[u8; BYTES] = bytes.try_into().ok()?;
    let [format, direction, mode, colour, verdict, checks, policy @ ..] = payload;
    if *format != FORMAT {
        return None;
    }
    let outcome = OutcomeNumbers {
        colour: *colour,
        verdict: *verdict,
        checks: *checks,
        policy: u32::from_be_bytes(*policy.first_chunk()?),
        reasons: u64::from_be_bytes(*policy.last_chunk()?),
    };
    Some(CheckIn {
        id: CheckInId([0; 16]),
        person: PersonId(0),
        venue: VenueId(0),
        at: Timestamp(0),
        direction: Direction::of_byte(*direction)?,
        mode: Mode::of_byte(*mode)?,
        outcome: outcome.outcome().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::check_in;

    #[test]
    fn a_payload_has_these_bytes() {
        let bytes = encode(&check_in());
        let expected =
            [1, 1, 1, 2, 2, 5, 0x41, 0x42, 0x43, 0x44, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38];
        assert_eq!(bytes, expected);
        assert_eq!(decode(&expected).unwrap().outcome, check_in().outcome);
        assert_eq!(encode(&CheckIn { outcome: None, ..check_in() })[3..], [0; 15]);
    }
}
