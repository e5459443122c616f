//! A city of several gateways on one CQL cluster, with one secret and one certificate. `SCANGATE_TEST_CQL`
//! names the cluster, which `tests/run` starts. Each city has its own keyspace there.

use crate::command::output_text;
use crate::gateway::{ExpectedLog, Gateway};
use anyhow::Context as _;
use std::collections::HashMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Tests that stop a node hold the write half.
static CLUSTER: RwLock<()> = RwLock::const_new(());
/// The log line of a gateway that serves before it knows the colours. On a slow cluster a start may.
pub const COLOURS_LATE: &str = "serving before the colour table is loaded";
/// Files that the gateways of a city share.
const SHARED: [&str; 3] = ["secret", "certificate.pem", "key.pem"];

/// Waits for a turn at the cluster, beside other tests.
pub async fn shared_turn() -> RwLockReadGuard<'static, ()> {
    CLUSTER.read().await
}

/// Waits for a turn at the cluster without other tests.
pub async fn exclusive_turn() -> RwLockWriteGuard<'static, ()> {
    CLUSTER.write().await
}

/// The addresses of the cluster's nodes.
pub fn nodes() -> anyhow::Result<Vec<SocketAddr>> {
    let hosts = std::env::var("SCANGATE_TEST_CQL").context("tests/run sets SCANGATE_TEST_CQL")?;
    let with_port = |host: &str| if host.contains(':') { host.to_owned() } else { format!("{host}:9042") };
    let addresses = hosts.split(',').map(|host| {
        let host = with_port(host);
        host.to_socket_addrs()?.next().with_context(|| format!("{host} has no address"))
    });
    addresses.collect()
}

/// A stopped node of the cluster. It starts again on `start` or on drop.
pub struct StoppedNode {
    number: u8,
    is_stopped: bool,
}

impl StoppedNode {
    /// Kills a node, and returns when its process has ended.
    pub fn stop(number: u8) -> anyhow::Result<Self> {
        control(&format!("stop {number}"))?;
        Ok(Self { number, is_stopped: true })
    }

    /// Starts the node again, and returns when it accepts connections.
    pub fn start(mut self) -> anyhow::Result<()> {
        self.is_stopped = false;
        control(&format!("start {}", self.number)).map(drop)
    }
}

impl Drop for StoppedNode {
    fn drop(&mut self) {
        if self.is_stopped && control(&format!("start {}", self.number)).is_err() {
            eprintln!("node {} is still stopped", self.number);
        }
    }
}

/// The data folder of a node.
pub fn data_folder(number: u8) -> anyhow::Result<PathBuf> {
    Ok(PathBuf::from(control(&format!("data {number}"))?.trim()))
}

/// Runs the cluster's `nodetool` for a node. Returns what it prints. **Errors**: it fails.
pub fn nodetool(number: u8, arguments: &str) -> anyhow::Result<String> {
    control(&format!("nodetool {number} {arguments}"))
}

fn control(act: &str) -> anyhow::Result<String> {
    let control = std::env::var("SCANGATE_TEST_NODE").context(
        "SCANGATE_TEST_NODE is a command to which `stop N`, `start N`, `data N` or `nodetool N …` is added; \
         tests/run sets it",
    )?;
    let done = Command::new("sh").args(["-c", &format!("{control} {act}")]).output()?;
    anyhow::ensure!(done.status.success(), "{control} {act} failed: {}", output_text(&done));
    Ok(String::from_utf8(done.stdout)?)
}

/// A city of gateways that share a keyspace, each with its own data folder.
pub struct ClusterCity {
    folders: Vec<Arc<TempDir>>,
    store: String,
    config: Option<TempDir>,
    policy: Option<&'static str>,
}

impl ClusterCity {
    /// A city of `gateways` gateways, none of which has started.
    pub fn new(name: &str, gateways: usize) -> anyhow::Result<Self> {
        Self::by(name, gateways, &nodes()?, &HashMap::new())
    }

    /// A city whose gateways connect to `nodes`, and reach each real node at its translated address.
    pub fn by(
        name: &str,
        gateways: usize,
        nodes: &[SocketAddr],
        translate: &HashMap<SocketAddr, SocketAddr>,
    ) -> anyhow::Result<Self> {
        let folders = (0..gateways).map(|_| Ok(Arc::new(tempfile::tempdir()?)));
        let nodes: Vec<String> = nodes.iter().map(SocketAddr::to_string).collect();
        let store = format!("cql://{}/{name}_{}", nodes.join(","), std::process::id());
        let config = (!translate.is_empty()).then(|| config(translate)).transpose()?;
        Ok(Self { folders: folders.collect::<anyhow::Result<_>>()?, store, config, policy: None })
    }

    /// The same city under another rule pack.
    #[must_use]
    pub fn under(self, policy: &'static str) -> Self {
        Self { policy: Some(policy), ..self }
    }

    /// The store of the gateways, as `--store` takes it.
    #[must_use]
    pub fn store(&self) -> &str {
        &self.store
    }

    /// The arguments with which any command of the gateway reaches the store.
    #[must_use]
    pub fn store_arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--store".to_owned(), self.store.clone()];
        if let Some(folder) = &self.config {
            arguments
                .extend(["--config".to_owned(), folder.path().join("gateway.toml").display().to_string()]);
        }
        arguments
    }

    /// The keyspace of the city.
    #[must_use]
    pub fn keyspace(&self) -> &str {
        self.store.rsplit('/').next().unwrap_or_default()
    }

    /// Starts a gateway of the city, also one that ran before. Warnings are expected, because the driver logs
    /// one for every connection that breaks.
    pub fn start(&self, number: usize) -> anyhow::Result<Gateway> {
        self.start_listening(number, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    /// Starts a gateway of the city at this address, as a restart does.
    pub fn start_listening(&self, number: usize, listen: SocketAddr) -> anyhow::Result<Gateway> {
        let (first, own) = (self.folders[0].path(), self.folders[number].path());
        for name in SHARED.iter().filter(|name| !own.join(name).exists() && first.join(name).exists()) {
            fs::copy(first.join(name), own.join(name))?;
        }
        let store = self.store_arguments();
        let mut arguments: Vec<&str> = store.iter().map(String::as_str).collect();
        arguments.extend(self.policy.iter().flat_map(|policy| ["--policy", policy]));
        Gateway::start_at(listen, Arc::clone(&self.folders[number]), &arguments, ExpectedLog::Trouble)
    }
}

fn config(translate: &HashMap<SocketAddr, SocketAddr>) -> anyhow::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    let lines: String = translate.iter().map(|(from, to)| format!("\"{from}\" = \"{to}\"\n")).collect();
    fs::write(folder.path().join("gateway.toml"), format!("[cql.translate]\n{lines}"))?;
    Ok(folder)
}
