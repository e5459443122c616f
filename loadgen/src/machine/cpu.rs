//! The CPU time of a gateway process on this machine: user and system time from `/proc/PID/stat`.

use std::fs;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

/// Clock ticks a second in `/proc`; Linux reports 100 to user space on every architecture.
const TICKS_A_SECOND: u64 = 100;

/// The CPU time that a process has used, or `None` if the process does not exist.
#[must_use]
pub fn used(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse(&stat)
}

/// The CPU time that a process has used since an earlier look at it.
#[must_use]
pub fn used_since(before: Option<Duration>, pid: u32) -> Option<Duration> {
    Some(used(pid)?.saturating_sub(before?))
}

/// CPU time as a share of the cores that this process may use, over a time.
#[must_use]
pub fn share(cpu: Duration, over: Duration) -> f64 {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    #[expect(clippy::cast_precision_loss, reason = "a machine has few cores")]
    let available = over.as_secs_f64() * cores as f64;
    if available > 0.0 { cpu.as_secs_f64() / available } else { 0.0 }
}

fn parse(stat: &str) -> Option<Duration> {
    // The command's name may contain any character; the numeric fields begin after its last bracket.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 1_000 / TICKS_A_SECOND))
}

/// The process that listens on a TCP port of this machine, or `None` if it cannot be determined.
#[must_use]
pub fn listener(address: SocketAddr) -> Option<u32> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"].iter().find_map(|table| inode(table, address.port()))?;
    let link = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.find(|pid| {
        let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
        files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|to| to.as_os_str() == link.as_str()))
    })
}

fn inode(table: &str, port: u16) -> Option<String> {
    let text = fs::read_to_string(table).ok()?;
    let ending = format!(":{port:04X}");
    text.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let is_listening = fields.get(1)?.ends_with(&ending) && *fields.get(3)? == "0A";
        is_listening.then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_are_found_behind_any_name() {
        let stat = "42 (a ) b) S 1 42 42 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 4 0 100 1 1";
        assert_eq!(parse(stat), Some(Duration::from_secs(3)));
        assert_eq!(parse("42"), None);
    }

    #[test]
    fn this_process_is_found_by_its_port() {
        let listener_here = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let found = listener(listener_here.local_addr().unwrap());
        assert_eq!(found, Some(std::process::id()));
        assert!(used(std::process::id()).is_some());
    }
}
