//! Compares what a played city's gateways answer to tracers with the core engine over the store in memory and
//! with the brute force.

use super::acts::below;
use super::brute_force::{BruteForce, CaseWindow};
use super::expected::ExpectedRecord;
use super::oracle::{CityBook, Oracle};
use super::play::PlayedCity;
use super::{CityRun, VERSION};
use anyhow::{Context as _, ensure};
use scangate_core::id::{PersonId, VenueId};
use scangate_core::time::{HOUR_MS, Timestamp};
use scangate_core::venue::Dwell;
use scangate_loadgen::client::{ClientConnection, LoadTarget};
use scangate_loadgen::drive::now;
use scangate_loadgen::plan::SplitMix64;
use scangate_tests::{TestReply, eventually, is_complete, refused, send};
use serde_json::{Value, json};
use similar::TextDiff;
use std::collections::{BTreeMap, BTreeSet};

/// People of a city whose contacts are compared.
const INDEX_PEOPLE: usize = 2;

/// The state of a city's comparison.
struct Comparison {
    records: Vec<ExpectedRecord>,
    dwells: BTreeMap<VenueId, u64>,
    oracle: Oracle,
    erased: Vec<PersonId>,
    tracer: String,
    targets: Vec<LoadTarget>,
    random: SplitMix64,
    /// Answers are complete beyond this time.
    through: Timestamp,
    equal: EqualEntries,
}

/// A case about a person, with its window.
struct OpenCase {
    path: String,
    person: PersonId,
    window: CaseWindow,
}

/// The number of equal entries of answers.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct EqualEntries {
    pub(super) visits: usize,
    pub(super) contacts: usize,
}

/// Compares every person's trail, the contacts of some, and the visits at each venue of a trail.
pub(super) async fn compare(
    run: &CityRun<'_>,
    city: &PlayedCity<'_>,
    through: Timestamp,
) -> anyhow::Result<EqualEntries> {
    let mut comparison = Comparison::of(run, city, through)?;
    let mut venues = BTreeSet::new();
    let mut index_people = 0;
    for person in &city.people {
        if person.is_erased {
            comparison.has_no_case(person.id).await?;
            continue;
        }
        let case = comparison.open(person.id).await?;
        let is_index = index_people < INDEX_PEOPLE;
        let gateway = comparison.gateway();
        comparison.trail(&case, gateway).await?;
        if is_index {
            index_people += 1;
            comparison.trail(&case, comparison.other(gateway)).await?;
            for (hops, gateway) in [(1, gateway), (2, comparison.other(gateway))] {
                comparison.contacts(&case, hops, gateway).await?;
            }
        }
        for venue in comparison.venues_of(&case) {
            if venues.insert(venue) {
                let gateway = comparison.gateway();
                comparison.visitors(&case, venue, gateway).await?;
            }
        }
    }
    Ok(comparison.equal)
}

/// An answer without the names of venues, which the expected ones do not have.
fn without_names(mut answer: Value) -> Value {
    fn strip(value: &mut Value) {
        if let Some(members) = value.as_object_mut() {
            members.remove("venue_name");
            members.values_mut().for_each(strip);
        }
        value.as_array_mut().into_iter().flatten().for_each(strip);
    }
    strip(&mut answer);
    answer
}

/// Contacts whose encounters are in one order: the contract fixes none.
fn with_sorted_encounters(mut contacts: Value) -> Value {
    for contact in contacts.as_array_mut().into_iter().flatten() {
        if let Some(encounters) = contact["encounters"].as_array_mut() {
            encounters.sort_by_key(Value::to_string);
        }
    }
    contacts
}

/// The time up to which an answer is complete. It does not lie in the future.
fn through_of(answer: &Value) -> anyhow::Result<Timestamp> {
    let through = serde_json::from_value(answer["complete_through"].clone())?;
    ensure!(through <= now(), "complete through {through}");
    Ok(through)
}

/// Fails where the answer is not what both calculations expect.
fn ensure_equal(what: &str, answered: &Value, oracle: &Value, brute_force: &Value) -> anyhow::Result<()> {
    ensure!(
        oracle == brute_force,
        "{what}: from engine to brute force:\n{}",
        difference(oracle, brute_force)
    );
    ensure!(
        answered == oracle,
        "{what}: from what was expected to the answer:\n{}",
        difference(oracle, answered)
    );
    Ok(())
}

/// The lines in which two values differ, with enough around them to know the entry.
fn difference(one: &Value, other: &Value) -> String {
    let (one, other) = (format!("{one:#}"), format!("{other:#}"));
    TextDiff::from_lines(&one, &other).unified_diff().context_radius(12).to_string()
}

impl Comparison {
    fn of(run: &CityRun<'_>, city: &PlayedCity<'_>, through: Timestamp) -> anyhow::Result<Self> {
        let records = city.records.all();
        let mut dwells = BTreeMap::new();
        for (venue, minutes) in city.venues.iter().zip(&city.plan.dwells) {
            dwells.insert(venue.venue, Dwell::minutes(*minutes)?);
        }
        let oracle = Oracle::new(&records, CityBook(dwells.clone()), city.plan.seed)?;
        let gone = city.people.iter().filter(|person| person.is_erased);
        Ok(Self {
            records,
            dwells: dwells.into_iter().map(|(venue, dwell)| (venue, dwell.ms())).collect(),
            oracle,
            erased: gone.map(|person| person.id).collect(),
            tracer: run.tracer(city.plan.seed)?,
            targets: run.targets.clone(),
            random: SplitMix64(city.plan.seed.rotate_left(32)),
            through,
            equal: EqualEntries::default(),
        })
    }

    /// A new connection to a gateway: an earlier one may have been idle for too long, while another gateway
    /// waited for the cluster.
    async fn connect(&self, gateway: usize) -> anyhow::Result<ClientConnection> {
        Ok(self.targets[gateway].connect(VERSION).await?)
    }

    fn gateway(&mut self) -> usize {
        below(&mut self.random, self.targets.len())
    }

    fn other(&self, gateway: usize) -> usize {
        (gateway + 1) % self.targets.len()
    }

    /// A case's window: all that was, or a part of it.
    fn window(&mut self) -> CaseWindow {
        let now = now().0;
        if below(&mut self.random, 2) == 0 {
            return (now - 24 * HOUR_MS, now + 24 * HOUR_MS);
        }
        let hours_ms = u32::try_from(5 * HOUR_MS).unwrap_or(u32::MAX);
        let from = now - u64::from(self.random.below(hours_ms));
        (from, from + 60_000 + u64::from(self.random.below(hours_ms)))
    }

    fn case_of(&self, person: PersonId, (from, to): CaseWindow) -> String {
        json!({
            "person": person, "purpose": "contact-tracing", "reference": "random cities",
            "from": Timestamp(from), "to": Timestamp(to),
        })
        .to_string()
    }

    /// Asks for a case at any gateway, again while a store is away.
    async fn post_case(&mut self, person: PersonId, window: CaseWindow) -> anyhow::Result<TestReply> {
        let (body, gateway) = (self.case_of(person, window), self.gateway());
        let (mut link, tracer) = (self.connect(gateway).await?, &self.tracer);
        let open = async || send(&mut link, "POST", "/v1/cases", tracer, body.clone()).await;
        eventually(open, |opened| opened.status() != 503).await
    }

    async fn open(&mut self, person: PersonId) -> anyhow::Result<OpenCase> {
        let window = self.window();
        let opened = self.post_case(person, window).await?;
        let case = opened.json()?["case"].as_str().with_context(|| opened.text())?.to_owned();
        Ok(OpenCase { path: format!("/v1/cases/{case}"), person, window })
    }

    /// An erased person has no case.
    async fn has_no_case(&mut self, person: PersonId) -> anyhow::Result<()> {
        let window = self.window();
        let opened = self.post_case(person, window).await?;
        ensure!(opened.status_and_code() == refused(422, "person-unknown"), "{}", opened.text());
        Ok(())
    }

    /// An answer of a gateway that is complete and has nothing of erased persons.
    async fn ask(&mut self, path: &str, gateway: usize) -> anyhow::Result<Value> {
        let (mut link, tracer, through) = (self.connect(gateway).await?, &self.tracer, self.through);
        let erased: Vec<String> = self.erased.iter().map(PersonId::to_string).collect();
        let ask = async || send(&mut link, "GET", path, tracer, "").await?.json();
        let is_right = |answer: &Value| {
            let text = answer.to_string();
            is_complete(answer, through) && !erased.iter().any(|person| text.contains(person))
        };
        eventually(ask, is_right).await.with_context(|| format!("{path} at gateway {gateway}"))
    }

    fn brute_force(&self, through: Timestamp) -> BruteForce {
        BruteForce::new(&self.records, &self.dwells, through)
    }

    async fn trail(&mut self, case: &OpenCase, gateway: usize) -> anyhow::Result<()> {
        let answer = self.ask(&format!("{}/trail", case.path), gateway).await?;
        let through = through_of(&answer)?;
        let oracle = self.oracle.trail(case.person, case.window, through)?;
        let brute_force = self.brute_force(through).trail(case.person, case.window);
        self.equal.visits += oracle.len();
        let what = format!("the trail of {} at gateway {gateway}", case.person);
        ensure_equal(&what, &without_names(answer)["visits"], &json!(oracle), &json!(brute_force))
    }

    async fn contacts(&mut self, case: &OpenCase, hops: u8, gateway: usize) -> anyhow::Result<()> {
        let answer = self.ask(&format!("{}/co-presence?hops={hops}", case.path), gateway).await?;
        let through = through_of(&answer)?;
        let oracle = self.oracle.contacts(case.person, case.window, hops, through)?;
        let brute_force = self.brute_force(through).contacts(case.person, case.window, u64::from(hops));
        self.equal.contacts += oracle.len();
        let what = format!("the contacts of {} over {hops} hops at gateway {gateway}", case.person);
        let answered = with_sorted_encounters(without_names(answer)["contacts"].clone());
        let oracle = with_sorted_encounters(json!(oracle));
        ensure_equal(&what, &answered, &oracle, &with_sorted_encounters(json!(brute_force)))
    }

    async fn visitors(&mut self, case: &OpenCase, venue: VenueId, gateway: usize) -> anyhow::Result<()> {
        let answer = self.ask(&format!("{}/venues/{venue}/visits", case.path), gateway).await?;
        let through = through_of(&answer)?;
        let oracle = self.oracle.visitors(venue, case.window, through)?;
        let brute_force = self.brute_force(through).visitors(venue, case.window);
        self.equal.visits += oracle.len();
        let what = format!("the visits at {venue} at gateway {gateway}");
        ensure_equal(&what, &without_names(answer)["visits"], &json!(oracle), &json!(brute_force))
    }

    /// The venues that a case covers without an extension.
    fn venues_of(&self, case: &OpenCase) -> Vec<VenueId> {
        let trail = self.brute_force(now()).trail(case.person, case.window);
        trail.iter().filter_map(|visit| serde_json::from_value(visit["venue"].clone()).ok()).collect()
    }
}
