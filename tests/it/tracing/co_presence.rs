//! Co-presence of every person in a register, over one hop and two, equals a brute-force computation.
//! `SCANGATE_TEST_REGISTER` names a register of real check-ins. Without one, a generated register is used.

use scangate_loadgen::plan::SplitMix64;
use scangate_loadgen::replay::register::{RecordedVisit, WishedWindow, read};
use scangate_loadgen::replay::replay;
use scangate_tests::Gateway;
use std::path::PathBuf;

/// Number of people in a generated register; few, so that they meet often.
const PEOPLE: u32 = 120;

fn real() -> Option<PathBuf> {
    std::env::var_os("SCANGATE_TEST_REGISTER").map(PathBuf::from)
}

fn generated() -> Vec<RecordedVisit> {
    let mut random = SplitMix64(11);
    let visits = (1..=2_500).map(|line| RecordedVisit {
        user: random.below(PEOPLE).to_string().into_bytes(),
        venue: random.below(40).to_string().into_bytes(),
        // Whole minutes, so that some visits share an instant.
        at: 1_333_400_000_000 + i64::from(random.below(2_000)) * 60_000,
        line,
    });
    visits.collect()
}

async fn check(visits: &[RecordedVisit]) -> anyhow::Result<()> {
    check_in(&Gateway::start(&[])?, visits, 1_900).await
}

pub(crate) async fn check_in(
    gateway: &Gateway,
    visits: &[RecordedVisit],
    people_max: usize,
) -> anyhow::Result<()> {
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

pub(crate) fn real_or_generated() -> anyhow::Result<Vec<RecordedVisit>> {
    match real() {
        Some(path) => {
            let register = read(&path, WishedWindow::default())?;
            assert!(register.left_out.is_empty(), "{}", register.left_out);
            Ok(register.visits)
        }
        None => {
            println!("no real register here: a generated one is used");
            Ok(generated())
        }
    }
}
