//! The tokens in the gateway's data folder: there, readable, and not expired.

use super::DoctorFinding;
use crate::city;
use crate::probe::token_expires;
use scangate_core::time::{HOUR_MS, Timestamp};
use std::path::Path;

/// The roles whose tokens `run` and `replay` use.
pub(super) const ROLES: [&str; 2] = ["authority", "tracer"];
/// The validity that a token should still have: more than the longest run, which takes a day, lasts.
const VALID_MS_MIN: u64 = 25 * HOUR_MS;

pub(super) fn check(data: &Path, now: Timestamp) -> Vec<DoctorFinding> {
    ROLES.iter().map(|role| token(data, role, now)).collect()
}

fn token(data: &Path, role: &str, now: Timestamp) -> DoctorFinding {
    const CHECK: &str = "token";
    let renew = format!("make a new one with `gateway token --role {role} --subject loadgen`");
    let authorization = match city::authorization(data, role) {
        Ok(authorization) => authorization,
        Err(error) => {
            let remedy = "pass the gateway's data folder as --data, or copy its tokens and its certificate";
            return DoctorFinding::error(CHECK, error.root_cause().to_string(), remedy).about(data, role);
        }
    };
    match token_expires(&authorization) {
        None => DoctorFinding::error(CHECK, "it is not a token", renew).about(data, role),
        Some(expires) if expires <= now => {
            DoctorFinding::error(CHECK, format!("it expired at {expires}"), renew).about(data, role)
        }
        Some(expires) if expires.since_ms(now) < VALID_MS_MIN => {
            DoctorFinding::warning(CHECK, format!("it expires at {expires}"), renew).about(data, role)
        }
        Some(expires) => DoctorFinding::ok(CHECK, format!("it is valid until {expires}")).about(data, role),
    }
}

impl DoctorFinding {
    /// The finding with the path of the token in front.
    fn about(self, data: &Path, role: &str) -> Self {
        let path = data.join(format!("{role}.token"));
        Self { text: format!("{}: {}", path.display(), self.text), ..self }
    }
}
