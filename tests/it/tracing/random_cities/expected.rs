//! The expected outcome of a random city's acts, by the contract alone: the records of every acknowledged
//! scan, and each person's keys and colours over time.

use anyhow::{Context as _, ensure};
use scangate_core::check_in::Direction;
use scangate_core::colour::{Colour, Verdict};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::time::Timestamp;
use scangate_loadgen::city::LoadResident;
use serde_json::Value;
use std::collections::BTreeMap;

/// The moment that tells two scans of one person at one venue apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ScanMoment {
    /// The step of the person's code.
    Step(u32),
    /// The time of an imported check-in.
    At(Timestamp),
}

/// The four parts that a check-in's id is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ScanParts {
    pub(super) person: PersonId,
    pub(super) venue: VenueId,
    pub(super) direction: Direction,
    pub(super) moment: ScanMoment,
}

/// A record that an acknowledged request left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExpectedRecord {
    pub(super) id: CheckInId,
    pub(super) parts: ScanParts,
    pub(super) at: Timestamp,
    pub(super) evidence: &'static str,
    /// None for an import.
    pub(super) outcome: Option<(Colour, Verdict)>,
}

impl ExpectedRecord {
    pub(super) fn is_late(&self) -> bool {
        self.evidence == "late"
    }

    fn says(&self, said: &Said) -> bool {
        (self.id, self.at, self.outcome) == (said.id, said.at, Some(said.outcome))
    }
}

/// The members of an answer that a retry must repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Said {
    id: CheckInId,
    at: Timestamp,
    outcome: (Colour, Verdict),
}

impl Said {
    fn of(answer: &Value) -> anyhow::Result<Self> {
        let colour = serde_json::from_value(answer["colour"].clone()).with_context(|| answer.to_string())?;
        let verdict = serde_json::from_value(answer["verdict"].clone())?;
        let at = serde_json::from_value(answer["at"].clone())?;
        Ok(Self { id: serde_json::from_value(answer["id"].clone())?, at, outcome: (colour, verdict) })
    }
}

/// A record, and the gateway that took it.
struct TakenRecord {
    gateway: usize,
    record: ExpectedRecord,
}

/// A key of a person.
struct IssuedKey {
    /// The time from which it is valid.
    since: Timestamp,
    generation: usize,
    phone: LoadResident,
}

/// A person of a city.
pub(super) struct CityPerson {
    pub(super) id: PersonId,
    keys: Vec<IssuedKey>,
    /// The colours, each with the time from which it holds; unknown before the first.
    colours: Vec<(Timestamp, Colour)>,
    pub(super) is_erased: bool,
}

impl CityPerson {
    pub(super) fn new(resident: LoadResident, registered: Timestamp) -> Self {
        let id = resident.person;
        let first = IssuedKey { since: Timestamp(0), generation: 0, phone: resident };
        let colours = vec![(registered, Colour::Green)];
        Self { id, keys: vec![first], colours, is_erased: false }
    }

    /// The number of the key that was valid at a time.
    pub(super) fn key_at(&self, at: Timestamp) -> usize {
        self.keys.iter().filter(|key| key.since <= at).count() - 1
    }

    pub(super) fn newest_key(&self) -> usize {
        self.keys.len() - 1
    }

    pub(super) fn phone(&self, key: usize) -> &LoadResident {
        &self.keys[key].phone
    }

    pub(super) fn generation(&self, key: usize) -> usize {
        self.keys[key].generation
    }

    /// Gives a key that is this number of generations after the one before.
    pub(super) fn give_key(&mut self, since: Timestamp, phone: LoadResident, generations: usize) {
        let generation = self.generation(self.newest_key()) + generations;
        self.keys.push(IssuedKey { since, generation, phone });
    }

    pub(super) fn colour_at(&self, at: Timestamp) -> Colour {
        let colour = self.colours.iter().rev().find(|(since, _)| *since <= at);
        colour.map_or(Colour::Unknown, |(_, colour)| *colour)
    }

    pub(super) fn turn(&mut self, since: Timestamp, colour: Colour) {
        self.colours.push((since, colour));
    }
}

/// The verdict of a door on a colour under the default rule pack.
pub(super) fn verdict_of(colour: Colour) -> Verdict {
    match colour {
        Colour::Green => Verdict::Pass,
        Colour::Unknown | Colour::Yellow => Verdict::Check,
        Colour::Red => Verdict::Refuse,
    }
}

/// A live scan of one person, as a gateway took it.
#[derive(Clone, Copy)]
pub(super) struct LiveTaken {
    pub(super) gateway: usize,
    pub(super) parts: ScanParts,
    pub(super) evidence: &'static str,
    /// The colour that the person has now.
    pub(super) colour: Colour,
    /// When the request was sent, and when it was answered.
    pub(super) during: (Timestamp, Timestamp),
}

/// A late scan of one person, as a gateway took it.
#[derive(Clone, Copy)]
pub(super) struct LateTaken {
    pub(super) gateway: usize,
    pub(super) parts: ScanParts,
    pub(super) at: Timestamp,
    /// The colour that the person had at the scan's time.
    pub(super) colour: Colour,
    pub(super) is_refused: bool,
    /// Whether the gateway's stores have failed to answer, so that it may know no earlier record.
    pub(super) is_blind: bool,
}

/// The records that the city's acts left so far.
#[derive(Default)]
pub(super) struct ExpectedRecords(BTreeMap<ScanParts, Vec<TakenRecord>>);

impl ExpectedRecords {
    /// An answer to a live scan. The gateway that took this scan before repeats its record. Another one makes
    /// its own record, or repeats a record that it knows of.
    pub(super) fn live(&mut self, live: LiveTaken, answer: &Value) -> anyhow::Result<()> {
        let LiveTaken { gateway, parts, evidence, colour, during } = live;
        let said = Said::of(answer)?;
        let taken = self.0.entry(parts).or_default();
        if let Some(first) = taken.iter().find(|taken| taken.gateway == gateway) {
            ensure!(first.record.says(&said), "a retry is not its first record {:?}: {answer}", first.record);
            return Ok(());
        }
        // Two gateways may take a scan in one millisecond: then each has its own record.
        let is_now = (during.0..=during.1).contains(&said.at);
        if !is_now && taken.iter().any(|taken| taken.record.says(&said)) {
            return Ok(());
        }
        let outcome = (colour, verdict_of(colour));
        ensure!(said.outcome == outcome && is_now, "not {outcome:?} between {during:?}: {answer}");
        let record = ExpectedRecord { id: said.id, parts, at: said.at, evidence, outcome: Some(outcome) };
        taken.push(TakenRecord { gateway, record });
        self.check_id(&record)
    }

    /// An answer to a late scan. The gateway that took this scan before repeats a record of it. Another one
    /// may know that record from the store, or makes its own.
    pub(super) fn late(&mut self, late: LateTaken, answer: &Value) -> anyhow::Result<()> {
        let LateTaken { gateway, parts, at, colour, is_refused, is_blind } = late;
        ensure!(answer["late"] == true, "not late: {answer}");
        let said = Said::of(answer)?;
        let taken = self.0.entry(parts).or_default();
        if taken.iter().any(|taken| taken.record.says(&said)) {
            return Ok(());
        }
        let is_known = taken.iter().any(|taken| taken.gateway == gateway);
        ensure!(!is_known || is_blind, "an acknowledged scan got another answer: {answer}");
        let verdict = if is_refused { Verdict::Refuse } else { Verdict::Pass };
        let is_own = said.outcome == (colour, verdict) && said.at == at;
        let is_blind = is_blind && said.outcome == (Colour::Unknown, verdict) && said.at == at;
        ensure!(is_own || is_blind, "neither {colour:?} {verdict:?} at {at} nor an earlier record: {answer}");
        let record = ExpectedRecord { id: said.id, parts, at, evidence: "late", outcome: Some(said.outcome) };
        taken.push(TakenRecord { gateway, record });
        self.check_id(&record)
    }

    /// An answer to a line of an import.
    pub(super) fn import(
        &mut self,
        gateway: usize,
        parts: ScanParts,
        at: Timestamp,
        answer: &Value,
    ) -> anyhow::Result<()> {
        let id = serde_json::from_value(answer["id"].clone()).with_context(|| answer.to_string())?;
        let record = ExpectedRecord { id, parts, at, evidence: "import", outcome: None };
        self.0.entry(parts).or_default().push(TakenRecord { gateway, record });
        self.check_id(&record)
    }

    /// The same four parts always give the same id, and no others do.
    fn check_id(&self, record: &ExpectedRecord) -> anyhow::Result<()> {
        let others = self.0.values().flatten().map(|taken| &taken.record);
        let mut others = others.filter(|other| (other.id == record.id) != (other.parts == record.parts));
        ensure!(others.next().is_none(), "the id is not of the scan's four parts: {record:?}");
        Ok(())
    }

    /// Nothing of an erased person is left.
    pub(super) fn forget(&mut self, person: PersonId) {
        self.0.retain(|parts, _| parts.person != person);
    }

    /// All records, also those of one check-in that do not count.
    pub(super) fn all(&self) -> Vec<ExpectedRecord> {
        self.0.values().flatten().map(|taken| taken.record).collect()
    }
}
