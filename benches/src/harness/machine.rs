//! The machine on which figures are measured, and its cores.

use anyhow::Context as _;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::fs;

/// The role of a core in a run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Core {
    /// The core that runs the server.
    Server,
    /// The core that runs the client.
    Client,
}

/// Returns one line that describes the machine.
pub(crate) fn describe() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unnamed processor", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("machine: {model}, {cores} cores, Linux {}", kernel.trim())
}

/// Pins this thread and the threads and processes that it starts to a core. **Errors**: fewer than two cores.
pub(crate) fn pin(core: Core) -> anyhow::Result<()> {
    let wanted = match core {
        Core::Server => 0,
        Core::Client => 1,
    };
    let mut set = CpuSet::new();
    set.set(wanted)?;
    sched_setaffinity(Pid::from_raw(0), &set).context("a server and its client need a core each")
}

/// Allows this thread to run on all cores again.
pub(crate) fn unpin() -> anyhow::Result<()> {
    let mut set = sched_getaffinity(Pid::from_raw(0))?;
    for core in 0..CpuSet::count() {
        // The kernel ignores cores that do not exist.
        set.set(core)?;
    }
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

/// The resident set size of a process, by its number or `self`.
pub(crate) fn resident_bytes(process: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_ascii_whitespace().next());
    Ok(kib.context("no VmRSS")?.parse::<u64>()? * 1_024)
}
