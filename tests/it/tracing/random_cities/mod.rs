//! Random cities: imports, late batches, live scans, retries, new keys, facts and erasures at one gateway or
//! more. Every answer is checked against the contract. Then what tracers read is compared with the core
//! engine over the store in memory and with a brute force. `SCANGATE_TEST_SEED` repeats a run, and
//! `SCANGATE_TEST_CITIES` changes the number of cities.

mod acts;
mod brute_force;
mod compare;
mod expected;
mod oracle;
mod play;

use self::acts::{CityPlan, plan};
use self::compare::{EqualEntries, compare};
use self::expected::CityPerson;
use self::play::PlayedCity;
use anyhow::Context as _;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use scangate_core::id::{TokenId, VenueId};
use scangate_core::keys::{Kid, MasterKey};
use scangate_core::time::{DAY_MS, Timestamp};
use scangate_core::token::{Claims, Role};
use scangate_loadgen::city::{LoadResident, LoadVenue, residents};
use scangate_loadgen::client::lines::post_lines;
use scangate_loadgen::client::{ClientConnection, LoadTarget, Version};
use scangate_loadgen::drive::now;
use scangate_loadgen::plan::SplitMix64;
use scangate_tests::{Gateway, eventually, is_complete, send};
use serde_json::json;
use std::time::Instant;

/// Cities that are played or compared at one time.
const CITIES_AT_ONCE: usize = 12;
/// Tracers among whom the cases are divided, each with a budget of its own.
const TRACERS: u64 = 8;
/// Cities with one gateway and the embedded store.
const EMBEDDED_CITIES: usize = 40;
/// The version in which cities talk to gateways: unlike a QUIC connection, one of TCP may rest.
const VERSION: Version = Version::Http2;

/// The gateways of a run, and the keys of their deployment.
struct CityRun<'a> {
    gateways: &'a [Gateway],
    targets: Vec<LoadTarget>,
    authority: String,
    master: MasterKey,
    expires: Timestamp,
}

impl<'a> CityRun<'a> {
    fn of(gateways: &'a [Gateway]) -> anyhow::Result<Self> {
        let first = gateways.first().context("a run has a gateway")?;
        Ok(Self {
            gateways,
            targets: gateways.iter().map(Gateway::target).collect::<anyhow::Result<_>>()?,
            authority: first.first_token("authority")?,
            master: first.secret()?.master(Kid(1)),
            expires: now().plus_ms(DAY_MS),
        })
    }

    /// A connection to each gateway.
    async fn connect(&self) -> anyhow::Result<Vec<ClientConnection>> {
        let mut links = Vec::new();
        for target in &self.targets {
            links.push(target.connect(VERSION).await?);
        }
        Ok(links)
    }

    fn sign(&self, role: Role, id: u64, venue: Option<VenueId>) -> anyhow::Result<String> {
        let subject = format!("{role:?} {id}").to_lowercase();
        let (jti, expires) = (TokenId(id), self.expires);
        let claims = Claims { jti, role, subject, venue, door: None, district: None, expires };
        self.gateways[0].signed(&claims)
    }

    /// The `authorization` of a venue's gate. One id stands for all gates, so that one token is listed.
    fn terminal(&self, venue: VenueId) -> anyhow::Result<String> {
        self.sign(Role::Terminal, 1_000, Some(venue))
    }

    /// The `authorization` of the tracer of a city.
    fn tracer(&self, seed: u64) -> anyhow::Result<String> {
        self.sign(Role::Tracer, 1 + seed % TRACERS, None)
    }

    /// Waits until each gateway's trails are complete, by the own record of a resident who was not erased.
    async fn wait_until_complete(&self, cities: &[PlayedCity<'_>], through: Timestamp) -> anyhow::Result<()> {
        let mut people = cities.iter().flat_map(|city| &city.people).filter(|person| !person.is_erased);
        let person = people.next().context("a city has people")?;
        let phone = person.phone(person.newest_key());
        for link in &mut self.connect().await? {
            let own = async || {
                let who = phone.authorization(now());
                send(link, "GET", "/v1/people/me", &who, "").await?.json()
            };
            eventually(own, |own| is_complete(own, through)).await?;
        }
        Ok(())
    }

    /// Whether a gateway has judged late scans without its stores.
    fn is_blind(&self, gateway: usize) -> bool {
        self.gateways[gateway].log().iter().any(|line| line.contains("the stores do not answer"))
    }
}

/// A number from the environment.
fn variable(name: &str) -> anyhow::Result<Option<u64>> {
    std::env::var(name).ok().map(|text| text.parse().with_context(|| format!("{name} is {text}"))).transpose()
}

/// Plays random cities at these gateways and compares what tracers read there.
pub(crate) async fn check(gateways: &[Gateway], cities: usize) -> anyhow::Result<()> {
    let seed = variable("SCANGATE_TEST_SEED")?.unwrap_or_else(|| now().0);
    let cities = match variable("SCANGATE_TEST_CITIES")? {
        Some(cities) => usize::try_from(cities)?,
        None => cities,
    };
    println!("{cities} random cities: SCANGATE_TEST_SEED={seed}");
    let mut random = SplitMix64(seed);
    let plans: Vec<CityPlan> = (0..cities).map(|_| plan(random.draw(), gateways.len())).collect();
    let run = CityRun::of(gateways)?;
    let mut cities = found(&run, &plans).await?;
    let told = |city: &PlayedCity<'_>| format!("run {seed}, city {:#?}", city.plan);
    let began = Instant::now();
    let playing = stream::iter(cities.iter_mut()).map(Ok);
    playing
        .try_for_each_concurrent(CITIES_AT_ONCE, |city| async move {
            city.play().await.with_context(|| told(city))
        })
        .await?;
    println!("played in {:.1?}", began.elapsed());
    let through = now();
    run.wait_until_complete(&cities, through).await?;
    let comparing = stream::iter(&cities).map(|city| {
        let run = &run;
        async move { compare(run, city, through).await.with_context(|| told(city)) }
    });
    let equal: Vec<EqualEntries> = comparing.buffer_unordered(CITIES_AT_ONCE).try_collect().await?;
    let visits: usize = equal.iter().map(|equal| equal.visits).sum();
    let contacts: usize = equal.iter().map(|equal| equal.contacts).sum();
    println!("{visits} visits and {contacts} contacts are equal after {:.1?}", began.elapsed());
    anyhow::ensure!(visits > 0 && contacts > 0, "the cities are empty");
    Ok(())
}

/// Registers the people and venues of all cities.
async fn found<'a>(run: &'a CityRun<'a>, plans: &'a [CityPlan]) -> anyhow::Result<Vec<PlayedCity<'a>>> {
    let mut connection = run.targets[0].connect(VERSION).await?;
    let began = now();
    let count = plans.iter().map(|plan| plan.people).sum();
    let mut people: Vec<LoadResident> = residents(&mut connection, &run.authority, 15, count).await?;
    let registered = now();
    let dwells = plans.iter().flat_map(|plan| &plan.dwells);
    let line = |(number, minutes): (usize, &u16)| {
        let name = format!("Venue {number}");
        json!({"name": name, "kind": "mall", "district": "Load", "dwell_minutes": minutes}).to_string()
    };
    let lines: Vec<String> = dwells.enumerate().map(line).collect();
    let mut venues: Vec<LoadVenue> =
        post_lines(&mut connection, "/v1/venues", &run.authority, &lines).await?;
    let city = |plan: &'a CityPlan| {
        let people = people.drain(..plan.people).map(|resident| CityPerson::new(resident, registered));
        let people = people.collect();
        let venues = venues.drain(..plan.dwells.len()).collect();
        PlayedCity::new(run, plan, venues, people, (began, registered))
    };
    Ok(plans.iter().map(city).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tracers_read_in_random_cities_equals_oracle_and_brute_force() -> anyhow::Result<()> {
    check(&[Gateway::start(&[])?], EMBEDDED_CITIES).await
}
