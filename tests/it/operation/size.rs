//! Sizes on record: as many people and posters as the cities reported.

use scangate_core::time::Step;
use scangate_loadgen::city::{residents, venues};
use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, eventually};
use serde_json::json;

/// Nanchong's registered residents after twenty days, and the second print run of its posters.
const RESIDENTS: usize = 180_000;
const POSTERS: usize = 7_000;

#[tokio::test(flavor = "multi_thread")]
async fn gz_01_180_000_people_and_7_000_posters() -> anyhow::Result<()> {
    let mut town = TestTown::under("nanchong", 1).await?;
    let authority = town.authority.clone();
    let people = residents(&mut town.connection, &authority, 18, RESIDENTS).await?;
    let posters = venues(&mut town.connection, &authority, POSTERS).await?;
    let known = async || town.gateway.metric("scangate_residents", "");
    eventually(known, |known| *known >= RESIDENTS as f64).await?;
    for (person, poster) in people.iter().step_by(RESIDENTS / 50).zip(posters.iter().step_by(POSTERS / 50)) {
        let scan = json!({"venue": poster.poster, "person": person.code(Step::of(now()))}).to_string();
        let scanned = town.send("POST", "/v1/check-ins", "", scan).await?.json()?;
        assert_eq!((&scanned["colour"], &scanned["venue"]["id"]), (&json!("green"), &json!(poster.venue)));
    }
    Ok(())
}
