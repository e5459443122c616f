//! A check-in: the record of a person at a venue's door, with the time and the door's outcome. The journal
//! and the trails store check-ins; tracers read them.

use crate::colour::{Checks, Colour, Reasons, Verdict};
use crate::id::{CheckInId, PersonId, VenueId};
use crate::time::{Step, Timestamp};
use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

/// The direction through the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Direction {
    /// In: a visit begins.
    #[default]
    In = 0,
    /// Out: the person's visit at that venue ends.
    Out = 1,
}

impl Direction {
    /// The direction of a stored byte.
    #[must_use]
    pub const fn of_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::In),
            1 => Some(Self::Out),
            _ => None,
        }
    }
}

/// The origin of a check-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Mode {
    /// The person scanned a poster, which does not prove that the person was there.
    Poster = 0,
    /// The person scanned a door's changing code, which proves presence.
    Door = 1,
    /// A terminal scanned the person's code.
    Terminal = 2,
    /// A terminal scanned a paper pass.
    PaperPass = 3,
    /// Another person's request checked this person in.
    Proxy = 4,
    /// A terminal sent it later, because its link had been down.
    Late = 5,
    /// It was imported from another register.
    Import = 6,
    /// A terminal scanned another city's certificate. The person is its subject's pseudonym.
    Certificate = 7,
}

impl Mode {
    /// The word for the evidence that a check-in of this origin is, in answers to tracers.
    #[must_use]
    pub const fn evidence(self) -> &'static str {
        match self {
            Self::Poster => "poster",
            Self::Door => "door",
            Self::Terminal => "terminal",
            Self::PaperPass => "paper",
            Self::Proxy => "companion",
            Self::Late => "late",
            Self::Import => "import",
            Self::Certificate => "certificate",
        }
    }

    /// The mode of a stored byte.
    #[must_use]
    pub const fn of_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Poster),
            1 => Some(Self::Door),
            2 => Some(Self::Terminal),
            3 => Some(Self::PaperPass),
            4 => Some(Self::Proxy),
            5 => Some(Self::Late),
            6 => Some(Self::Import),
            7 => Some(Self::Certificate),
            _ => None,
        }
    }
}

/// The registry's number of a published rule pack; 0 for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct PolicyNumber(pub u32);

/// The outcome of a check-in at a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The colour at that moment.
    pub colour: Colour,
    /// The door's verdict.
    pub verdict: Verdict,
    /// The checks that are still to be done.
    pub checks: Checks,
    /// The reasons for the colour and the verdict.
    pub reasons: Reasons,
    /// The rule pack that decided.
    pub policy: PolicyNumber,
}

impl Outcome {
    /// The outcome of the same check-in after the staff have done more at the door. A fever refuses and is
    /// added to the reasons. Checks that are done are removed, if the person's colour and the rule pack are
    /// still those of the decision. Nothing else changes a decision: the next code gets the new colour or
    /// pack. None if nothing changes.
    #[must_use]
    pub fn amended_by(self, later: Self) -> Option<Self> {
        if self.verdict == Verdict::Refuse {
            return None;
        }
        if later.reasons.has(Reasons::FEVER) {
            let reasons = self.reasons.and(Reasons::FEVER);
            return Some(Self { verdict: Verdict::Refuse, checks: Checks::NONE, reasons, ..self });
        }
        let checks = self.checks.common(later.checks);
        let is_same_decision = (self.colour, self.policy) == (later.colour, later.policy);
        if later.verdict == Verdict::Refuse || !is_same_decision || checks == self.checks {
            return None;
        }
        let verdict = if checks.is_empty() { Verdict::Pass } else { Verdict::Check };
        Some(Self { verdict, checks, ..self })
    }
}

/// An outcome as the numbers that every stored format writes: the journal's records, the embedded store's
/// rows and the CQL store's values. Each format has its own order and byte order.
///
/// **Shape**: colour, verdict and reasons have the values of their types. A check-in without an outcome is
/// zero in every field; no outcome has a verdict of zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutcomeNumbers {
    /// The colour's byte.
    pub colour: u8,
    /// The verdict's byte; 0 for no outcome.
    pub verdict: u8,
    /// The checks' bits.
    pub checks: u8,
    /// The rule pack's number.
    pub policy: u32,
    /// The reasons' bits.
    pub reasons: u64,
}

impl From<Option<Outcome>> for OutcomeNumbers {
    fn from(outcome: Option<Outcome>) -> Self {
        let Some(Outcome { colour, verdict, checks, reasons, policy }) = outcome else {
            return Self::default();
        };
        Self {
            colour: colour as u8,
            verdict: verdict as u8,
            checks: checks.0,
            policy: policy.0,
            reasons: reasons.0,
        }
    }
}

/// A stored byte is not a colour or not a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a stored outcome")]
pub struct OutcomeError;

impl OutcomeNumbers {
    /// The outcome of these numbers; none where no door answered.
    pub fn outcome(self) -> Result<Option<Outcome>, OutcomeError> {
        if self.verdict == 0 {
            return Ok(None);
        }
        Ok(Some(Outcome {
            colour: Colour::of_byte(self.colour).ok_or(OutcomeError)?,
            verdict: Verdict::of_byte(self.verdict).ok_or(OutcomeError)?,
            checks: Checks(self.checks),
            reasons: Reasons(self.reasons),
            policy: PolicyNumber(self.policy),
        }))
    }
}

/// The sort key among records of one check-in, of which the least counts: see [`CheckIn::precedence`].
///
/// The order is total: two records with equal keys are equal. Every reader thus chooses the same record, in
/// whatever order it finds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Precedence {
    is_late: bool,
    at: Timestamp,
    rank: u32,
    // Without a meaning of their own: they only make the order total.
    rest: (u64, u32, u8),
}

impl Precedence {
    /// The number of ranks.
    pub const RANKS: u32 = 2 * OUTCOME_RANKS * COLOURS * MODES;

    /// The rank among records of one time: live before late, then the outcome that counts before the others,
    /// then colour and mode. Records that differ in one of these have different ranks.
    /// **Units**: 0 to [`Self::RANKS`], exclusive; the least counts.
    #[must_use]
    pub const fn rank(self) -> u32 {
        if self.is_late { Self::RANKS / 2 + self.rank } else { self.rank }
    }
}

/// The number of colours and of modes.
const COLOURS: u32 = Colour::Red as u32 + 1;
const MODES: u32 = Mode::Certificate as u32 + 1;

/// The number of ranks that the outcomes of records of one time have, live or late.
const OUTCOME_RANKS: u32 = u8::BITS + 4;

/// The rank of a live record's outcome: the most final one counts, since it is the later one.
fn live_rank(outcome: Option<&Outcome>) -> u32 {
    outcome.map_or(OUTCOME_RANKS - 1, |outcome| match outcome.verdict {
        Verdict::Refuse => 0,
        Verdict::Pass => 1,
        Verdict::Check => 2 + outcome.checks.0.count_ones(),
    })
}

/// The rank of a late record's outcome: a refusal cuts a visit to a second, so it counts least.
fn late_rank(outcome: Option<&Outcome>) -> u32 {
    outcome.map_or(OUTCOME_RANKS - 1, |outcome| match outcome.verdict {
        Verdict::Pass => 0,
        Verdict::Check => 1,
        Verdict::Refuse => 2,
    })
}

/// The rank of a record's colour: a known one counts before one that a gateway could not know.
const fn colour_rank(colour: u8) -> u32 {
    let unknown = Colour::Unknown as u32;
    (colour as u32 + COLOURS - unknown - 1) % COLOURS
}

/// A check-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckIn {
    /// Derived from the codes and the time of the scan: see [`check_in_id`].
    pub id: CheckInId,
    /// The person.
    pub person: PersonId,
    /// The venue.
    pub venue: VenueId,
    /// The time by the server's clock; for a late or imported check-in, the time in the request.
    pub at: Timestamp,
    /// The direction.
    pub direction: Direction,
    /// The origin.
    pub mode: Mode,
    /// The outcome at the door; none for an import, which no door answered.
    pub outcome: Option<Outcome>,
}

impl CheckIn {
    /// Whether the door turned the person away. The visit is then one second long.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.outcome.is_some_and(|outcome| outcome.verdict == Verdict::Refuse)
    }

    /// The sort key among records of one id, of which the least counts. A live record comes before a late
    /// one. Of two live ones the earlier comes first, and at the same time the more final outcome. Of two
    /// late ones the earlier comes first, and at the same time the one that let the person in. If all of
    /// these are equal, a known colour comes before an unknown one. Colour and mode decide the rest, so that
    /// every store keeps the same record.
    #[must_use]
    pub fn precedence(&self) -> Precedence {
        let is_late = self.mode == Mode::Late;
        let outcome_rank = if is_late { late_rank } else { live_rank }(self.outcome.as_ref());
        let OutcomeNumbers { colour, checks, policy, reasons, .. } = self.outcome.into();
        let rank = (outcome_rank * COLOURS + colour_rank(colour)) * MODES + self.mode as u32;
        Precedence { is_late, at: self.at, rank, rest: (reasons, policy, checks) }
    }
}

/// The moment that, with person, venue and direction, identifies a check-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The step of the person's code, or the server's step for a paper pass or a certificate.
    Step(Step),
    /// The time of an imported check-in.
    At(Timestamp),
}

/// The id of a check-in: the first 16 bytes of SHA-256 over a domain, person, venue, direction and moment.
/// Two gateways thus agree on the id without communicating.
///
/// **Shape**: `"scangate check-in"` ‖ person (8) ‖ venue (8) ‖ direction (1) ‖ 0 ‖ step (4), or ‖ 1 ‖ ms (8);
/// integers big-endian.
#[must_use]
pub fn check_in_id(person: PersonId, venue: VenueId, direction: Direction, moment: Moment) -> CheckInId {
    const DOMAIN: &[u8; 17] = b"scangate check-in";
    let mut named = [0; 17 + 8 + 8 + 1 + 1 + 8];
    named[..17].copy_from_slice(DOMAIN);
    named[17..25].copy_from_slice(&person.0.to_be_bytes());
    named[25..33].copy_from_slice(&venue.0.to_be_bytes());
    named[33] = direction as u8;
    let end = match moment {
        Moment::Step(step) => {
            named[35..39].copy_from_slice(&step.0.to_be_bytes());
            39
        }
        Moment::At(at) => {
            named[34] = 1;
            named[35..43].copy_from_slice(&at.0.to_be_bytes());
            43
        }
    };
    let whole = digest::digest(&digest::SHA256, &named[..end]);
    let mut id = [0; 16];
    id.copy_from_slice(&whole.as_ref()[..16]);
    CheckInId(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_the_name_counts() {
        let person = PersonId(1);
        let venue = VenueId(2);
        let step = Moment::Step(Step(3));
        let id = check_in_id(person, venue, Direction::In, step);
        assert_eq!(id, check_in_id(person, venue, Direction::In, step));
        for other in [
            check_in_id(PersonId(2), venue, Direction::In, step),
            check_in_id(person, VenueId(3), Direction::In, step),
            check_in_id(person, venue, Direction::Out, step),
            check_in_id(person, venue, Direction::In, Moment::Step(Step(4))),
            check_in_id(person, venue, Direction::In, Moment::At(Timestamp(3))),
        ] {
            assert_ne!(id, other);
        }
    }

    fn outcome() -> Outcome {
        Outcome {
            colour: Colour::Yellow,
            verdict: Verdict::Check,
            checks: Checks::TEMPERATURE.and(Checks::FULL),
            reasons: Reasons::FEVER.and(Reasons::rule(3)),
            policy: PolicyNumber(0x0102_0304),
        }
    }

    #[test]
    fn of_records_of_one_id_a_live_one_counts_then_the_earlier_then_the_outcome() {
        let record = |mode, at, verdict, checks| CheckIn {
            id: CheckInId([1; 16]),
            person: PersonId(1),
            venue: VenueId(2),
            at: Timestamp(at),
            direction: Direction::In,
            mode,
            outcome: Some(Outcome { verdict, checks, ..outcome() }),
        };
        let of_unknown = |record: CheckIn| {
            let outcome = record.outcome.map(|outcome| Outcome { colour: Colour::Unknown, ..outcome });
            CheckIn { outcome, ..record }
        };
        use Mode::{Late, Poster, Terminal};
        use Verdict::{Check, Pass, Refuse};
        let (one, both) = (Checks::FULL, Checks::FULL.and(Checks::TEMPERATURE));
        let in_order = [
            record(Poster, 5, Refuse, Checks::NONE),
            record(Terminal, 5, Pass, Checks::NONE),
            of_unknown(record(Poster, 5, Pass, Checks::NONE)),
            record(Poster, 5, Check, one),
            record(Poster, 5, Check, both),
            CheckIn { outcome: None, ..record(Poster, 5, Check, both) },
            record(Terminal, 6, Refuse, Checks::NONE),
            record(Late, 4, Pass, Checks::NONE),
            of_unknown(record(Late, 4, Pass, Checks::NONE)),
            record(Late, 4, Check, Checks::MANUAL),
            record(Late, 4, Refuse, Checks::NONE),
            record(Late, 5, Pass, Checks::NONE),
        ];
        for (number, one) in in_order.iter().enumerate() {
            for (other_number, other) in in_order.iter().enumerate() {
                let expected = number.cmp(&other_number);
                assert_eq!(one.precedence().cmp(&other.precedence()), expected, "{one:?} {other:?}");
                if one.at == other.at {
                    assert_eq!(one.precedence().rank().cmp(&other.precedence().rank()), expected);
                }
            }
            assert!(one.precedence().rank() < Precedence::RANKS);
        }
        let all = record(Poster, 5, Check, Checks(u8::MAX));
        let none = CheckIn { outcome: None, ..all };
        assert!(all.precedence() < none.precedence() && none.precedence().rank() < Precedence::RANKS);
    }

    #[test]
    fn a_retry_keeps_the_decision_except_for_what_staff_found_or_did() {
        let asks = Checks::TEMPERATURE.and(Checks::FULL);
        let first = outcome();
        let again = |verdict, checks| Outcome { verdict, checks, ..first };
        let red = |reasons| Outcome {
            colour: Colour::Red,
            verdict: Verdict::Refuse,
            checks: Checks::NONE,
            reasons,
            policy: PolicyNumber(9),
        };
        let first = Outcome { reasons: Reasons::rule(3), ..first };
        let feverish = Outcome {
            verdict: Verdict::Refuse,
            checks: Checks::NONE,
            reasons: Reasons::rule(3).and(Reasons::FEVER),
            ..first
        };
        let plain = |verdict, checks| Outcome { reasons: Reasons::rule(3), ..again(verdict, checks) };
        for (later, expected) in [
            // The staff did checks.
            (plain(Verdict::Check, Checks::FULL), Some(plain(Verdict::Check, Checks::FULL))),
            (plain(Verdict::Pass, Checks::NONE), Some(plain(Verdict::Pass, Checks::NONE))),
            (plain(Verdict::Check, asks), None),
            // A fact or a pack came in between.
            (red(Reasons::rule(7)), None),
            (Outcome { colour: Colour::Green, ..plain(Verdict::Pass, Checks::NONE) }, None),
            (Outcome { policy: PolicyNumber(9), ..plain(Verdict::Pass, Checks::NONE) }, None),
            (plain(Verdict::Refuse, Checks::NONE), None),
            // The staff found a fever, also under another colour and pack.
            (feverish, Some(feverish)),
            (red(Reasons::rule(7).and(Reasons::FEVER)), Some(feverish)),
        ] {
            assert_eq!(first.amended_by(later), expected, "{later:?}");
        }
        assert_eq!(feverish.amended_by(plain(Verdict::Pass, Checks::NONE)), None);
    }

    #[test]
    fn every_outcome_reads_back_and_other_bytes_are_errors() {
        assert_eq!(OutcomeNumbers::default().outcome(), Ok(None));
        for (colour, verdict) in
            (0..=u8::MAX).flat_map(|colour| (0..=u8::MAX).map(move |other| (colour, other)))
        {
            let numbers = OutcomeNumbers { colour, verdict, ..Some(outcome()).into() };
            match numbers.outcome() {
                Ok(Some(read)) => assert_eq!(OutcomeNumbers::from(Some(read)), numbers),
                Ok(None) => assert_eq!(verdict, 0),
                Err(OutcomeError) => assert!(colour > 3 || verdict > 3, "{colour} {verdict}"),
            }
        }
    }

    #[test]
    fn the_name_is_the_published_one() {
        let id = check_in_id(PersonId(1), VenueId(2), Direction::In, Moment::Step(Step(54_709_440)));
        // The SHA-256 of the 39 bytes by another implementation, in Crockford's alphabet.
        assert_eq!(id.to_string(), "0587n4f0zmvxbwmqkqjszv538z");
    }
}
