//! Chromium on the tracer console, in a generated town whose venues are named like formulas, scripts and rare
//! characters. The script compares every table with a brute force. `SCANGATE_TEST_SEED` repeats a run.
//! Needs `SCANGATE_TEST_CHROMIUM` and Node.js with `tests/browser` installed.

use super::chromium::browse;
use anyhow::Context as _;
use scangate_core::id::{TokenId, VenueId};
use scangate_core::time::{HOUR_MS, Timestamp};
use scangate_core::token::{Claims, Role};
use scangate_loadgen::city::LoadVenue;
use scangate_loadgen::client::lines::post_lines;
use scangate_loadgen::drive::now;
use scangate_loadgen::plan::SplitMix64;
use scangate_tests::{TestTown, output_text};
use serde_json::{Value, json};

/// The names of the venues. Only the chain is at the last three.
const NAMES: [&str; 13] = [
    "=1+1",
    "+SUM(A1:A9)",
    "@x",
    "-2+3",
    "＝1＋1",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "مقهى السوق",
    "𠮷野家",
    "🏥 门诊",
    "a,\"b\"",
    "O’Brien & Söhne",
    "{{terminal.title}} ${x}",
];
/// The people who come and go at random. The first one is the person of the case.
const RANDOM_PEOPLE: usize = 12;
/// All people: three more form a chain of three hops from the first one.
const PEOPLE: usize = RANDOM_PEOPLE + 3;
const RANDOM_VENUES: u32 = 10;
/// The people of the chain, each of whom meets the next one.
const CHAIN: [usize; 4] = [0, PEOPLE - 3, PEOPLE - 2, PEOPLE - 1];
/// The dwells of the venues in turn. **Units**: minutes.
const DWELLS: [u64; 3] = [20, 45, 90];
/// A visit to a venue by resident, and its check-out if there is one. **Units**: seconds since the beginning.
type TownVisit = (usize, usize, u64, Option<u64>);

/// Random visits of some hours, and afterwards the chain.
fn plan_visits(random: &mut SplitMix64) -> Vec<TownVisit> {
    let mut visits = Vec::new();
    let mut below = |bound: u32| u64::from(random.below(bound));
    for person in 0..RANDOM_PEOPLE {
        let mut at = below(3_600);
        while at < 16 * 3_600 {
            let venue = usize::try_from(below(RANDOM_VENUES)).unwrap_or_default();
            let out = (below(2) == 0).then(|| at + 60 + below(3_600));
            visits.push((person, venue, at, out));
            at = out.unwrap_or(at) + 120 + below(7_200);
        }
    }
    for ((hop, pair), hour) in CHAIN.windows(2).enumerate().zip([21, 23, 25]) {
        let (at, out) = (hour * 3_600, hour * 3_600 + 1_000);
        visits.extend(pair.iter().map(|&person| (person, NAMES.len() - 3 + hop, at, Some(out))));
    }
    visits
}

async fn add_venues(town: &mut TestTown) -> anyhow::Result<Vec<VenueId>> {
    let line = |(number, name): (usize, &&str)| {
        let dwell = DWELLS[number % DWELLS.len()];
        json!({"name": name, "kind": "mall", "district": "Load", "dwell_minutes": dwell}).to_string()
    };
    let lines: Vec<String> = NAMES.iter().enumerate().map(line).collect();
    let authority = town.authority.clone();
    let venues: Vec<LoadVenue> = post_lines(&mut town.connection, "/v1/venues", &authority, &lines).await?;
    Ok(venues.into_iter().map(|added| added.venue).collect())
}

/// A venue, as the script reads it.
fn describe_venue((number, venue): (usize, &VenueId)) -> Value {
    json!({"venue": venue, "name": NAMES[number], "dwell_minutes": DWELLS[number % DWELLS.len()]})
}

/// The check-ins of the visits, as the script reads them.
fn rows(town: &TestTown, venues: &[VenueId], visits: &[TownVisit], begin: Timestamp) -> Vec<Value> {
    let row = |(person, venue): (usize, usize), second: u64, direction: &str| {
        let at = begin.plus_ms(second * 1_000);
        json!({
            "person": town.residents[person].person, "venue": venues[venue], "at_ms": at.0,
            "direction": direction,
        })
    };
    let of_visit = |&(person, venue, at, out): &TownVisit| {
        let arrival = row((person, venue), at, "in");
        [Some(arrival), out.map(|out| row((person, venue), out, "out"))].into_iter().flatten()
    };
    visits.iter().flat_map(of_visit).collect()
}

async fn import(town: &mut TestTown, rows: &[Value]) -> anyhow::Result<()> {
    let line = |row: &Value| {
        let at = Timestamp(row["at_ms"].as_u64().unwrap_or_default());
        json!({"person": row["person"], "venue": row["venue"], "at": at, "direction": row["direction"]})
            .to_string()
    };
    let lines: Vec<String> = rows.iter().map(line).collect();
    let authority = town.authority.clone();
    let sent = town.send("POST", "/v1/check-ins/import", &authority, lines.join("\n")).await?.lines()?;
    anyhow::ensure!(sent.iter().all(|line| line["id"].is_string()), "{sent:?}");
    Ok(())
}

/// The token in an `authorization`.
fn token_of(authorization: &str) -> &str {
    authorization.strip_prefix("Bearer ").unwrap_or(authorization)
}

/// The tokens with which the script opens the page: two tracers', one that has ended, and others that the
/// console refuses.
fn tokens(town: &TestTown) -> anyhow::Result<Value> {
    let (subject, other) = ("张三", "another");
    let tracer = town.gateway.token("tracer", subject, None)?;
    let claims = Claims {
        jti: TokenId(1),
        role: Role::Tracer,
        subject: subject.to_owned(),
        venue: None,
        door: None,
        district: None,
        expires: now().minus_ms(HOUR_MS),
    };
    let (text, _) = token_of(&tracer).split_once('.').context("a token has two parts")?;
    Ok(json!({
        "subject": subject, "tracer": token_of(&tracer), "forged": format!("{text}.AAAA"),
        "other": token_of(&town.gateway.token("tracer", other, None)?), "other_subject": other,
        "authority": token_of(&town.authority), "ended": token_of(&town.gateway.signed(&claims)?),
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_traces_a_generated_town_on_the_tracer_console() -> anyhow::Result<()> {
    let seed = std::env::var("SCANGATE_TEST_SEED").ok().map_or(Ok(now().0), |text| text.parse())?;
    println!("SCANGATE_TEST_SEED={seed}");
    let mut town = TestTown::found(PEOPLE).await?;
    let venues = add_venues(&mut town).await?;
    let visits = plan_visits(&mut SplitMix64(seed));
    let rows = rows(&town, &venues, &visits, now().minus_ms(30 * HOUR_MS));
    import(&mut town, &rows).await?;
    let mut shown = tokens(&town)?;
    shown["people"] = town.residents.iter().map(|resident| json!(resident.person)).collect();
    shown["venues"] = venues.iter().enumerate().map(describe_venue).collect();
    shown["rows"] = json!(rows);
    let file = town.gateway.folder().path().join("town.json");
    std::fs::write(&file, shown.to_string())?;
    let mut script = browse("console/cases.mjs", &town, 0);
    script.arg(&file);
    let output = script.output().context("node is missing")?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}
