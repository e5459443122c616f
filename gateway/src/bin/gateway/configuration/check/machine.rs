//! The machine under a configuration: ports and disk.

use super::{CheckFinding, at};
use scangate_core::text::OneLine;
use scangate_gateway::config::{EffectiveConfig, Origin};
use scangate_gateway::deployment::DiskRoom;
use std::net::{Ipv4Addr, TcpListener};

/// The port of an origin that names none. A balancer on another machine usually has it.
const HTTPS_PORT: u16 = 443;
/// Segments without which a journal cannot work.
const SEGMENTS_MIN: u64 = 2;

/// Ports and disk.
pub(super) fn examine(effective: &EffectiveConfig) -> Vec<CheckFinding> {
    origin_port(effective).into_iter().chain(disk(effective)).collect()
}

/// Whether something listens where phones will look. It may be another machine, so this is a warning.
fn origin_port(effective: &EffectiveConfig) -> Option<CheckFinding> {
    let listen = effective.config.listen.port();
    let origin = effective.config.origin.as_ref().map(Origin::port)?;
    if origin == listen || origin == HTTPS_PORT || listen == 0 {
        return None;
    }
    // A port that can be bound has no listener. A port that needs more rights to bind is not reported.
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, origin)).ok().map(|_| {
        let text = format!(
            "phones connect to port {origin}, on which nothing listens here, and the gateway listens on {listen}: \
             forward the port, or change `origin` or `listen`"
        );
        CheckFinding::Warning(at(effective, "origin", text))
    })
}

/// Compares the journal's bound with the disk under the data folder.
fn disk(effective: &EffectiveConfig) -> Option<CheckFinding> {
    let config = &effective.config;
    let data = &config.data;
    if data.exists() && !data.is_dir() {
        let text = format!("{} is a file, and the data folder must be a folder", data.display());
        return Some(CheckFinding::Error(at(effective, "data", text)));
    }
    let free_mib = match DiskRoom::of(data) {
        Ok(DiskRoom { free_mib, journal_mib, .. }) => free_mib + journal_mib,
        Err(error) => {
            return Some(CheckFinding::Error(at(effective, "data", OneLine(error.as_ref()).to_string())));
        }
    };
    let (key, wished) = ("journal.disk_mib_max", u64::from(config.journal.disk_mib_max));
    let least = SEGMENTS_MIN * u64::from(config.journal.segment_mib);
    let told = format!("the journal may take {wished} MiB, and {} has {free_mib} MiB for it", data.display());
    if free_mib < least {
        let text = format!("{told}, which is less than two segments: make room, or choose another folder");
        return Some(CheckFinding::Error(at(effective, key, text)));
    }
    (free_mib < wished).then(|| {
        let text = format!("{told}: make room, or set {key} to {free_mib} or less");
        CheckFinding::Warning(at(effective, key, text))
    })
}
