//! A gateway's process with a data folder that outlives it, with or without a failing system call.

use super::Fault;
use crate::harness::server::{gateway_arguments, gateway_binary, read_address};
use anyhow::Context as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use scangate_core::time::Timestamp;
use scangate_loadgen::drive::now;
use std::fs;
use std::io::BufReader;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How long a gateway may take until it listens. One that takes longer is killed.
const START_MAX: Duration = Duration::from_secs(30);
/// The pause between two looks whether a process has ended.
const LOOK: Duration = Duration::from_millis(5);

/// A running gateway.
pub(super) struct GatewayProcess {
    child: Child,
    // The pipe stays open: a gateway that writes to a closed pipe would end.
    _output: BufReader<ChildStdout>,
    /// The address on which the gateway listens.
    pub(super) address: SocketAddr,
}

/// The end of a process.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProcessEnd {
    pub(super) status: ExitStatus,
    pub(super) at: Timestamp,
}

/// The outcome of a start.
pub(super) enum StartOutcome {
    /// The gateway listens.
    Running(GatewayProcess),
    /// The gateway ended before it listened, or was killed because it did not listen in time.
    Ended(ProcessEnd),
}

impl GatewayProcess {
    /// Starts a gateway with this data folder.
    pub(super) async fn start(data: &Path) -> anyhow::Result<StartOutcome> {
        Self::spawn(Command::new(gateway_binary()?), data).await
    }

    /// Starts a gateway with a failing system call. Calls of that name are recorded in the trace file.
    pub(super) async fn start_with_fault(
        data: &Path,
        fault: &Fault,
        trace: &Path,
    ) -> anyhow::Result<StartOutcome> {
        let mut strace = Command::new("strace");
        // With -D strace is not the parent, so signals and the exit status are the gateway's.
        strace.args(["-D", "-f", "-qq", "-ttt", "--seccomp-bpf", "-o"]).arg(trace);
        strace.args(["-e", &format!("trace={}", fault.call), "-e", &format!("inject={fault}"), "--"]);
        strace.arg(gateway_binary()?);
        Self::spawn(strace, data).await
    }

    async fn spawn(mut command: Command, data: &Path) -> anyhow::Result<StartOutcome> {
        command.args(gateway_arguments(data)).env("SCANGATE_LOG", "error");
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let name = command.get_program().to_owned();
        let mut child = command.spawn().with_context(|| name.display().to_string())?;
        let mut output = BufReader::new(child.stdout.take().context("the output is piped")?);
        let reading = tokio::task::spawn_blocking(move || (read_address(&mut output), output));
        match tokio::time::timeout(START_MAX, reading).await {
            Ok(Ok((Ok(address), output))) => {
                Ok(StartOutcome::Running(Self { child, _output: output, address }))
            }
            ended => {
                if ended.is_err() {
                    child.kill()?;
                }
                Ok(StartOutcome::Ended(ProcessEnd { status: child.wait()?, at: now() }))
            }
        }
    }

    /// Asks the gateway to stop.
    pub(super) fn terminate(&self) -> anyhow::Result<()> {
        Ok(kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?)
    }

    /// Waits until the gateway has ended, or this time is over.
    pub(super) async fn ended_within(&mut self, time: Duration) -> anyhow::Result<Option<ProcessEnd>> {
        // A time that is over is no error here.
        tokio::time::timeout(time, self.ended()).await.ok().transpose()
    }

    /// Waits until the gateway has ended.
    pub(super) async fn ended(&mut self) -> anyhow::Result<ProcessEnd> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(ProcessEnd { status, at: now() });
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Drop for GatewayProcess {
    fn drop(&mut self) {
        // The kill fails if the process has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The number of calls that were made to fail, and the time of the first of them.
pub(super) fn injected(trace: &Path) -> anyhow::Result<(usize, Option<Timestamp>)> {
    let text = fs::read_to_string(trace).unwrap_or_default();
    let times = text.lines().filter(|line| line.ends_with("(INJECTED)")).map(time_of);
    let times = times.collect::<anyhow::Result<Vec<_>>>()?;
    Ok((times.len(), times.into_iter().min()))
}

/// The time of a line, which follows the thread's number.
fn time_of(line: &str) -> anyhow::Result<Timestamp> {
    let seconds = line.split_ascii_whitespace().nth(1).context("a line of a trace has a time")?;
    let since = Duration::try_from_secs_f64(seconds.parse()?)?;
    Ok(Timestamp(u64::try_from(since.as_millis())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_calls_are_found_by_their_mark() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let lines = [
            "17 1795798635.400000 fdatasync(9) = 0",
            "18 1795798635.456583 fdatasync(9) = -1 EIO (Input/output error) (INJECTED)",
            "17 1795798635.450000 <... fdatasync resumed>) = -1 EIO (Input/output error) (INJECTED)",
        ];
        fs::write(file.path(), lines.join("\n")).unwrap();
        assert_eq!(injected(file.path()).unwrap(), (2, Some(Timestamp(1_795_798_635_450))));
    }
}
