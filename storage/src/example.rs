//! One check-in whose fields all differ, for the tests that hold the bytes of the stored formats.

use scangate_core::check_in::{CheckIn, Direction, Mode, Outcome, PolicyNumber};
use scangate_core::colour::{Checks, Colour, Reasons, Verdict};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::time::Timestamp;

/// The check-in.
pub(crate) fn check_in() -> CheckIn {
    CheckIn {
        id: CheckInId([0xa5; 16]),
        person: PersonId(0x0102_0304_0506_0708),
        venue: VenueId(0x1112_1314_1516_1718),
        at: Timestamp(0x2122_2324_2526_2728),
        direction: Direction::Out,
        mode: Mode::Door,
        outcome: Some(Outcome {
            colour: Colour::Yellow,
            verdict: Verdict::Check,
            checks: Checks(5),
            reasons: Reasons(0x3132_3334_3536_3738),
            policy: PolicyNumber(0x4142_4344),
        }),
    }
}
