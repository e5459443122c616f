//! A real register replayed: every person's co-presence over one hop and two equals a reckoning by brute
//! force. The register is `SCANGATE_TEST_REGISTER`, or Tokyo's beside the clone where it lies there; a
//! generated one stands in where neither does.

use scangate_loadgen::plan::SplitMix64;
use scangate_loadgen::replay::{RecordedVisit, read, replay};
use scangate_tests::{City, Gateway, city};
use std::path::{Path, PathBuf};

/// People who are asked for on a cluster, where each answer takes some dozens of round trips.
const PEOPLE_ON_A_CLUSTER: usize = 100;
/// People of a generated register, who meet often.
const PEOPLE: u32 = 120;

fn real() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/tokyo-checkins.csv");
    std::env::var_os("SCANGATE_TEST_REGISTER")
        .map(PathBuf::from)
        .or_else(|| beside.exists().then_some(beside))
}

fn generated() -> Vec<RecordedVisit> {
    let mut random = SplitMix64(11);
    let visits = (0..2_500).map(|_| RecordedVisit {
        user: random.below(PEOPLE).to_string(),
        venue: random.below(40).to_string(),
        // Whole minutes: some fall on one instant.
        at: 1_333_400_000_000 + i64::from(random.below(2_000)) * 60_000,
    });
    visits.collect()
}

async fn check(visits: &[RecordedVisit]) -> anyhow::Result<()> {
    check_in(&Gateway::start(&[])?, visits, 1_900).await
}

async fn check_in(gateway: &Gateway, visits: &[RecordedVisit], people_max: usize) -> anyhow::Result<()> {
    let (authority, tracer) = (gateway.first_token("authority")?, gateway.first_token("tracer")?);
    let replayed = replay(&gateway.target()?, &authority, &tracer, visits, people_max).await?;
    assert_eq!(replayed.difference, None);
    assert_eq!((replayed.imported, replayed.equal), (visits.len(), replayed.asked));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn co_presence_in_a_generated_register_equals_brute_force() -> anyhow::Result<()> {
    check(&generated()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn co_presence_in_a_real_register_equals_brute_force() -> anyhow::Result<()> {
    check(&real_or_generated()?).await
}

fn real_or_generated() -> anyhow::Result<Vec<RecordedVisit>> {
    match real() {
        Some(path) => read(&path),
        None => {
            println!("no real register here: a generated one stands in");
            Ok(generated())
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn co_presence_on_a_cluster_equals_brute_force() -> anyhow::Result<()> {
    let _turn = city::among_others().await;
    let city = City::new("register", 1)?;
    check_in(&city.start(0)?, &real_or_generated()?, PEOPLE_ON_A_CLUSTER).await
}
