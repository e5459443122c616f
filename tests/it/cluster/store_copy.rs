//! `gateway store copy` of an embedded deployment to a real cluster, where the city continues unchanged. Also
//! copies that are interrupted or refused, and the commands that list and retire gateways.

use anyhow::Context as _;
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{
    ClusterProxy, ExpectedLog, Gateway, TestTown, assert_done, assert_refused, cluster, eventually,
    output_text, read_until,
};
use serde_json::{Value, json};
use std::io::{BufReader, Read as _};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

const DAY_MS: u64 = 86_400_000;

/// A test's own keyspace, and the configuration for it.
struct CopyTarget {
    folder: TempDir,
    keyspace: String,
    store: String,
    config: String,
}

impl CopyTarget {
    fn new(test: &str) -> anyhow::Result<Self> {
        Self::of(format!("moving_{test}_{}", std::process::id()), &cluster::nodes()?, "")
    }

    /// The same keyspace, reached through the proxies.
    fn through(&self, proxy: &ClusterProxy) -> anyhow::Result<Self> {
        let translate = proxy.translate.iter().map(|(from, to)| format!("\"{from}\" = \"{to}\"\n"));
        let translate = format!("[cql.translate]\n{}", translate.collect::<String>());
        Self::of(self.keyspace.clone(), &proxy.nodes, &translate)
    }

    fn of(keyspace: String, nodes: &[SocketAddr], more: &str) -> anyhow::Result<Self> {
        let nodes: Vec<String> = nodes.iter().map(SocketAddr::to_string).collect();
        let store = format!("cql://{}/{keyspace}", nodes.join(","));
        let folder = tempfile::tempdir()?;
        let config = folder.path().join("city.toml");
        std::fs::write(&config, format!("retention_days = 7\n[cql]\nbuckets = 8\n{more}"))?;
        Ok(Self { config: config.display().to_string(), folder, keyspace, store })
    }

    /// Starts a gateway of the city in a new data folder.
    fn start(&self, secret: &Path) -> anyhow::Result<Gateway> {
        let secret = secret.display().to_string();
        let arguments = ["--store", &self.store, "--config", &self.config, "--secret", &secret];
        Gateway::start_in(Arc::new(tempfile::tempdir()?), &arguments, ExpectedLog::Trouble)
    }

    /// `gateway store copy` of this data folder.
    fn copying(&self, from: &Path, more: &[&str]) -> anyhow::Result<Command> {
        let from = format!("embedded:{}", from.display());
        let own = ["store", "copy", "--from", &from, "--to", &self.store, "--config", &self.config];
        Gateway::command(&[&own, more].concat())
    }

    fn copy(&self, from: &Path, more: &[&str]) -> anyhow::Result<Output> {
        Ok(self.copying(from, more)?.output()?)
    }

    /// Runs another `gateway store` command.
    fn ask(&self, command: &[&str], secret: &Path) -> anyhow::Result<Output> {
        let secret = secret.display().to_string();
        let rest = ["--store", &self.store, "--config", &self.config, "--secret", &secret];
        Gateway::run(&[&["store"], command, &rest].concat())
    }
}

/// Imports check-ins of the town's people over some days.
async fn import(town: &mut TestTown, count: usize, days: &[u64]) -> anyhow::Result<()> {
    let lines: Vec<String> = (0..count)
        .map(|number| {
            let person = town.residents[number % town.residents.len()].person;
            let venue = town.venues[number % town.venues.len()].venue;
            let at = now().minus_ms(days[number % days.len()] * DAY_MS + number as u64 * 1_000);
            json!({"person": person, "venue": venue, "at": at}).to_string()
        })
        .collect();
    let authority = town.authority.clone();
    let answers = town.send("POST", "/v1/check-ins/import", &authority, lines.join("\n")).await?.lines()?;
    anyhow::ensure!(answers.iter().all(|line| line["id"].is_string()), "{answers:?}");
    Ok(())
}

/// A case's trail, co-presence over two hops, and visits to the first venue.
async fn trace(town: &mut TestTown, case: &str) -> anyhow::Result<Vec<Value>> {
    let venue = town.venues[0].venue;
    // A visit of one second that began before now has ended then.
    let through = now().plus_ms(1_000);
    let mut seen = Vec::new();
    for what in ["trail".to_owned(), "co-presence?hops=2".to_owned(), format!("venues/{venue}/visits")] {
        let mut answer = town.traced_through(&format!("/v1/cases/{case}/{what}"), through).await?;
        answer.as_object_mut().context("an object")?.remove("complete_through");
        seen.push(answer);
    }
    Ok(seen)
}

/// The answer that each resident gets at a door.
async fn colours(town: &mut TestTown) -> anyhow::Result<Vec<Value>> {
    let mut colours = Vec::new();
    for resident in 0..town.residents.len() {
        let scan = town.check_in(resident, 2).await?;
        assert_eq!(scan.status(), 200, "{}", scan.text());
        let scan = scan.json()?;
        colours.push(json!([scan["colour"], scan["verdict"], scan["reasons"]]));
    }
    Ok(colours)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_town_that_moves_is_the_same_on_the_cluster() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let copy_target = CopyTarget::new("moved")?;
    let mut town = TestTown::found(6).await?;
    for resident in 0..4 {
        town.check_in(resident, resident / 3).await?;
    }
    town.post_fact(1, "confirmed").await?;
    town.post_fact(2, "close-contact").await?;
    // The cluster retains seven days, so the tenth is left out.
    import(&mut town, 40, &[0, 1, 2, 10]).await?;
    let case = town.open_case(0).await?;
    let colours_before = colours(&mut town).await?;
    // A visit that is still open is counted further in each answer.
    for resident in 0..town.residents.len() {
        assert_eq!(town.check_out(resident, 2).await?.status(), 200);
    }
    let traced_before = trace(&mut town, &case).await?;
    assert_ne!(colours_before[0], colours_before[1]);

    let old = town.gateway.folder();
    assert_refused(&copy_target.copy(old.path(), &[])?, "stop its gateway first");
    let TestTown { gateway, residents, venues, .. } = town;
    assert!(gateway.stop()?.success());
    let (other, secret) = (copy_target.folder.path().join("other"), old.path().join("secret"));
    std::fs::write(&other, [7; 32])?;
    assert_refused(&copy_target.copy(old.path(), &["--secret", &other.display().to_string()])?, "secret");
    assert!(!old.path().join("store-copy.json").exists());
    let copied = copy_target.copy(old.path(), &[])?;
    // 40 imported, of which 10 are left out; 4, 6 and 6 scans.
    assert_done(&copied, " rows and 46 check-ins\nleft out 10 check-ins older than 7 days\n");
    assert!(
        output_text(&copied).contains(&format!("--secret {}", secret.display())),
        "{}",
        output_text(&copied)
    );
    // A second run copies nothing and compares everything again.
    let again = copy_target.copy(old.path(), &[])?;
    assert_done(&again, "copied and verified");
    assert!(
        !output_text(&again).contains("copying") && output_text(&again).contains("comparing"),
        "{}",
        output_text(&again)
    );

    let gateway = copy_target.start(&secret)?;
    eventually(async || gateway.metric("scangate_colours_loaded", ""), |loaded| *loaded == 1.0).await?;
    let target = gateway.target()?;
    let connection = target.connect(Version::Http3).await?;
    let (authority, tracer) = (gateway.first_token("authority")?, gateway.first_token("tracer")?);
    let sends_again = true;
    let mut town =
        TestTown { gateway, target, connection, venues, residents, authority, tracer, sends_again };
    assert_eq!(trace(&mut town, &case).await?, traced_before);
    assert_eq!(colours(&mut town).await?, colours_before);
    let mine = town.residents[1].authorization(now());
    let mine = town.send("GET", "/v1/people/me", &mine, "").await?;
    assert_eq!((mine.status(), &mine.json()?["colour"]), (200, &json!("red")), "{}", mine.text());
    assert_refused(&copy_target.copy(old.path(), &[])?, "gateways at work on");
    assert!(town.gateway.stop()?.success());
    let served = copy_target.copy(old.path(), &[])?;
    assert_refused(&served, "since gateways have served it");
    assert!(!output_text(&served).contains("drop"), "{}", output_text(&served));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_move_goes_on_where_it_was() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let copy_target = CopyTarget::new("interrupted")?;
    let mut town = TestTown::found(30).await?;
    import(&mut town, 400, &[0, 1, 2, 3, 4, 5]).await?;
    let (old, secret) = (town.gateway.folder(), town.gateway.folder().path().join("secret"));
    // Killed before a checkpoint, the gateway may leave check-ins only in its journal.
    town.check_in(0, 0).await?;
    town.gateway.kill()?;
    let checkpoint = old.path().join("journal/checkpoint");
    if checkpoint.exists() {
        std::fs::remove_file(checkpoint)?;
    }
    assert_refused(&copy_target.copy(old.path(), &[])?, "start the gateway once more and stop it in order");
    assert!(Gateway::start_in(Arc::clone(&old), &[], ExpectedLog::Quiet)?.stop()?.success());

    let mut copying = copy_target.copying(old.path(), &[])?.stderr(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(copying.stderr.take().context("standard error is piped")?);
    read_until(&mut lines, "copying the trails")?;
    copying.kill()?;
    assert_eq!(copying.wait()?.signal(), Some(9));
    let mut rest = String::new();
    lines.read_to_string(&mut rest)?;
    assert!(!rest.contains("comparing"), "{rest}");
    assert!(old.path().join("store-copy.json").exists());
    // A gateway refuses to serve from a partial copy.
    let early = copy_target.start(&secret).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(early.contains("is being copied into"), "{early}");

    // The copy continues through other addresses, and the cluster is away for a moment. The comparison alone
    // might end before the proxy is cut.
    let mut proxy = ClusterProxy::start().await?;
    let through = copy_target.through(&proxy)?;
    let mut copying = through.copying(old.path(), &[])?;
    let mut copying = copying.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(copying.stderr.take().context("standard error is piped")?);
    let told = read_until(&mut lines, "copying the trails")?;
    assert!(!told.contains("copying the registry"), "{told}");
    proxy.cut();
    read_until(&mut lines, "trying again")?;
    proxy.heal();
    read_until(&mut lines, "comparing the trails")?;
    // The remaining output is drained so that it does not fill the pipe.
    let rest = std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    assert_done(&copying.wait_with_output()?, "rows and 401 check-ins\n");
    rest.join().map_err(|_| anyhow::anyhow!("reading on"))??;

    // Another deployment's data is not copied over this keyspace.
    let stranger = Gateway::start(&[])?;
    let folder = stranger.folder();
    assert!(stranger.stop()?.success());
    assert_refused(&copy_target.copy(folder.path(), &[])?, "did not come from");
    // After a complete copy, an old folder that has changed since is refused.
    let mut town =
        TestTown::found_in(Gateway::start_in(Arc::clone(&old), &[], ExpectedLog::Quiet)?, 1).await?;
    town.check_in(0, 0).await?;
    assert!(town.gateway.stop()?.success());
    assert_refused(&copy_target.copy(old.path(), &[])?, "has changed since");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_city_of_others_is_left_alone_and_says_whom_it_waits_for() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let copy_target = CopyTarget::new("others")?;
    let own = Gateway::start(&[])?;
    let (folder, secret) = (own.folder(), own.folder().path().join("secret"));
    assert!(own.stop()?.success());
    let mut other = copy_target.start(&secret)?;
    assert_refused(&copy_target.copy(folder.path(), &[])?, "gateways at work on");
    let number = std::fs::read_to_string(other.folder().path().join("gateway"))?.trim().to_owned();
    let listed = copy_target.ask(&["gateways"], &secret)?;
    assert_done(&listed, &format!("{number}  drained through 2"));
    other.kill()?;
    assert_refused(&copy_target.ask(&["retire", &number], &secret)?, "nothing was changed");
    assert_refused(&copy_target.ask(&["retire", "00000000000000aa", "--yes"], &secret)?, "does not wait for");
    assert_done(&copy_target.ask(&["gateways"], &secret)?, &number);
    assert_done(&copy_target.ask(&["retire", &number, "--yes"], &secret)?, "Tracers lose");
    let listed = copy_target.ask(&["gateways"], &secret)?;
    assert!(listed.status.success() && listed.stdout.is_empty(), "{}", output_text(&listed));
    assert_refused(&copy_target.copy(folder.path(), &[])?, "serves a city that was not copied from");
    Ok(())
}
