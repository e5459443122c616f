//! The machine: memory, descriptors, the network's buffers and path, and the clock.

use super::finding::DoctorFinding;
use super::running::NeighbourGateway;
use nix::sys::resource::{Resource, getrlimit};
use scangate_gateway::clock;
use scangate_gateway::config::Config;
use scangate_gateway::serve::budget::memory_bytes;
use scangate_gateway::serve::quic;
use scangate_gateway::serve::socket::SOCKET_BUFFER_BYTES;
use std::fs;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::time::Duration;

/// File descriptors below which a gateway refuses phones early.
const FILES_MIN: u64 = 65_536;
/// A clock before 2026-01-01 is wrong.
const CLOCK_MIN_MS: u64 = 1_767_225_600_000;
/// Memory below which a city of a million residents with its connections does not fit. **Units**: bytes.
const MEMORY_MIN: u64 = 2 << 30;
/// The largest datagram of QUIC without path MTU discovery, as it travels through this machine.
const DATAGRAM_BYTES: usize = 1_200;
/// The longest wait for a datagram that this machine sends to itself.
const DATAGRAM_MAX: Duration = Duration::from_secs(2);
/// The programs that set a machine's clock by another one's.
const CLOCK_PROGRAMS: [&str; 6] = ["chronyd", "ntpd", "ntpd-rs", "ntp-daemon", "ptp4l", "phc2sys"];
/// The file that systemd-timesyncd leaves once it has set the clock.
const TIMESYNC: &str = "/run/systemd/timesync/synchronized";

/// All of it.
pub(super) fn examine(config: &Config, neighbour: Option<&NeighbourGateway>) -> Vec<DoctorFinding> {
    vec![memory(), files(neighbour), buffers(), segmentation(), udp_path(config.listen), time()]
}

fn memory() -> DoctorFinding {
    const PAGE: &str = "memory";
    let Some(bytes) = memory_bytes() else {
        return DoctorFinding::warning(PAGE, "the machine does not say how much memory it has");
    };
    let text = format!("{} MiB of memory", bytes >> 20);
    if bytes < MEMORY_MIN { DoctorFinding::warning(PAGE, text) } else { DoctorFinding::ok(PAGE, text) }
}

/// The limit of the gateway that runs here, or of this process: a gateway raises its limit as far as it may.
fn files(neighbour: Option<&NeighbourGateway>) -> DoctorFinding {
    const PAGE: &str = "descriptors";
    let running = neighbour.and_then(|neighbour| neighbour.process).and_then(limit_of);
    let limit = running.map_or_else(|| getrlimit(Resource::RLIMIT_NOFILE).map(|(_, hard)| hard), Ok);
    match limit {
        Ok(files) if files >= FILES_MIN => DoctorFinding::ok(PAGE, format!("{files} file descriptors")),
        Ok(files) => DoctorFinding::warning(
            PAGE,
            format!("{files} file descriptors, and a city's peak takes {FILES_MIN}"),
        ),
        Err(error) => {
            DoctorFinding::error(PAGE, format!("the limit on file descriptors cannot be read: {error}"))
        }
    }
}

/// The limit on descriptors of a process.
fn limit_of(process: u32) -> Option<u64> {
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn buffers() -> DoctorFinding {
    const PAGE: &str = "socket-buffers";
    let bound = |name: &str| -> Option<usize> {
        let path = Path::new("/proc/sys/net/core").join(name);
        fs::read_to_string(path).ok()?.trim().parse().ok()
    };
    let Some((receive, send)) = bound("rmem_max").zip(bound("wmem_max")) else {
        return DoctorFinding::warning(PAGE, "the bounds of socket buffers cannot be read");
    };
    let text = format!(
        "socket buffers may have {receive} bytes to receive and {send} to send, and a gateway asks for \
         {SOCKET_BUFFER_BYTES}"
    );
    if receive.min(send) < SOCKET_BUFFER_BYTES {
        DoctorFinding::warning(PAGE, text)
    } else {
        DoctorFinding::ok(PAGE, text)
    }
}

fn segmentation() -> DoctorFinding {
    const PAGE: &str = "segmentation-offload";
    match quic::segments_max() {
        Ok(segments) if segments > 1 => {
            DoctorFinding::ok(PAGE, format!("the kernel sends {segments} datagrams in one call"))
        }
        Ok(_) => DoctorFinding::warning(PAGE, "the kernel sends each datagram by a call of its own"),
        Err(error) => DoctorFinding::error(PAGE, format!("a UDP socket cannot be set up: {error}")),
    }
}

/// Sends a datagram of QUIC's size to this machine's own address.
fn udp_path(listen: SocketAddr) -> DoctorFinding {
    const PAGE: &str = "udp-path";
    let host = if listen.ip().is_unspecified() { [127, 0, 0, 1].into() } else { listen.ip() };
    let sent = || -> io::Result<usize> {
        let (from, to) = (UdpSocket::bind((host, 0))?, UdpSocket::bind((host, 0))?);
        to.set_read_timeout(Some(DATAGRAM_MAX))?;
        from.send_to(&[7; DATAGRAM_BYTES], to.local_addr()?)?;
        to.recv(&mut [0; 2 * DATAGRAM_BYTES])
    };
    match sent() {
        Ok(DATAGRAM_BYTES) => DoctorFinding::ok(PAGE, format!("a datagram reaches {host} over UDP")),
        Ok(bytes) => {
            DoctorFinding::error(PAGE, format!("of a datagram to {host} over UDP only {bytes} bytes arrived"))
        }
        Err(error) => DoctorFinding::error(PAGE, format!("a datagram to {host} over UDP: {error}")),
    }
}

fn time() -> DoctorFinding {
    const PAGE: &str = "clock";
    let now = clock::now();
    if now.0 < CLOCK_MIN_MS {
        return DoctorFinding::error(PAGE, format!("the clock says {now}: no phone's code would be valid"));
    }
    match clock_keeper() {
        Some(keeper) => DoctorFinding::ok(PAGE, format!("the clock says {now}, and {keeper} sets it")),
        None => DoctorFinding::warning(
            PAGE,
            format!("the clock says {now}, and no program of this machine is known to set it"),
        ),
    }
}

/// What sets the clock, as far as this machine shows it. In a container the host's programs are not seen.
fn clock_keeper() -> Option<String> {
    if Path::new(TIMESYNC).exists() {
        return Some("systemd-timesyncd".to_owned());
    }
    let processes = fs::read_dir("/proc").ok()?;
    let names = processes.filter_map(|entry| fs::read_to_string(entry.ok()?.path().join("comm")).ok());
    names.map(|name| name.trim().to_owned()).find(|name| CLOCK_PROGRAMS.contains(&name.as_str()))
}
