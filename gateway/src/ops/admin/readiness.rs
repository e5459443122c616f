//! The answer of `/readyz`: a list of checks, in the style of Kubernetes where it is verbose.

use crate::office::http::dispatch::{OfficePlaces, WAIT_MAX};
use crate::wire::route::OfficeKind;
use http::StatusCode;
use std::time::Duration;

/// How long no resident's request may end while all places for residents are taken. A store that does not
/// answer ends each of its requests within 5 s, so an outage of the store does not reach this bound.
const RESIDENTS_STALLED_MAX: Duration = Duration::from_secs(30);

/// How long a back office may be full or stalled before its check says so.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfficePatience {
    /// A kind of work without a free place.
    pub(super) full: Duration,
    /// Residents' requests of which none ends.
    pub(super) stalled: Duration,
}

impl Default for OfficePatience {
    fn default() -> Self {
        Self { full: WAIT_MAX, stalled: RESIDENTS_STALLED_MAX }
    }
}

/// A check with its state.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadinessCheck {
    name: &'static str,
    state: CheckState,
}

/// The state of a check.
#[derive(Debug, Clone, Copy)]
enum CheckState {
    Ok,
    /// The gateway is not ready. A word for the list, and the sentence of the brief answer.
    Failed(&'static str, &'static str),
    /// Something is amiss, and the gateway accepts check-ins all the same.
    Noted(&'static str),
}

/// How much `/readyz` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadinessDetail {
    /// One line.
    Brief,
    /// A line for each check, and the result.
    Verbose,
}

impl ReadinessCheck {
    /// A check that decides on the readiness. A fault has a word and a sentence.
    pub(super) fn required(name: &'static str, fault: Option<(&'static str, &'static str)>) -> Self {
        let state = fault.map_or(CheckState::Ok, |(word, sentence)| CheckState::Failed(word, sentence));
        Self { name, state }
    }

    /// A check that is only shown.
    pub(super) fn informational(name: &'static str, fault: Option<&'static str>) -> Self {
        Self { name, state: fault.map_or(CheckState::Ok, CheckState::Noted) }
    }

    /// The back office. A full kind of work is only shown. A balancer that removed the gateway would also
    /// remove its scans, and give the other gateways more of that work. The gateway is not ready while
    /// residents get no answers at all.
    pub(super) fn office(places: &OfficePlaces, patience: OfficePatience) -> Self {
        let name = "office";
        if places.is_stalled(OfficeKind::Residents, patience.stalled) {
            return Self::required(name, Some(("residents", "residents get no answers")));
        }
        Self::informational(name, places.full(patience.full).map(OfficeKind::label))
    }

    /// The reason for which the gateway is not ready.
    fn failure(&self) -> Option<&'static str> {
        match self.state {
            CheckState::Failed(_, sentence) => Some(sentence),
            CheckState::Ok | CheckState::Noted(_) => None,
        }
    }

    fn line(&self) -> String {
        let name = self.name;
        match self.state {
            CheckState::Ok => format!("[+]{name} ok\n"),
            CheckState::Failed(word, _) => format!("[-]{name} {word}\n"),
            CheckState::Noted(word) => format!("[i]{name} {word}\n"),
        }
    }
}

/// Status and text of the answer.
pub(super) fn is_ready(checks: &[ReadinessCheck]) -> bool {
    checks.iter().all(|check| check.failure().is_none())
}

/// The answer, with a line for each check if it is to be verbose.
pub(super) fn answer(checks: &[ReadinessCheck], detail: ReadinessDetail) -> (StatusCode, String) {
    let failure = checks.iter().find_map(ReadinessCheck::failure);
    let status = if failure.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let text = match detail {
        ReadinessDetail::Brief => format!("{}\n", failure.unwrap_or("ready")),
        ReadinessDetail::Verbose => {
            let lines: String = checks.iter().map(ReadinessCheck::line).collect();
            lines + if failure.is_some() { "not ready\n" } else { "ready\n" }
        }
    };
    (status, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn required_checks_decide_and_informational_ones_are_shown() {
        use ReadinessDetail::{Brief, Verbose};
        let phase = ReadinessCheck::required("phase", None);
        let colours = ReadinessCheck::informational("colours", Some("loading"));
        let journal = |fault| ReadinessCheck::required("journal", fault);
        let ready = [phase, journal(None), colours];
        assert_eq!(answer(&ready, Brief), (StatusCode::OK, "ready\n".to_owned()));
        let lines = "[+]phase ok\n[+]journal ok\n[i]colours loading\nready\n".to_owned();
        assert_eq!(answer(&ready, Verbose), (StatusCode::OK, lines));
        let full = [phase, journal(Some(("full", "the journal is full"))), colours];
        let shut = StatusCode::SERVICE_UNAVAILABLE;
        assert_eq!(answer(&full, Brief), (shut, "the journal is full\n".to_owned()));
        let lines = "[+]phase ok\n[-]journal full\n[i]colours loading\nnot ready\n".to_owned();
        assert_eq!(answer(&full, Verbose), (shut, lines));
    }

    #[tokio::test]
    async fn a_full_kind_of_work_is_shown_and_only_stalled_residents_make_the_gateway_not_ready() {
        let places = OfficePlaces::default();
        let patience = OfficePatience { full: Duration::ZERO, stalled: Duration::ZERO };
        let check = || {
            let checks = [ReadinessCheck::office(&places, patience)];
            let (status, text) = answer(&checks, ReadinessDetail::Verbose);
            (status.as_u16(), text)
        };
        assert_eq!(check(), (200, "[+]office ok\nready\n".to_owned()));
        for kind in OfficeKind::ALL {
            let taken = places.take_all(kind).await;
            let label = kind.label();
            let expected = if kind == OfficeKind::Residents {
                (503, format!("[-]office {label}\nnot ready\n"))
            } else {
                (200, format!("[i]office {label}\nready\n"))
            };
            assert_eq!(check(), expected);
            drop(taken);
        }
        assert_eq!(check(), (200, "[+]office ok\nready\n".to_owned()));
    }
}
