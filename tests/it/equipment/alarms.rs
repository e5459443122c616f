//! A real Prometheus watches real gateways by the rules of `deploy/prometheus`, whose durations are divided
//! so that hours pass in seconds. Faults are brought about, and the rules for them fire.

use super::scripts;
use crate::operation::supervision::{HeldThread, thread_named};
use anyhow::{Context as _, ensure};
use scangate_tests::{
    ExpectedLog, Gateway, Loadgen, TestAuthority, TestTown, assert_done, eventually, free_port,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Each sync takes longer than the 50 ms of the service level.
const SLOW_DISK: &str = "fdatasync:delay_enter=120000";
/// The longest wait for an answer of Prometheus.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// The divisor of the rules' durations: an hour is a minute.
const FACTOR: &str = "60";

/// A Prometheus with the shortened rules.
struct Prometheus {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Prometheus {
    fn watch(gateways: &[&Gateway]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let rules = folder.path().join("rules");
        let scaled = Command::new(scripts().join("deploy/scale_rules")).arg(FACTOR).arg(&rules).output()?;
        assert_done(&scaled, "");
        let targets: Vec<_> = gateways.iter().map(|gateway| gateway.admin.to_string()).collect();
        let config = json!({
            "global": {"scrape_interval": "250ms", "scrape_timeout": "250ms", "evaluation_interval": "250ms"},
            "rule_files": [format!("{}/*.yml", rules.display())],
            "scrape_configs": [{"job_name": "gateway", "static_configs": [{"targets": targets}]}],
        });
        // YAML has JSON in it.
        let file = folder.path().join("prometheus.yml");
        fs::write(&file, config.to_string())?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("series").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("prometheus of Debian's package")?;
        Ok(Self { child, address, _folder: folder })
    }

    fn ask(&self, path: &str) -> anyhow::Result<Value> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        stream.write_all(format!("GET /api/v1/{path} HTTP/1.0\r\n\r\n").as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").context("an answer has a body")?;
        serde_json::from_str(body).with_context(|| answer.clone())
    }

    /// Waits until so many series of a metric were scraped. Before Prometheus listens, it does not answer.
    async fn await_series(&self, metric: &str, count: usize) -> anyhow::Result<()> {
        let scraped = async || {
            let series = self.ask(&format!("query?query={metric}")).unwrap_or_default();
            Ok(series["data"]["result"].as_array().map_or(0, Vec::len))
        };
        eventually(scraped, |&scraped| scraped == count).await.map(drop)
    }

    /// The alerts that fire now.
    fn firing(&self) -> anyhow::Result<BTreeSet<String>> {
        let alerts = self.ask("alerts")?;
        let alerts = alerts["data"]["alerts"].as_array().into_iter().flatten();
        let firing = alerts.filter(|alert| alert["state"] == "firing");
        Ok(firing.filter_map(|alert| alert["labels"]["alertname"].as_str().map(str::to_owned)).collect())
    }

    /// Waits until all of these fire.
    async fn await_firing(&self, names: &[&str]) -> anyhow::Result<()> {
        eventually(async || self.firing(), |firing| names.iter().all(|&name| firing.contains(name)))
            .await
            .map(drop)
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Opens cases until the budget of the day, one case, is spent.
async fn spend_budget(town: &mut TestTown) -> anyhow::Result<()> {
    town.open_case(0).await?;
    ensure!(town.open_case(1).await.is_err(), "the budget of one case covers two");
    Ok(())
}

fn configured(folder: &Path, text: &str) -> anyhow::Result<String> {
    let file = folder.join("gateway.toml");
    fs::write(&file, text)?;
    Ok(file.display().to_string())
}

#[tokio::test]
async fn six_faults_of_real_gateways_fire_their_rules_and_a_well_one_fires_none() -> anyhow::Result<()> {
    let settings = tempfile::tempdir()?;
    let authority = TestAuthority::new()?;
    authority.issue_for_days(&["localhost"], 1)?;
    let ending = configured(settings.path(), &authority.settings())?;
    let folder = || anyhow::Ok(Arc::new(tempfile::tempdir()?));
    let mut ends = Gateway::start_in(folder()?, &["--config", &ending], ExpectedLog::Trouble)?;
    let settings = tempfile::tempdir()?;
    let sparing = configured(settings.path(), "[tracer]\ncases_max = 1\n")?;
    let slow = Gateway::start_with_fault(folder()?, &["--config", &sparing], SLOW_DISK, None)?;
    let mut slow = TestTown::found_in(slow, 2).await?;
    let well = Gateway::start(&[])?;

    let watched_well = Prometheus::watch(&[&well])?;
    let prometheus = Prometheus::watch(&[&ends, &slow.gateway, &well])?;
    // An increase is seen only between two scrapes.
    prometheus.await_series("scangate_budget_refusals_total", 3).await?;
    watched_well.await_series("scangate_ready", 1).await?;
    spend_budget(&mut slow).await?;
    let load = Loadgen::start(&slow.gateway, slow.gateway.listen, &["gate", "--rate", "40", "--for", "60s"])?;
    prometheus
        .await_firing(&["ScangateCertificateEnds", "ScangateErrorBudgetFast", "ScangateDiskSlow"])
        .await?;
    drop(load);
    prometheus.await_firing(&["ScangateBudgetSpent"]).await?;
    ensure!(watched_well.firing()?.is_empty(), "a well gateway fires {:?}", watched_well.firing()?);

    let held = HeldThread::hold(thread_named(well.process(), "worker-0")?)?;
    prometheus.await_firing(&["ScangateWorkerStuck"]).await?;
    drop(held);
    ends.kill()?;
    prometheus.await_firing(&["ScangateDown"]).await
}
