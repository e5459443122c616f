//! System calls that fail: the k-th fdatasync, write, truncation or rename of a thread, on the real binary.
//! Nothing that was acknowledged is lost, whoever waits is answered, and a gateway that cannot go on ends so
//! that its supervisor starts it again. Needs strace.

use anyhow::Context as _;
use futures_util::future::join_all;
use scangate_core::id::PersonId;
use scangate_core::time::Step;
use scangate_loadgen::city::LoadResident;
use scangate_loadgen::client::{ClientConnection, LoadTarget, Version};
use scangate_loadgen::drive::now;
use scangate_loadgen::sample::AcknowledgedCheckIn;
use scangate_loadgen::verify::verify;
use scangate_tests::{ExpectedLog, Gateway, TestTown, send};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Residents, each of whom checks in once.
const RESIDENTS: usize = 60;
/// How long a gateway whose disk failed may take to end. It ends within a second; the rest is the machine's.
const END_MAX: Duration = Duration::from_secs(5);
/// How long a phone tries to connect.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long a client waits for an answer, which the gateway must not leave it without.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// Faults, and whether the gateway cannot go on after them.
const FAULTS: [(&str, bool); 14] = [
    ("fdatasync:error=EIO:when=1", true),
    ("fdatasync:error=EIO:when=2", true),
    ("fdatasync:error=EIO:when=5", true),
    ("fdatasync:error=EIO:when=17", true),
    ("fdatasync:error=ENOSPC:when=3", true),
    ("fdatasync:error=ENOSPC:when=9", true),
    ("pwrite64:error=EIO:when=2", true),
    ("pwrite64:error=EIO:when=8", true),
    ("pwrite64:error=ENOSPC:when=4", true),
    ("ftruncate:error=EIO:when=1", false),
    ("ftruncate:error=ENOSPC:when=2", false),
    ("rename:error=EIO:when=1", false),
    ("rename:error=ENOSPC:when=2", false),
    ("fsync:error=EIO:when=2", false),
];

type Acknowledged = HashMap<PersonId, Vec<AcknowledgedCheckIn>>;

/// Connects a phone for every resident, over all versions at a time. Some do not connect
/// if the gateway ends meanwhile: over UDP, a phone does not learn that no process has the port.
async fn connect_all(target: &LoadTarget, fault: &str) -> Vec<Option<ClientConnection>> {
    let phones = Version::ALL.into_iter().cycle().take(RESIDENTS).map(async |version| {
        let connected = tokio::time::timeout(CONNECT_MAX, target.connect(version)).await;
        let connected = connected.map_err(anyhow::Error::from).and_then(|phone| Ok(phone?));
        connected.inspect_err(|error| println!("{fault}: {version:?} does not connect: {error:#}")).ok()
    });
    join_all(phones).await
}

/// Checks every resident in whose phone is connected, and returns what was acknowledged. **Errors**: a client
/// got neither an answer nor the end of its connection.
async fn check_in_all(
    phones: Vec<Option<ClientConnection>>,
    residents: &[LoadResident],
    poster: &str,
) -> anyhow::Result<Acknowledged> {
    let pairs = phones.into_iter().zip(residents);
    let scans =
        pairs.filter_map(|(phone, resident)| Some((phone?, resident))).map(async |(mut phone, resident)| {
            let code = resident.code(Step::of(now()));
            let body = json!({"venue": poster, "person": code}).to_string();
            let scan = send(&mut phone, "POST", "/v1/check-ins", "", body);
            let answer = tokio::time::timeout(ANSWER_MAX, scan).await?;
            if let Ok(answer) = &answer
                && answer.status() == 503
                && answer.code() == "overloaded"
            {
                // The scan waited for the disk, and a start may find it there.
                let text = answer.text();
                anyhow::ensure!(
                    text.contains("cannot tell whether") && !text.contains("nothing was stored"),
                    text
                );
            }
            let taken = answer.ok().filter(|answer| answer.status() == 200);
            let taken = taken.map(|answer| anyhow::Ok(serde_json::from_value(answer.json()?)?)).transpose();
            anyhow::Ok((resident.person, taken?))
        });
    let mut kept = Acknowledged::new();
    for scan in join_all(scans).await {
        let (person, taken) = scan?;
        kept.entry(person).or_default().extend(taken);
    }
    kept.retain(|_, taken| !taken.is_empty());
    Ok(kept)
}

/// Waits for the end of a gateway that cannot go on.
async fn expect_end(gateway: &mut Gateway, fault: &str) -> anyhow::Result<()> {
    let began = Instant::now();
    while gateway.ended()?.is_none() {
        anyhow::ensure!(began.elapsed() < END_MAX, "{fault}: it goes on: {:#?}", gateway.log());
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Brings a fault about, and returns how many check-ins were acknowledged before or in spite of it.
async fn bear(fault: &str, is_fatal: bool) -> anyhow::Result<usize> {
    let folder: Arc<TempDir> = Arc::new(tempfile::tempdir()?);
    let start = || Gateway::start_in(Arc::clone(&folder), &[], ExpectedLog::Quiet);
    let town = TestTown::found_in(start()?, RESIDENTS).await?;
    let TestTown { gateway, residents, venues, .. } = town;
    assert!(gateway.stop()?.success(), "{fault}");
    let mut kept = Acknowledged::new();
    // A fault at the start may end it, and then the next start must do.
    if let Ok(mut gateway) = Gateway::start_with_fault(Arc::clone(&folder), &[], fault, None) {
        let phones = connect_all(&gateway.target()?, fault).await;
        anyhow::ensure!(is_fatal || phones.iter().all(Option::is_some), "{fault}: phones do not connect");
        kept = check_in_all(phones, &residents, &venues[0].poster).await.context(fault.to_owned())?;
        if is_fatal && kept.len() < RESIDENTS {
            expect_end(&mut gateway, fault).await?;
        } else if gateway.ended()?.is_none() {
            gateway.stop()?;
        }
    }
    let gateway = start()?;
    let verified = verify(&gateway.target()?, &residents, &kept).await?;
    assert!(verified.is_ok(), "{fault}: {verified:?}");
    Ok(kept.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_call_that_fails_loses_nothing_that_was_acknowledged() -> anyhow::Result<()> {
    let mut fewer = 0;
    for (fault, is_fatal) in FAULTS {
        fewer += usize::from(bear(fault, is_fatal).await? < RESIDENTS);
    }
    // Otherwise the faults did not come about.
    assert!(fewer >= 6, "{fewer} faults had an effect");
    Ok(())
}
