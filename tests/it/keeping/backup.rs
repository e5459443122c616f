//! Backups beside a running gateway, and what a gateway on a restored folder still knows.

use crate::operation::crashes::{AcknowledgedList, GATES, RESIDENTS_A_GATE, load};
use anyhow::Context as _;
use scangate_loadgen::client::Version;
use scangate_loadgen::verify::verify;
use scangate_tests::{ExpectedLog, Gateway, TestTown, assert_done, assert_refused, eventually};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread;
use tempfile::TempDir;

/// Acknowledgements before the backup begins, and again before the gateway is killed.
const ACKNOWLEDGED: u64 = 1_000;

/// The names in a folder, in order.
fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let names = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().display().to_string()));
    let mut names = names.collect::<std::io::Result<Vec<String>>>()?;
    names.sort_unstable();
    Ok(names)
}

/// Runs `gateway backup` of a data folder to a folder, where the secret goes too.
fn backup(data: &Path, to: &Path) -> anyhow::Result<Output> {
    let (data, to, secret) = (data.display(), to.display(), to.join("secret"));
    Gateway::run(&[
        "backup",
        "--data",
        &data.to_string(),
        "--to",
        &to.to_string(),
        "--secret-to",
        &secret.display().to_string(),
    ])
}

/// Restores the newest backup of a folder to a new data folder, and starts a gateway there.
fn restored(from: &Path) -> anyhow::Result<Gateway> {
    let folder = Arc::new(tempfile::tempdir()?);
    let (data, secret) = (folder.path().display().to_string(), from.join("secret").display().to_string());
    let from = from.display().to_string();
    let arguments = ["restore", "--from", &from, "--data", &data, "--secret", &secret, "--verify"];
    assert_done(&Gateway::run(&arguments)?, "all equal");
    assert_refused(&Gateway::run(&arguments)?, "is not empty");
    Gateway::start_in(folder, &[], ExpectedLog::Quiet)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_has_everything_that_was_acknowledged_before_it() -> anyhow::Result<()> {
    let mut town = TestTown::found(GATES * RESIDENTS_A_GATE).await?;
    let (data, kept) = (town.gateway.folder(), tempfile::tempdir()?);
    let shown = data.path().display().to_string();
    let token = ["token", "--role", "tracer", "--subject", "from before", "--data", &shown];
    assert_done(&Gateway::run(&token)?, "");
    let registered = registered(&mut town).await?;
    let TestTown { mut gateway, residents, venues, authority, tracer, .. } = town;
    let (residents, list) = (Arc::new(residents), Arc::new(AcknowledgedList::default()));
    let count = || list.count.load(Ordering::Relaxed);
    let (target, poster) = (gateway.target()?, venues[0].poster.clone());
    let loading = tokio::spawn({
        let (residents, list) = (Arc::clone(&residents), Arc::clone(&list));
        async move {
            for round in 0.. {
                load(target.clone(), Arc::clone(&residents), poster.clone(), round, Arc::clone(&list)).await;
            }
        }
    });
    while count() < ACKNOWLEDGED {
        tokio::task::yield_now().await;
    }
    let before = list.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (from, to) = (data.path().to_owned(), kept.path().to_owned());
    let taken = tokio::task::spawn_blocking(move || backup(&from, &to)).await??;
    assert_done(&taken, "from the running gateway");
    assert!(data.path().join("last-backup").exists(), "doctor and metrics see it");
    let goal = count() + ACKNOWLEDGED;
    while count() < goal {
        tokio::task::yield_now().await;
    }
    gateway.kill()?;
    loading.abort();
    let _ = loading.await;

    let gateway = restored(kept.path())?;
    assert!(gateway.metric("scangate_last_backup_timestamp_seconds", "")? > 1.7e9);
    let target = gateway.target()?;
    let verified = verify(&target, &residents, &before).await?;
    assert!(verified.is_ok() && verified.acknowledged >= ACKNOWLEDGED, "{verified:?}");
    let connection = target.connect(Version::Http3).await?;
    let residents = Arc::try_unwrap(residents).ok().context("the load has ended")?;
    let sends_again = false;
    let mut town =
        TestTown { gateway, target, connection, venues, residents, authority, tracer, sends_again };
    assert_eq!(self::registered(&mut town).await?, registered);
    let scanned = town.check_in(0, 2).await?;
    assert_eq!(scanned.status(), 200, "{}", scanned.text());
    Ok(())
}

/// The registry's answers about a resident, a venue, and the token that the command made.
async fn registered(town: &mut TestTown) -> anyhow::Result<[Value; 3]> {
    let authority = town.authority.clone();
    let operator = town.gateway.first_token("operator")?;
    let listed = async || Ok(made(&town.send("GET", "/v1/tokens", &operator, "").await?.json()?));
    let made = eventually(listed, Option::is_some).await?.context("the token is listed")?;
    let person = format!("/v1/people/{}", town.residents[0].person);
    let mut person = town.send("GET", &person, &authority, "").await?.json()?;
    let fields = person.as_object_mut().context("a person")?;
    fields.remove("at");
    let venue = format!("/v1/venues/{}", town.venues[0].venue);
    let venue = town.send("GET", &venue, &authority, "").await?.json()?;
    Ok([made, person, venue])
}

/// The listed token that the command made.
fn made(listed: &Value) -> Option<Value> {
    listed["tokens"].as_array()?.iter().find(|token| token["subject"] == "from before").cloned()
}

/// Whether a process that has one socket sleeps: it has connected, and waits for an answer.
fn waits_for_answer(process: u32) -> bool {
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    let has_socket = files.into_iter().any(|file| {
        std::fs::read_link(file.path()).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"))
    });
    let state = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    has_socket && state.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'))
}

#[test]
fn a_gateway_killed_during_its_backup_leaves_no_file() -> anyhow::Result<()> {
    let mut gateway = Gateway::start(&[])?;
    let (data, kept) = (gateway.folder(), tempfile::tempdir()?);
    let file = kept.path().join("city.backup");
    // A gateway that does nothing can be killed while the command waits for it.
    gateway.pause()?;
    let (shown, to) = (data.path().display().to_string(), file.display().to_string());
    let mut command = Gateway::command(&["backup", "--data", &shown, "--to", &to])?;
    let mut command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let unfinished = PathBuf::from(format!("{to}.unfinished"));
    // The file comes before the request.
    while !unfinished.exists() || !waits_for_answer(command.id()) {
        anyhow::ensure!(command.try_wait()?.is_none(), "the command did not wait");
        thread::yield_now();
    }
    gateway.kill()?;
    let ended = command.wait_with_output()?;
    let said = String::from_utf8(ended.stderr)?;
    assert_eq!((ended.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(names(kept.path())?.is_empty());
    assert!(!data.path().join("last-backup").exists(), "no backup was made");
    // The socket outlives its gateway, and the command finds that nobody listens.
    assert_done(&backup(data.path(), kept.path())?, "no gateway runs on it");
    restored(kept.path())?;
    Ok(())
}

#[test]
fn a_folder_with_half_a_restore_or_no_secret_is_not_served() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let (data, kept) = (gateway.folder(), tempfile::tempdir()?);
    assert_done(&backup(data.path(), kept.path())?, "keep it apart from the backup");
    let empty: Arc<TempDir> = Arc::new(tempfile::tempdir()?);
    let (from, to) = (kept.path().display().to_string(), empty.path().display().to_string());
    assert_done(&Gateway::run(&["restore", "--from", &from, "--data", &to])?, "The secret is missing");
    let start = || Gateway::start_in(Arc::clone(&empty), &[], ExpectedLog::Quiet).err().context("it started");
    assert!(start()?.to_string().contains("its secret is missing"));
    std::fs::copy(kept.path().join("secret"), empty.path().join("secret"))?;
    std::fs::write(empty.path().join("restore.unfinished"), "")?;
    assert!(start()?.to_string().contains("did not end"));
    Ok(())
}
