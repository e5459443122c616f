//! The payload of a row: the fields of a check-in that are not in the row's key. It is stored in column
//! `said`.
//!
//! **Shape**, integers big-endian: format (1), direction, mode, colour, verdict (0 for none), checks (1
//! each), policy (4), reasons (8).

use scangate_core::check_in::{CheckIn, Direction, Mode, Outcome, PolicyNumber};
use scangate_core::colour::{Checks, Colour, Reasons, Verdict};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::time::Timestamp;

/// The size of a payload. **Units**: bytes.
pub(super) const BYTES: usize = 18;
const FORMAT: u8 = 1;

pub(super) fn encode(check_in: &CheckIn) -> [u8; BYTES] {
    let mut payload = [0; BYTES];
    payload[..3].copy_from_slice(&[FORMAT, check_in.direction as u8, check_in.mode as u8]);
    if let Some(Outcome { colour, verdict, checks, reasons, policy }) = check_in.outcome {
        payload[3..6].copy_from_slice(&[colour as u8, verdict as u8, checks.0]);
        payload[6..10].copy_from_slice(&policy.0.to_be_bytes());
        payload[10..].copy_from_slice(&reasons.0.to_be_bytes());
    }
    payload
}

/// Decodes a payload into a check-in whose ids and time are zero; none where a byte has no valid meaning.
pub(super) fn decode(bytes: &[u8]) -> Option<CheckIn> {
    let payload: &[u8; BYTES] = bytes.try_into().ok()?;
    let [format, direction, mode, colour, verdict, checks, policy @ ..] = payload;
    if *format != FORMAT {
        return None;
    }
    let outcome = match verdict {
        0 => None,
        &verdict => Some(Outcome {
            colour: Colour::of_byte(*colour)?,
            verdict: Verdict::of_byte(verdict)?,
            checks: Checks(*checks),
            policy: PolicyNumber(u32::from_be_bytes(*policy.first_chunk()?)),
            reasons: Reasons(u64::from_be_bytes(*policy.last_chunk()?)),
        }),
    };
    Some(CheckIn {
        id: CheckInId([0; 16]),
        person: PersonId(0),
        venue: VenueId(0),
        at: Timestamp(0),
        direction: Direction::of_byte(*direction)?,
        mode: Mode::of_byte(*mode)?,
        outcome,
    })
}
