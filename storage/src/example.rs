//! Check-ins for the tests that hold the bytes of the stored formats.

use scangate_core::check_in::{CheckIn, Direction, Mode, Outcome, PolicyNumber};
use scangate_core::colour::{Checks, Colour, Reasons, Verdict};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::time::{DAY_MS, HOUR_MS, Timestamp};

/// One whose fields all differ.
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

/// A check-in of each origin that version 0.1.0 had, at two venues on two days.
pub(crate) fn each_mode() -> Vec<CheckIn> {
    const MIDNIGHT: u64 = 18_997 * DAY_MS;
    let check_in = |byte: u8| {
        let number = u64::from(byte);
        Some(CheckIn {
            id: CheckInId([byte + 1; 16]),
            person: PersonId(1 + number % 3),
            venue: VenueId(100 + number % 2),
            at: Timestamp(MIDNIGHT - 3 * HOUR_MS + number * HOUR_MS),
            direction: if byte == 2 { Direction::Out } else { Direction::In },
            mode: Mode::of_byte(byte)?,
            outcome: (byte < 6).then_some(Outcome {
                colour: [Colour::Green, Colour::Yellow, Colour::Red][usize::from(byte) % 3],
                verdict: [Verdict::Pass, Verdict::Check, Verdict::Refuse][usize::from(byte) % 3],
                checks: if byte % 3 == 1 { Checks::FULL } else { Checks::NONE },
                reasons: Reasons::rule(byte.into()),
                policy: PolicyNumber(1),
            }),
        })
    };
    (0..=Mode::Import as u8).filter_map(check_in).collect()
}

/// The bytes of a fixture's hexadecimal text.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(byte).collect()
}
