//! Crashes: the gateway is killed repeatedly under load. Each acknowledged check-in is stored once
//! afterwards.

use futures_util::future::join_all;
use scangate_core::id::PersonId;
use scangate_core::time::Step;
use scangate_loadgen::city::LoadResident;
use scangate_loadgen::client::{ClientConnection, LoadTarget, Version};
use scangate_loadgen::drive::now;
use scangate_loadgen::sample::AcknowledgedCheckIn;
use scangate_loadgen::verify::verify;
use scangate_tests::{ExpectedLog, Gateway, TestTown};
use serde_json::json;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Number of kills.
const KILLS: usize = 100;
/// Acknowledgements before each kill, varied so that it falls at different moments of a group.
const BEFORE_A_KILL: u64 = 40;
/// Connections that scan at once.
pub(crate) const GATES: usize = 4;
/// Residents of a gate.
pub(crate) const RESIDENTS_A_GATE: usize = 300;

/// The acknowledgements that the load received, and their number.
#[derive(Default)]
pub(crate) struct AcknowledgedList {
    pub(crate) kept: Mutex<HashMap<PersonId, Vec<AcknowledgedCheckIn>>>,
    pub(crate) count: AtomicU64,
}

/// Scans one resident after another until the connection breaks.
async fn scan_until_it_breaks(
    mut connection: ClientConnection,
    residents: &[LoadResident],
    poster: &str,
    from: usize,
    list: &AcknowledgedList,
) {
    for resident in residents.iter().cycle().skip(from).take(residents.len()) {
        let code = resident.code(Step::of(now()));
        let scan = json!({"venue": poster, "person": code}).to_string();
        let Ok(answer) = connection.call("POST", "/v1/check-ins", "", scan).await else { return };
        let Ok(acknowledged) = serde_json::from_slice(&answer) else { return };
        let mut kept = list.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entry(resident.person).or_default().push(acknowledged);
        list.count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Scans every resident once, at several gates.
pub(crate) async fn load(
    target: LoadTarget,
    residents: Arc<Vec<LoadResident>>,
    poster: String,
    round: usize,
    list: Arc<AcknowledgedList>,
) {
    let gates = (0..GATES).map(|gate| {
        let (target, residents, poster, list) = (&target, &residents, &poster, &list);
        async move {
            let Ok(connection) = target.connect(Version::ALL[gate % 3]).await else { return };
            let own = &residents[gate * RESIDENTS_A_GATE..(gate + 1) * RESIDENTS_A_GATE];
            scan_until_it_breaks(connection, own, poster, round * 7, list).await;
        }
    });
    join_all(gates).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_a_hundred_times_it_loses_and_doubles_nothing() -> anyhow::Result<()> {
    let folder = Arc::new(tempfile::tempdir()?);
    let start = || Gateway::start_in(Arc::clone(&folder), &[], ExpectedLog::Quiet);
    let town = TestTown::found_in(start()?, GATES * RESIDENTS_A_GATE).await?;
    let TestTown { mut gateway, residents, venues, .. } = town;
    let (residents, list) = (Arc::new(residents), Arc::new(AcknowledgedList::default()));
    for round in 0..KILLS {
        let before = list.count.load(Ordering::Relaxed);
        let goal = before + BEFORE_A_KILL + round as u64 % 17;
        let poster = venues[round % venues.len()].poster.clone();
        let loading =
            tokio::spawn(load(gateway.target()?, Arc::clone(&residents), poster, round, Arc::clone(&list)));
        while list.count.load(Ordering::Relaxed) < goal && !loading.is_finished() {
            tokio::task::yield_now().await;
        }
        gateway.kill()?;
        // A QUIC client does not notice that its server is gone before the idle timeout.
        loading.abort();
        let _ = loading.await;
        assert!(list.count.load(Ordering::Relaxed) > before, "round {round} acknowledged nothing");
        gateway = start()?;
    }
    let kept = std::mem::take(&mut *list.kept.lock().unwrap_or_else(PoisonError::into_inner));
    let verified = verify(&gateway.target()?, &residents, &kept).await?;
    assert!(verified.is_ok(), "{verified:?}");
    assert!(verified.acknowledged > KILLS as u64 * BEFORE_A_KILL / 2, "{verified:?}");
    Ok(())
}
