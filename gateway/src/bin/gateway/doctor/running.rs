//! The gateway that runs on the data folder, if there is one.

use super::finding::DoctorFinding;
use super::ports;
use crate::admin_client;
use scangate_gateway::config::Config;
use scangate_storage::journal::{JournalError, RealDisk};
use std::net::SocketAddr;

/// A gateway that runs beside this command, on the same data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NeighbourGateway {
    admin: SocketAddr,
    /// The number of its process, if this user may know it.
    pub(super) process: Option<u32>,
}

impl NeighbourGateway {
    /// Finds it by the lock of its journal.
    pub(super) fn of(config: &Config) -> Option<Self> {
        let journal = config.data.join("journal");
        if !journal.join("lock").exists() {
            return None;
        }
        let is_locked = matches!(RealDisk::open(journal), Err(JournalError::Locked { .. }));
        is_locked.then(|| Self { admin: config.admin, process: ports::owner_of_tcp(config.admin.port()) })
    }

    /// Whether it accepts check-ins.
    pub(super) fn readiness(&self) -> DoctorFinding {
        let admin = self.admin;
        match admin_client::get(admin, "/readyz?verbose") {
            Ok((status, _)) if status.is_success() => {
                DoctorFinding::ok("not-ready", format!("the gateway that runs here (admin {admin}) is ready"))
            }
            Ok((_, lines)) => {
                let failed =
                    lines.lines().filter(|line| line.starts_with("[-]")).collect::<Vec<_>>().join(", ");
                DoctorFinding::error(
                    "not-ready",
                    format!("the gateway that runs here is not ready: {failed}"),
                )
            }
            Err(error) => DoctorFinding::error(
                "gateway-down",
                format!("a gateway runs on this data folder, and does not answer at {admin}: {error:#}"),
            ),
        }
    }
}
