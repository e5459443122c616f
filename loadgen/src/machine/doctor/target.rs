//! The target: whether a gateway answers there, accepts the tokens, and has the same time of day.

use super::DoctorFinding;
use super::files::ROLES;
use crate::city;
use crate::client::LoadTarget;
use crate::probe::{RoleToken, probe};
use scangate_core::time::Timestamp;
use std::path::Path;

/// The difference of the two clocks from which scans are refused. A personal code is valid from ten seconds
/// before its own 30 seconds, and the gateway's date has whole seconds. **Units**: milliseconds.
const DIFFERENCE_MS_MAX: u64 = 9_000;
/// The difference that costs no scan and shows that one of the two clocks is not synchronised. **Units**:
/// milliseconds.
const DIFFERENCE_MS_NOTICED: u64 = 3_000;

pub(super) async fn check(target: &LoadTarget, data: &Path, now: Timestamp) -> Vec<DoctorFinding> {
    // A token that cannot be read has a finding of its own.
    let tokens = ROLES
        .iter()
        .filter_map(|role| Some(RoleToken { role, authorization: city::authorization(data, role).ok()? }));
    let tokens: Vec<RoleToken> = tokens.collect();
    match probe(target, &tokens, now).await {
        Ok(sight) => {
            let text = format!("a Scangate answers on {} over TCP and HTTP/3", target.address);
            let clock = sight.clock.map(|clock| difference(clock, now));
            [Some(DoctorFinding::ok("target", text)), clock].into_iter().flatten().collect()
        }
        Err(fault) => vec![DoctorFinding::error("target", fault.to_string(), fault.remedy())],
    }
}

fn difference(gateway: Timestamp, own: Timestamp) -> DoctorFinding {
    let ms = gateway.0.abs_diff(own.0);
    let text = format!("the gateway's clock says {gateway}, this machine's {own}");
    let remedy = "synchronise both machines by NTP";
    if ms >= DIFFERENCE_MS_MAX {
        DoctorFinding::error("time", text, remedy)
    } else if ms >= DIFFERENCE_MS_NOTICED {
        DoctorFinding::warning("time", text, remedy)
    } else {
        DoctorFinding::ok("time", text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::FindingLevel;
    use super::*;

    #[test]
    fn clocks_that_differ_are_found() {
        let own = Timestamp(1_641_254_400_000);
        for (ms, level) in [
            (0, FindingLevel::Ok),
            (2_999, FindingLevel::Ok),
            (3_000, FindingLevel::Warning),
            (9_000, FindingLevel::Error),
        ] {
            for gateway in [Timestamp(own.0 + ms), Timestamp(own.0 - ms)] {
                assert_eq!(difference(gateway, own).level, level, "{ms}");
            }
        }
    }
}
