//! The UDP socket: its buffers against the rate of the run, and generic segmentation offload (GSO).

use super::{DoctorFinding, IntendedRun};
use quinn_udp::UdpSocketState;
use std::fs;
use std::net::{Ipv4Addr, UdpSocket};

/// The time for which the buffers must hold the datagrams, because loadgen is not scheduled. It is the lag of
/// a run from which its latencies tell more of loadgen than of the gateway. **Units**: seconds.
const STALL_S: f64 = 0.02;
/// The room that a datagram with one request or answer takes, with the kernel's own record. **Units**: bytes.
const DATAGRAM_BYTES: f64 = 1_280.0;

pub(super) fn receive_buffer(run: &IntendedRun) -> DoctorFinding {
    buffer("receive", "rmem", run)
}

pub(super) fn send_buffer(run: &IntendedRun) -> DoctorFinding {
    buffer("send", "wmem", run)
}

fn buffer(direction: &str, name: &str, run: &IntendedRun) -> DoctorFinding {
    let read = |kind: &str| -> Option<u64> {
        let path = format!("/proc/sys/net/core/{name}_{kind}");
        fs::read_to_string(path).ok()?.trim().parse().ok()
    };
    buffer_finding(direction, name, read("default").zip(read("max")), needed(run.rate))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rates are bounded")]
fn needed(rate: f64) -> u64 {
    (rate * STALL_S * DATAGRAM_BYTES).ceil() as u64
}

fn buffer_finding(direction: &str, name: &str, sizes: Option<(u64, u64)>, needed: u64) -> DoctorFinding {
    const CHECK: &str = "udp buffer";
    let Some((usual, most)) = sizes else {
        let remedy = format!("make sure that net.core.{name}_default is {needed} bytes or more");
        return DoctorFinding::warning(
            CHECK,
            format!("the {direction} buffer's size cannot be read"),
            remedy,
        );
    };
    let text = format!("{direction}: {usual} bytes (at most {most}), and the rate needs {needed}");
    if usual >= needed {
        DoctorFinding::ok(CHECK, text)
    } else {
        let remedy = format!(
            "run `sysctl -w net.core.{name}_max={} net.core.{name}_default={needed}`",
            most.max(needed)
        );
        DoctorFinding::warning(CHECK, text, remedy)
    }
}

/// Asks the kernel for GSO on a socket, as quinn does.
pub(super) fn segmentation() -> DoctorFinding {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
    let state = socket.and_then(|socket| UdpSocketState::new((&socket).into()));
    match state.map(|state| state.max_gso_segments()) {
        Ok(segments) if segments > 1 => {
            DoctorFinding::ok("gso", format!("the kernel splits {segments} datagrams of one call"))
        }
        Ok(_) => {
            let remedy = "use Linux 4.18 or later, and no sandbox that refuses UDP_SEGMENT";
            DoctorFinding::warning("gso", "the kernel sends each datagram by a call of its own", remedy)
        }
        Err(error) => {
            DoctorFinding::error("gso", format!("no UDP socket opens ({error})"), "allow UDP sockets")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::FindingLevel;
    use super::*;

    #[test]
    fn a_buffer_must_hold_the_datagrams_of_a_stall() {
        assert_eq!(needed(1_000.0), 25_600);
        assert_eq!(buffer_finding("send", "wmem", Some((25_600, 25_600)), 25_600).level, FindingLevel::Ok);
        let small = buffer_finding("receive", "rmem", Some((212_992, 212_992)), needed(20_000.0));
        assert_eq!(small.level, FindingLevel::Warning);
        assert_eq!(
            small.remedy.as_deref(),
            Some("run `sysctl -w net.core.rmem_max=512000 net.core.rmem_default=512000`")
        );
        assert_eq!(buffer_finding("send", "wmem", None, 1).level, FindingLevel::Warning);
    }
}
