//! The answers of the core engine over the store in memory. The store gets every expected record twice, in
//! another order, and with the records that do not count.

use super::acts::below;
use super::brute_force::CaseWindow;
use super::expected::{ExpectedRecord, ScanMoment};
use scangate_core::check_in::{CheckIn, Mode, Moment, Outcome, PolicyNumber, check_in_id};
use scangate_core::co_presence::{Contact, Encounter, Hops, Question, TrailView};
use scangate_core::colour::{Checks, Reasons};
use scangate_core::id::{PersonId, VenueId};
use scangate_core::time::{Step, Timestamp};
use scangate_core::venue::{Dwell, Position};
use scangate_core::visit::{Marks, VenueBook, Visit, Window};
use scangate_loadgen::plan::SplitMix64;
use scangate_storage::trail::{MemoryTrails, StoredTrails, TrailStore as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The dwells of a city's venues.
pub(super) struct CityBook(pub(super) BTreeMap<VenueId, Dwell>);

impl VenueBook for CityBook {
    fn dwell(&self, venue: VenueId) -> Dwell {
        self.0.get(&venue).copied().unwrap_or_default()
    }

    fn dwell_ms_max(&self) -> u64 {
        self.0.values().map(|dwell| dwell.ms()).max().unwrap_or_default()
    }

    fn is_open(&self, _: VenueId, _: Timestamp) -> bool {
        true
    }

    fn position(&self, _: VenueId) -> Option<Position> {
        None
    }

    fn journey_ms_max(&self) -> u64 {
        0
    }

    fn is_in_district(&self, _: VenueId) -> bool {
        true
    }
}

/// The store in memory with a city's records.
pub(super) struct Oracle {
    trails: MemoryTrails,
    book: CityBook,
}

fn mode(evidence: &str) -> Mode {
    match evidence {
        "poster" => Mode::Poster,
        "door" => Mode::Door,
        "terminal" => Mode::Terminal,
        "paper" => Mode::PaperPass,
        "companion" => Mode::Proxy,
        "late" => Mode::Late,
        _ => Mode::Import,
    }
}

fn check_in(record: &ExpectedRecord) -> CheckIn {
    let ExpectedRecord { id, parts, at, evidence, outcome } = *record;
    let moment = match parts.moment {
        ScanMoment::Step(step) => Moment::Step(Step(step)),
        ScanMoment::At(at) => Moment::At(at),
    };
    assert_eq!(id, check_in_id(parts.person, parts.venue, parts.direction, moment));
    let (checks, reasons, policy) = (Checks::NONE, Reasons::NONE, PolicyNumber(1));
    let outcome = outcome.map(|(colour, verdict)| Outcome { colour, verdict, checks, reasons, policy });
    let (person, venue, direction) = (parts.person, parts.venue, parts.direction);
    CheckIn { id, person, venue, at, direction, mode: mode(evidence), outcome }
}

impl Oracle {
    /// An oracle that has written these records in an order drawn from the seed, some of them twice.
    pub(super) fn new(records: &[ExpectedRecord], book: CityBook, seed: u64) -> anyhow::Result<Self> {
        let mut random = SplitMix64(seed);
        let mut shuffled: Vec<CheckIn> = records.iter().map(check_in).collect();
        shuffled.extend(shuffled.clone().into_iter().step_by(2));
        for last in (1..shuffled.len()).rev() {
            shuffled.swap(last, below(&mut random, last + 1));
        }
        let trails = MemoryTrails::default();
        for drain in shuffled.chunks(1 + below(&mut random, 5)) {
            trails.write(drain)?;
        }
        Ok(Self { trails, book })
    }

    fn view<T>(
        &self,
        through: Timestamp,
        read: impl FnOnce(&TrailView<'_, StoredTrails<'_>, CityBook>) -> T,
    ) -> T {
        let trails = StoredTrails(&self.trails);
        read(&TrailView { trails: &trails, venues: &self.book, complete_through: through })
    }

    /// The visits in a person's trail.
    pub(super) fn trail(
        &self,
        person: PersonId,
        window: CaseWindow,
        through: Timestamp,
    ) -> anyhow::Result<Vec<Value>> {
        let visits = self.view(through, |view| view.trail(person, of(window)))?;
        Ok(visits.iter().map(|own| visit(own, "venue", json!(own.venue))).collect())
    }

    /// The visits at a venue.
    pub(super) fn visitors(
        &self,
        venue: VenueId,
        window: CaseWindow,
        through: Timestamp,
    ) -> anyhow::Result<Vec<Value>> {
        let visits = self.view(through, |view| view.visitors(venue, of(window)))?;
        Ok(visits.iter().map(|own| visit(own, "person", json!(own.person))).collect())
    }

    /// The contacts of a person.
    pub(super) fn contacts(
        &self,
        person: PersonId,
        window: CaseWindow,
        hops: u8,
        through: Timestamp,
    ) -> anyhow::Result<Vec<Value>> {
        let hops = Hops::try_from(hops)?;
        let question = Question { person, window: of(window), hops, min_overlap_s: 1 };
        let found = self.view(through, |view| view.co_presence(&question))?;
        Ok(found.contacts.iter().map(contact).collect())
    }
}

fn of((from, to): CaseWindow) -> Window {
    Window { from: Timestamp(from), to: Timestamp(to) }
}

fn words(marks: Marks) -> Vec<&'static str> {
    marks.words().collect()
}

fn visit(visit: &Visit, name: &str, other: Value) -> Value {
    let mut value = json!({
        "id": visit.check_in, "from": visit.window.from, "to": visit.window.to,
        "certainty": visit.certainty, "evidence": visit.mode.evidence(), "marks": words(visit.marks),
    });
    value[name] = other;
    if let Some(outcome) = visit.outcome {
        (value["colour"], value["verdict"]) = (json!(outcome.colour), json!(outcome.verdict));
    }
    value
}

fn encounter(met: &Encounter) -> Value {
    json!({
        "venue": met.venue, "from": met.window.from, "to": met.window.to, "overlap_s": met.overlap_s(),
        "certainty": met.certainty, "via": met.via, "evidence": met.mode.evidence(),
        "via_evidence": met.via_mode.evidence(), "marks": words(met.marks),
    })
}

fn contact(contact: &Contact) -> Value {
    json!({
        "person": contact.person, "hop": contact.hop, "overlap_s": contact.overlap_s(),
        "present_s": contact.present_s(),
        "encounters": contact.encounters.iter().map(encounter).collect::<Vec<_>>(),
    })
}
