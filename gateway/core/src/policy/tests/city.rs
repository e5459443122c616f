//! Helpers for the tests of the cities' packs: a person's record, written day by day, and a pack's judgement
//! of it.

use crate::colour::{Checks, Colour, Standing, Verdict};
use crate::evidence::Evidence;
use crate::fact::{Fact, FactLine, Force, Withdrawal};
use crate::id::{FactId, PersonId};
use crate::policy::{DoorContext, Judgement, Policy};
use crate::scan::{DoorWork, Temperature};
use crate::time::{DAY_MS, Timestamp};
use crate::venue::VenueKind;

/// Noon in Shanghai, long after the packs' areas came into force.
pub(super) const NOON: Timestamp = Timestamp(1_641_268_800_000);

/// This many days after noon.
pub(super) fn day(number: i64) -> Timestamp {
    let ms = number.unsigned_abs() * DAY_MS;
    if number < 0 { NOON.minus_ms(ms) } else { NOON.plus_ms(ms) }
}

pub(super) fn pack(city: &str) -> Policy {
    Policy::parse(Policy::builtin(city).unwrap()).unwrap()
}

/// The fields of a stay that was over a moment after it began on day 0.
pub(super) fn stayed(area: &str) -> String {
    format!(r#""kind":"stay","area":"{area}","until":"{}""#, day(0).plus_ms(1))
}

/// A withdrawal, at a time or without one on record.
pub(super) fn withdrawn(at: Option<Timestamp>) -> Force {
    Force::Withdrawn(Withdrawal { reason: "mistaken".to_owned(), at })
}

/// A person's record.
#[derive(Debug, Clone, Default)]
pub(super) struct PersonRecord(pub(super) Evidence);

impl PersonRecord {
    /// Adds a fact that began and was recorded on the same day; `more` are further fields as JSON.
    pub(super) fn fact(self, at: i64, more: &str) -> Self {
        self.learnt(at, at, more)
    }

    /// Adds a fact that was recorded on a later day.
    pub(super) fn learnt(mut self, at: i64, recorded: i64, more: &str) -> Self {
        let id = FactId(self.0.facts.len() as u64 + 1);
        let line = format!(r#"{{"person":"{}","at":"{}","source":"cdc",{more}}}"#, PersonId(1), day(at));
        let line: FactLine = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
        self.0.facts.push(Fact { id, ..line.fact(day(recorded)).unwrap() });
        self
    }

    /// Adds daily reports on these days.
    pub(super) fn reports(mut self, days: impl IntoIterator<Item = i64>) -> Self {
        self.0.reports.extend(days.into_iter().map(|number| day(number).plus_ms(3_600_000)));
        self
    }

    pub(super) fn judged(&self, pack: &Policy, now: Timestamp) -> Judgement {
        pack.judge(&self.0, now)
    }

    /// The colour on a day, an hour before midnight.
    pub(super) fn colour(&self, pack: &Policy, number: i64) -> Colour {
        self.judged(pack, day(number).plus_ms(11 * 3_600_000)).standing.colour
    }

    /// The reasons on a day.
    pub(super) fn reasons(&self, pack: &Policy, number: i64) -> Vec<String> {
        let reasons = self.judged(pack, day(number).plus_ms(11 * 3_600_000)).standing.reasons;
        pack.reason_words(reasons).map(str::to_owned).collect()
    }

    /// The facts that were on record by the end of a day.
    pub(super) fn known_on(&self, number: i64) -> Self {
        let mut known = self.clone();
        known.0.facts.retain(|fact| fact.recorded <= day(number));
        known
    }

    pub(super) fn facts(&self) -> &[Fact] {
        &self.0.facts
    }
}

/// The checks that the staff have done.
pub(super) fn door(temperature: Option<f64>, document_shown: bool, full_check: bool) -> DoorWork {
    DoorWork { temperature: temperature.and_then(Temperature::of_celsius), document_shown, full_check }
}

/// A door's decision for a colour: the verdict and the words of the checks that are left.
pub(super) fn admitted(
    pack: &Policy,
    colour: Colour,
    kind: VenueKind,
    work: DoorWork,
) -> (Verdict, Vec<&'static str>) {
    let standing = Standing { colour, reasons: crate::colour::Reasons::NONE };
    let admission = pack.admit(standing, DoorContext { kind, checks: Checks::NONE }, work);
    assert!(admission.verdict == Verdict::Check || admission.checks == Checks::NONE);
    (admission.verdict, admission.checks.words().collect())
}

/// Checks one fact against a rule that runs for days: the colour on each of `days` after the fact, and the
/// rule that gives it while it is not green.
pub(super) fn check(pack: &Policy, fact: &str, rule: &str, days: &[(i64, Colour)]) {
    let record = PersonRecord::default().fact(0, fact);
    for &(number, colour) in days {
        assert_eq!(record.colour(pack, number), colour, "{fact} on day {number}");
        if colour > Colour::Green {
            assert!(record.reasons(pack, number).contains(&rule.to_owned()), "{fact} on day {number}");
        }
    }
}
