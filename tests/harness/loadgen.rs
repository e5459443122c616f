//! Runs of the `loadgen` command, which cargo builds beside the gateway: its process, and the report and exit
//! code at its end.

use crate::clock::Clock;
use crate::gateway::{Gateway, binary};
use anyhow::Context as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use scangate_loadgen::report::report_schema;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use tempfile::TempDir;

/// A `loadgen` command that the test runs itself.
pub fn loadgen_command(arguments: &[&str]) -> anyhow::Result<Command> {
    let mut command = Command::new(binary("loadgen")?);
    command.args(arguments);
    Ok(command)
}

/// A `loadgen` command in a session of its own. Its terminal is its standard input, so the keys of that
/// terminal become signals.
pub fn loadgen_session(arguments: &[&str]) -> anyhow::Result<Command> {
    let mut command = Command::new("setsid");
    command.arg("--ctty").arg(binary("loadgen")?).args(arguments);
    Ok(command)
}

/// Runs a `loadgen` command against a gateway to its end.
pub fn run_loadgen(gateway: &Gateway, arguments: &[&str]) -> anyhow::Result<Output> {
    let folder = gateway.folder();
    let data = folder.path().to_str().context("a temporary folder has a plain name")?;
    let target = format!("https://{}", gateway.listen);
    Ok(loadgen_command(arguments)?.args(["--target", &target, "--data", data]).output()?)
}

/// A running load generator.
pub struct Loadgen {
    child: Child,
    folder: TempDir,
}

/// The end of a run.
#[derive(Debug)]
pub struct LoadgenEnd {
    /// The exit code, unless a signal ended the process.
    pub code: Option<i32>,
    /// The text on both streams.
    pub text: String,
    /// The JSON report. Null if there is none.
    pub report: Value,
}

impl Loadgen {
    /// Starts `loadgen run` against this address of a gateway, with a small city. The generator may be late
    /// unless the arguments bound its lag, because other tests use the same cores.
    pub fn start(gateway: &Gateway, address: SocketAddr, arguments: &[&str]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let lag: &[&str] = if arguments.contains(&"--lag-max") { &[] } else { &["--lag-max", "60s"] };
        let child = loadgen_command(&["run"])?
            .args(arguments)
            .args(["--target", &format!("https://{address}"), "--residents", "300", "--venues", "10"])
            .args(lag)
            .args(["--connections", "4", "--data"])
            .arg(gateway.folder().path())
            .arg("--json")
            .arg(folder.path().join("report.json"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        Ok(Self { child, folder })
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        Ok(kill(Pid::from_raw(i32::try_from(self.child.id())?), signal)?)
    }

    /// Reads standard error until these words have come. Returns what was read.
    pub fn wait_for(&mut self, words: &str) -> anyhow::Result<String> {
        let stderr = self.child.stderr.as_mut().context("standard error is piped")?;
        let (mut text, mut byte) = (Vec::new(), [0]);
        while !String::from_utf8_lossy(&text).contains(words) {
            anyhow::ensure!(stderr.read(&mut byte)? == 1, "{}", String::from_utf8_lossy(&text));
            text.push(byte[0]);
        }
        Ok(String::from_utf8(text)?)
    }

    /// Waits until the run has ended by itself. **Errors**: its report is not as the published schema
    /// describes it.
    pub fn end(self) -> anyhow::Result<LoadgenEnd> {
        let output = self.child.wait_with_output()?;
        let text = crate::output_text(&output);
        let report = match std::fs::read(self.folder.path().join("report.json")) {
            Ok(json) => described(&json).with_context(|| text.clone())?,
            Err(_) => Value::Null,
        };
        Ok(LoadgenEnd { code: output.status.code(), text, report })
    }
}

/// Reads a report. **Errors**: it is not as the published schema describes it.
fn described(json: &[u8]) -> anyhow::Result<Value> {
    let report = serde_json::from_slice(json)?;
    let schema = jsonschema::validator_for(&report_schema().to_value())?;
    let faults: Vec<String> =
        schema.iter_errors(&report).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    anyhow::ensure!(faults.is_empty(), "the report is not as its schema says: {}", faults.join("; "));
    Ok(report)
}

/// A running `loadgen worker` on a free port. It ends when it is dropped.
pub struct LoadgenWorker {
    child: Child,
    /// The address on which it waits for coordinators.
    pub address: String,
    /// A worker whose standard error is closed could not write to it.
    _stderr: BufReader<ChildStderr>,
}

impl LoadgenWorker {
    /// Starts a worker, and waits until it listens.
    pub fn start(arguments: &[&str]) -> anyhow::Result<Self> {
        Self::spawn(arguments, Vec::new())
    }

    /// Starts a worker that reads the time from this clock.
    pub fn start_by(clock: &Clock, arguments: &[&str]) -> anyhow::Result<Self> {
        Self::spawn(arguments, clock.environment())
    }

    fn spawn(arguments: &[&str], environment: Vec<(&str, String)>) -> anyhow::Result<Self> {
        let mut command = loadgen_command(&["worker", "--listen", "127.0.0.1:0"])?;
        let mut child = command.args(arguments).envs(environment).stderr(Stdio::piped()).spawn()?;
        let mut stderr = BufReader::new(child.stderr.take().context("standard error is piped")?);
        let mut line = String::new();
        stderr.read_line(&mut line)?;
        let address = line.trim().strip_prefix("worker on ").unwrap_or_default().to_owned();
        let worker = Self { child, address, _stderr: stderr };
        anyhow::ensure!(!worker.address.is_empty(), "{line}");
        Ok(worker)
    }

    /// Kills the process.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        Ok(self.child.kill()?)
    }
}

impl Drop for LoadgenWorker {
    fn drop(&mut self) {
        // The kill fails if the process has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl LoadgenEnd {
    /// The scans of the plan in a class, over all codes or causes of the class.
    #[must_use]
    pub fn scans(&self, class: &str) -> u64 {
        count(&self.report["outcomes"][class])
    }

    /// Whether every planned scan is in one class.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let classes = ["acknowledged", "refused", "unanswered", "broken", "not_sent"];
        self.scans("planned") > 0
            && classes.map(|class| self.scans(class)).iter().sum::<u64>() == self.scans("planned")
    }
}

fn count(value: &Value) -> u64 {
    value.as_object().map_or_else(|| value.as_u64().unwrap_or(0), |parts| parts.values().map(count).sum())
}
