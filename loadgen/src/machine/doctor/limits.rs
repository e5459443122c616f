//! Descriptors, local ports and memory, against what the run needs.

use super::{DoctorFinding, IntendedRun};
use nix::sys::resource::{Resource, getrlimit};
use std::fs;

/// Descriptors besides the connections over TCP: the UDP socket that all HTTP/3 connections share, the
/// runtime, the report, and standard streams.
const DESCRIPTORS_RESERVED: u64 = 64;
/// Memory for each resident: id, key and the list of their check-ins. **Units**: bytes.
const RESIDENT_BYTES: u64 = 256;
/// Memory for each scan: its acknowledgement, in lists that double as they grow, with room to spare.
/// **Units**: bytes.
const SCAN_BYTES: u64 = 96;
/// Memory besides residents and scans: the program, connections and histograms. **Units**: bytes.
const BASE_BYTES: u64 = 256 << 20;
const MIB: u64 = 1 << 20;

pub(super) fn descriptors(run: &IntendedRun) -> DoctorFinding {
    const CHECK: &str = "descriptors";
    let needed = u64::from(run.tcp_connections) + DESCRIPTORS_RESERVED;
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, hard)) => descriptors_finding(soft, hard, needed),
        Err(error) => DoctorFinding::warning(
            CHECK,
            format!("the limit cannot be read ({error})"),
            format!("make sure that {needed} are allowed"),
        ),
    }
}

fn descriptors_finding(soft: u64, hard: u64, needed: u64) -> DoctorFinding {
    const CHECK: &str = "descriptors";
    let text = format!("{soft} (at most {hard}), and the run needs {needed}");
    if soft >= needed {
        DoctorFinding::ok(CHECK, text)
    } else if hard >= needed {
        DoctorFinding::error(CHECK, text, format!("run `ulimit -n {needed}`"))
    } else {
        let remedy = format!("raise the hard limit to {needed}, such as by LimitNOFILE= or limits.conf");
        DoctorFinding::error(CHECK, text, remedy)
    }
}

pub(super) fn ports(run: &IntendedRun) -> DoctorFinding {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut bounds = range.split_ascii_whitespace().map(str::parse::<u16>);
    let (Some(Ok(first)), Some(Ok(last))) = (bounds.next(), bounds.next()) else {
        let remedy = "make sure that there is a port for each connection";
        return DoctorFinding::warning("ports", "the range of local ports cannot be read", remedy);
    };
    let tables =
        ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
    let used = tables.iter().map(|table| used_ports(table, first, last)).sum();
    ports_finding(u32::from(last.saturating_sub(first)) + 1, used, run.tcp_connections)
}

/// The sockets of a table in `/proc/net` whose local port is in the range.
fn used_ports(table: &str, first: u16, last: u16) -> u32 {
    let port = |line: &str| {
        let (_, port) = line.split_ascii_whitespace().nth(1)?.rsplit_once(':')?;
        u16::from_str_radix(port, 16).ok()
    };
    let used = table.lines().filter_map(port).filter(|port| (first..=last).contains(port)).count();
    u32::try_from(used).unwrap_or(u32::MAX)
}

fn ports_finding(all: u32, used: u32, needed: u32) -> DoctorFinding {
    let text =
        format!("{} of {all} local ports are free, and the run needs {needed}", all.saturating_sub(used));
    if all.saturating_sub(used) >= needed {
        DoctorFinding::ok("ports", text)
    } else {
        let remedy = "run `sysctl -w net.ipv4.ip_local_port_range='1024 65535'`, or use fewer connections";
        DoctorFinding::error("ports", text, remedy)
    }
}

pub(super) fn memory(run: &IntendedRun) -> DoctorFinding {
    let info = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let Some(free) = available(&info) else {
        let remedy = format!("make sure that {} MiB are free", needed_bytes(run) / MIB);
        return DoctorFinding::warning("memory", "the free memory cannot be read", remedy);
    };
    memory_finding(free, needed_bytes(run))
}

/// The memory that is available without swapping. **Units**: bytes.
fn available(info: &str) -> Option<u64> {
    let line = info.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.split_ascii_whitespace().next()?.parse::<u64>().ok()? * 1_024)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rates and lengths are bounded")]
fn needed_bytes(run: &IntendedRun) -> u64 {
    let scans = (run.rate * run.length.as_secs_f64()).ceil() as u64;
    BASE_BYTES + u64::from(run.residents) * RESIDENT_BYTES + scans * SCAN_BYTES
}

fn memory_finding(free: u64, needed: u64) -> DoctorFinding {
    let text = format!("{} MiB are free, and the run needs about {} MiB", free / MIB, needed / MIB);
    if free >= needed {
        DoctorFinding::ok("memory", text)
    } else {
        DoctorFinding::error("memory", text, "use a lower --rate, a shorter --for, or fewer --residents")
    }
}

#[cfg(test)]
mod tests {
    use super::super::FindingLevel::{Error, Ok};
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_limit_below_the_need_is_an_error_with_a_remedy() {
        for (finding, level, remedy) in [
            (descriptors_finding(1_024, 4_096, 1_024), Ok, ""),
            (descriptors_finding(1_024, 4_096, 1_025), Error, "ulimit -n 1025"),
            (descriptors_finding(1_024, 4_096, 4_097), Error, "hard limit to 4097"),
            (ports_finding(100, 90, 10), Ok, ""),
            (ports_finding(100, 91, 10), Error, "ip_local_port_range"),
            (memory_finding(100 * MIB, 100 * MIB), Ok, ""),
            (memory_finding(100 * MIB, 100 * MIB + 1), Error, "--residents"),
        ] {
            assert_eq!(finding.level, level, "{finding}");
            assert!(finding.remedy.clone().unwrap_or_default().contains(remedy), "{finding}");
            assert_eq!(finding.remedy.is_some(), level == Error, "{finding}");
        }
    }

    #[test]
    fn the_tables_of_the_kernel_are_read() {
        assert_eq!(available("MemTotal: 9 kB\nMemAvailable:    2048 kB\n"), Some(2 * MIB));
        let table =
            "  sl  local_address rem_address\n   0: 0100007F:8000 0:0 0A\n   1: 0100007F:0016 0:0 0A\n";
        assert_eq!(used_ports(table, 32_768, 60_999), 1);
    }

    #[test]
    fn memory_grows_with_residents_and_scans() {
        let run = |rate, residents| IntendedRun {
            data: ".".into(),
            rate,
            length: Duration::from_secs(10),
            residents,
            tcp_connections: 0,
        };
        assert_eq!(needed_bytes(&run(100.0, 5)), BASE_BYTES + 5 * RESIDENT_BYTES + 1_000 * SCAN_BYTES);
    }
}
