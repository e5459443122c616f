//! A server under measurement: a separate process on the server's core, and its CPU time by thread.

use crate::harness::machine::{self, Core};
use anyhow::Context as _;
use scangate_loadgen::machine::cpu;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The kind of server to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerKind {
    /// The gateway, which does all the work of a check-in.
    Gateway,
    /// The plain server, which returns a constant.
    Peer,
}

impl ServerKind {
    /// Both kinds, in the order in which they take turns.
    pub(crate) const BOTH: [Self; 2] = [Self::Gateway, Self::Peer];

    /// The name in the printed tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway, everything done",
            Self::Peer => "quinn + h3, a constant",
        }
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
        let mut command = command(which, folder.path())?;
        // A child process inherits the affinity of the thread that starts it.
        machine::pin(Core::Server)?;
        let child = command.stdout(Stdio::piped()).spawn();
        machine::unpin()?;
        let mut child = child?;
        let mut output = BufReader::new(child.stdout.take().context("the output is piped")?);
        let address = read_address(&mut output)?;
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

/// The command that starts a server with this data folder.
fn command(which: ServerKind, folder: &Path) -> anyhow::Result<Command> {
    let own = std::env::current_exe()?;
    if which == ServerKind::Peer {
        let mut command = Command::new(own);
        command.arg("peer").arg(folder);
        return Ok(command);
    }
    let gateway = own.with_file_name("gateway");
    anyhow::ensure!(
        gateway.exists(),
        "{} is not built: cargo build --release --workspace",
        gateway.display()
    );
    let mut command = Command::new(gateway);
    command
        .env("SCANGATE_LOG", "warn")
        .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data"])
        .arg(folder);
    Ok(command)
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its data is in a temporary folder, so it needs no orderly shutdown.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the line `listen ADDRESS` from the server's output.
fn read_address(output: &mut impl std::io::BufRead) -> anyhow::Result<SocketAddr> {
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
