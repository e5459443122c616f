//! The backup of a city on a cluster, in the order that deploy/BACKUP.md gives, and its restore after the
//! keyspace is gone.

use super::load::earliest;
use anyhow::Context as _;
use scangate_core::id::PersonId;
use scangate_core::time::Step;
use scangate_loadgen::city::{LoadCity, LoadResident};
use scangate_loadgen::client::{LoadTarget, Version};
use scangate_loadgen::drive::now;
use scangate_loadgen::sample::AcknowledgedCheckIn;
use scangate_loadgen::verify::verify;
use scangate_tests::cluster::{data_folder, nodes, nodetool, shared_turn};
use scangate_tests::{ClusterCity, ExpectedLog, Gateway, TestTown, assert_done, eventually};
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;

const GATEWAYS: usize = 2;
/// Number of residents. Resident 0 is red.
const RESIDENTS: usize = 300;
/// Acknowledgements of each gateway before its backup, and again before the gateways are killed.
const ACKNOWLEDGED: usize = 200;
/// The cluster's nodes by number.
const NODES: std::ops::RangeInclusive<u8> = 1..=3;
const SNAPSHOT: &str = "nightly";

/// Check-ins that a gateway acknowledged, in order.
type Acknowledged = Vec<(PersonId, Vec<AcknowledgedCheckIn>)>;
/// The same while the load goes on.
type AcknowledgedSoFar = Arc<Mutex<Acknowledged>>;

/// Scans one resident after another at a venue of the gateway's own, until the gateway is gone.
async fn scan_until_killed(target: LoadTarget, city: Arc<LoadCity>, venue: usize, list: AcknowledgedSoFar) {
    let Ok(mut connection) = target.connect(Version::Http2).await else { return };
    for resident in city.residents.iter().cycle() {
        let code = resident.code(Step::of(now()));
        let scan = json!({"venue": city.venues[venue].poster, "person": code}).to_string();
        let Ok(answer) = connection.call("POST", "/v1/check-ins", "", scan).await else { return };
        let Ok(acknowledged) = serde_json::from_slice(&answer) else { return };
        list.lock().unwrap_or_else(PoisonError::into_inner).push((resident.person, vec![acknowledged]));
    }
}

/// Waits for more acknowledgements. Returns all of them.
async fn more(list: &AcknowledgedSoFar) -> anyhow::Result<Acknowledged> {
    let count = || list.lock().unwrap_or_else(PoisonError::into_inner).len();
    let goal = count() + ACKNOWLEDGED;
    eventually(async || Ok(count()), |count| *count >= goal).await?;
    Ok(list.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

/// The statements that make the keyspace again.
async fn describe(session: &Session, keyspace: &str) -> anyhow::Result<Vec<String>> {
    let rows =
        session.query_unpaged(format!("DESCRIBE KEYSPACE {keyspace}"), &[]).await?.into_rows_result()?;
    let statements = rows.rows::<(String, String, String, String)>()?;
    statements.map(|row| Ok(row?.3)).collect()
}

/// The folders of a keyspace's tables at a node: each table with its folder.
fn tables(number: u8, keyspace: &str) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let folders = fs::read_dir(data_folder(number)?.join(keyspace))?;
    let table = |folder: std::io::Result<fs::DirEntry>| {
        let path = folder?.path();
        let name = path.file_name().context("a folder has a name")?.to_string_lossy().into_owned();
        // The rest of the name is the table's id.
        Ok((name.rsplit_once('-').map(|(table, _)| table.to_owned()).context("a table's folder")?, path))
    };
    folders.map(table).collect()
}

/// Takes a snapshot at every node, copies it to `to/NODE/TABLE`, and clears it.
fn keep_snapshots(keyspace: &str, to: &Path) -> anyhow::Result<()> {
    for number in NODES {
        nodetool(number, &format!("snapshot -t {SNAPSHOT} {keyspace}"))?;
    }
    for number in NODES {
        for (table, folder) in tables(number, keyspace)? {
            let to = to.join(number.to_string()).join(table);
            fs::create_dir_all(&to)?;
            for file in fs::read_dir(folder.join("snapshots").join(SNAPSHOT))? {
                let file = file?;
                fs::copy(file.path(), to.join(file.file_name()))?;
            }
        }
        nodetool(number, &format!("clearsnapshot -t {SNAPSHOT} {keyspace}"))?;
    }
    Ok(())
}

/// Gives every node its own files of the snapshot.
fn import_snapshots(keyspace: &str, from: &Path) -> anyhow::Result<()> {
    for number in NODES {
        for table in fs::read_dir(from.join(number.to_string()))? {
            let table = table?;
            let (name, folder) = (table.file_name(), table.path());
            let (name, folder) = (name.display(), folder.display());
            nodetool(number, &format!("import --copy-data {keyspace} {name} {folder}"))?;
        }
    }
    nodetool(1, &format!("repair -full {keyspace}")).map(drop)
}

/// Restores a gateway's backup to a new folder, and starts a gateway there.
fn restored(from: &Path, secret: &Path, store: &str) -> anyhow::Result<Gateway> {
    let folder = Arc::new(tempfile::tempdir()?);
    let (from, secret) = (from.display().to_string(), secret.display().to_string());
    let data = folder.path().display().to_string();
    let restore = ["restore", "--from", &from, "--data", &data, "--secret", &secret, "--verify"];
    assert_done(&Gateway::run(&restore)?, "all equal");
    Gateway::start_in(folder, &["--store", store], ExpectedLog::Trouble)
}

/// The contents of a backup of the city: a folder for each gateway, and the snapshots with the schema.
struct CityBackup {
    folder: TempDir,
    schema: Vec<String>,
}

impl CityBackup {
    fn of_gateway(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("gateway{number}"))
    }

    fn secret(&self) -> PathBuf {
        self.folder.path().join("secret")
    }

    fn snapshots(&self) -> PathBuf {
        self.folder.path().join("snapshots")
    }

    /// Backs a running gateway up.
    fn take(&self, gateway: &Gateway, number: usize) -> anyhow::Result<()> {
        let to = self.of_gateway(number);
        fs::create_dir(&to)?;
        let (data, to) = (gateway.folder().path().display().to_string(), to.display().to_string());
        let secret = self.secret().display().to_string();
        let mut arguments = vec!["backup", "--data", &data, "--to", &to];
        if number == 0 {
            arguments.extend(["--secret-to", &secret]);
        }
        assert_done(&Gateway::run(&arguments)?, "from the running gateway");
        Ok(())
    }
}

/// Checks that a restored gateway has each of these check-ins once, and the city's registry.
async fn check(gateway: &Gateway, city: &LoadCity, kept: Acknowledged) -> anyhow::Result<()> {
    let verified = verify(&gateway.target()?, &city.residents, &earliest(kept)).await?;
    assert!(verified.is_ok() && verified.acknowledged > 0, "{verified:?}");
    println!("{verified:?}");
    let mut phone = gateway.target()?.connect(Version::Http3).await?;
    for (resident, colour) in [(0, "red"), (1, "green")] {
        let resident: &LoadResident = &city.residents[resident];
        let scan = json!({"venue": city.venues[2].poster, "person": resident.code(Step::of(now()))});
        let answer = phone.call("POST", "/v1/check-ins", "", scan.to_string()).await?;
        let answer: serde_json::Value = serde_json::from_slice(&answer)?;
        assert_eq!(answer["colour"], colour, "{answer}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn backups_and_snapshots_under_load_restore_what_was_acknowledged_before_them() -> anyhow::Result<()> {
    let _turn = shared_turn().await;
    let town = ClusterCity::new("kept", GATEWAYS)?;
    let (keyspace, store) = (town.keyspace().to_owned(), town.store().to_owned());
    let mut founded = TestTown::found_in(town.start(0)?, RESIDENTS).await?.sending_again();
    assert_eq!(founded.fact(0, now(), json!({"kind": "confirmed"})).await?, "red");
    let TestTown { gateway, residents, venues, .. } = founded;
    let city = Arc::new(LoadCity { residents, venues });
    let mut gateways = vec![gateway, town.start(1)?];
    let lists: Vec<AcknowledgedSoFar> = gateways.iter().map(|_| AcknowledgedSoFar::default()).collect();
    let mut loads = Vec::new();
    for (number, (gateway, list)) in gateways.iter().zip(&lists).enumerate() {
        let load = scan_until_killed(gateway.target()?, Arc::clone(&city), number, Arc::clone(list));
        loads.push(tokio::spawn(load));
    }

    let session = SessionBuilder::new().known_nodes_addr(nodes()?).build().await?;
    let schema = describe(&session, &keyspace).await?;
    let kept = CityBackup { folder: tempfile::tempdir()?, schema };
    let mut before = Vec::new();
    for (number, gateway) in gateways.iter().enumerate() {
        before.extend(more(&lists[number]).await?);
        tokio::task::block_in_place(|| kept.take(gateway, number))?;
    }
    tokio::task::block_in_place(|| keep_snapshots(&keyspace, &kept.snapshots()))?;
    for list in &lists {
        more(list).await?;
    }

    for gateway in &mut gateways {
        gateway.kill()?;
    }
    for load in loads {
        load.await?;
    }
    drop(gateways);
    session.query_unpaged(format!("DROP KEYSPACE {keyspace}"), &[]).await?;

    for statement in &kept.schema {
        session.query_unpaged(statement.as_str(), &[]).await?;
    }
    tokio::task::block_in_place(|| import_snapshots(&keyspace, &kept.snapshots()))?;
    let gateways = tokio::task::block_in_place(|| {
        let restore = |number| restored(&kept.of_gateway(number), &kept.secret(), &store);
        (0..GATEWAYS).map(restore).collect::<anyhow::Result<Vec<_>>>()
    })?;
    for gateway in &gateways {
        check(gateway, &city, before.clone()).await?;
    }
    Ok(())
}
