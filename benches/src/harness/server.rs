//! A server under measurement: a separate process on the server's core, and its CPU time by thread.

use crate::harness::machine::{self, Core};
use crate::peers::{caddy, nginx};
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use scangate_loadgen::machine::cpu;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The longest wait for a server to bind its address.
const BIND_MAX: Duration = Duration::from_secs(20);

/// The kind of server to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum ServerKind {
    /// The gateway, which does all the work of a check-in.
    #[value(skip)]
    Gateway,
    /// The server that returns a constant after a known delay.
    #[value(skip)]
    Delayed,
    /// The plain server on quinn and h3, which returns a constant.
    Quinn,
    /// nginx, which returns a constant.
    Nginx,
    /// Caddy, which returns a constant.
    Caddy,
}

impl ServerKind {
    /// The name in the printed tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway, everything done",
            Self::Delayed => "a constant, after a known delay",
            Self::Quinn => "quinn + h3, a constant",
            Self::Nginx => "nginx, a constant",
            Self::Caddy => "Caddy, a constant",
        }
    }

    /// Whether the server accepts early data.
    pub(crate) const fn accepts_early_data(self) -> bool {
        matches!(self, Self::Gateway)
    }
}

/// The command-line options of the servers beside which the gateway is measured.
#[derive(Args)]
pub(crate) struct PeerOptions {
    /// A server beside which the gateway is measured. The option can be repeated. nginx is built at its first
    /// use; Caddy is Debian's package.
    #[arg(long, value_enum, default_values = ["quinn"])]
    peer: Vec<ServerKind>,
}

impl PeerOptions {
    /// The gateway and its peers, in the order in which they take turns.
    pub(crate) fn servers(&self) -> impl Iterator<Item = ServerKind> {
        std::iter::once(ServerKind::Gateway).chain(self.peer.iter().copied())
    }
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    // The pipe stays open: a server that writes to a closed pipe would end.
    _output: BufReader<ChildStdout>,
    folder: TempDir,
    /// The address on which the server listens.
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a server on the server's core.
    pub(crate) fn start(which: ServerKind) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = free_address()?;
        let command = command(which, folder.path(), address)?;
        Self::spawn(command, folder, |output| match which {
            ServerKind::Gateway | ServerKind::Delayed | ServerKind::Quinn => read_address(output),
            ServerKind::Nginx | ServerKind::Caddy => {
                wait_until_bound(address)?;
                Ok(address)
            }
        })
    }

    /// Starts a gateway with this configuration on the server's core.
    pub(crate) fn start_configured(config: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("bench.toml");
        fs::write(&file, config)?;
        let mut command = gateway(folder.path())?;
        command.arg("--config").arg(file);
        Self::spawn(command, folder, read_address)
    }

    fn spawn(
        mut command: Command,
        folder: TempDir,
        listening: impl FnOnce(&mut BufReader<ChildStdout>) -> anyhow::Result<SocketAddr>,
    ) -> anyhow::Result<Self> {
        // A child process inherits the affinity of the thread that starts it.
        machine::pin(Core::Server)?;
        let child = command.stdout(Stdio::piped()).spawn();
        machine::unpin()?;
        let mut child = child?;
        let mut output = BufReader::new(child.stdout.take().context("the output is piped")?);
        let address = listening(&mut output)?;
        Ok(Self { child, _output: output, folder, address })
    }

    /// The path of the server's certificate.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    /// The server's data folder.
    pub(crate) fn data(&self) -> &Path {
        self.folder.path()
    }

    /// The CPU time that the server has used.
    pub(crate) fn used(&self) -> anyhow::Result<Duration> {
        cpu::used(self.child.id()).context("the server has ended")
    }

    /// The server's resident memory.
    pub(crate) fn resident_bytes(&self) -> anyhow::Result<u64> {
        machine::resident_bytes(&self.child.id().to_string())
    }

    /// The CPU time that the server has used, by thread name.
    pub(crate) fn used_by_thread(&self) -> anyhow::Result<BTreeMap<String, Duration>> {
        let mut threads = BTreeMap::new();
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let task = task?.path();
            let name = fs::read_to_string(task.join("comm"))?.trim().to_owned();
            // User and system time in nanoseconds, which is finer than the ticks of `stat`.
            let schedstat = fs::read_to_string(task.join("schedstat"))?;
            let ns = schedstat.split_ascii_whitespace().next().context("schedstat is empty")?.parse()?;
            *threads.entry(name).or_default() += Duration::from_nanos(ns);
        }
        Ok(threads)
    }
}

/// The command that starts a server with this data folder, on this address if it cannot choose one.
fn command(which: ServerKind, folder: &Path, address: SocketAddr) -> anyhow::Result<Command> {
    match which {
        ServerKind::Gateway => gateway(folder),
        ServerKind::Delayed => own_server("delayed-peer", folder),
        ServerKind::Quinn => own_server("peer", folder),
        ServerKind::Nginx => nginx::command(folder, address),
        ServerKind::Caddy => caddy::command(folder, address),
    }
}

/// The command of a server that is a hidden subcommand of this program.
fn own_server(subcommand: &str, folder: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(subcommand).arg(folder);
    Ok(command)
}

fn gateway(folder: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new(gateway_binary()?);
    command.env("SCANGATE_LOG", "warn").args(gateway_arguments(folder));
    Ok(command)
}

/// The path of the gateway's binary, which is built beside this one.
pub(crate) fn gateway_binary() -> anyhow::Result<PathBuf> {
    let gateway = std::env::current_exe()?.with_file_name("gateway");
    anyhow::ensure!(
        gateway.exists(),
        "{} is not built: cargo build --release --workspace",
        gateway.display()
    );
    Ok(gateway)
}

/// The arguments of a gateway with this data folder, on free ports.
pub(crate) fn gateway_arguments(folder: &Path) -> [&OsStr; 6] {
    let [listen, admin, data] = ["--listen", "--admin", "--data"].map(OsStr::new);
    let free = OsStr::new("127.0.0.1:0");
    [listen, free, admin, free, data, folder.as_os_str()]
}

/// An address whose UDP port is free at the moment.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(UdpSocket::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// Waits until a server has bound an address, for servers that do not tell.
fn wait_until_bound(address: SocketAddr) -> anyhow::Result<()> {
    let given_up = Instant::now() + BIND_MAX;
    while UdpSocket::bind(address).is_ok() {
        anyhow::ensure!(Instant::now() < given_up, "the server has not bound {address}");
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its data is in a temporary folder, so it needs no orderly shutdown.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the line `listen ADDRESS` from the server's output.
pub(crate) fn read_address(output: &mut impl std::io::BufRead) -> anyhow::Result<SocketAddr> {
    for line in output.lines() {
        let line = line?;
        let mut words = line.split_ascii_whitespace();
        if words.next() == Some("listen") {
            return words
                .next()
                .context("an address after `listen`")?
                .parse()
                .context("the server's address");
        }
    }
    anyhow::bail!("the server ended before it listened")
}
