//! The rule from what the gateway knows of itself to the faults, and from the faults to one word. It knows no
//! clock and no socket.

use super::runbook::RunbookSection;
use crate::wire::route::OfficeKind;
use serde::Serialize;

/// The word for the gateway's state, in the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum StateWord {
    /// Requests are answered, and the store is up to date.
    Ok,
    /// Some requests are refused for want of room.
    Shedding,
    /// The store does not answer. Check-ins go on for as long as the journal has room.
    StoreDown,
    /// The gateway stops.
    Draining,
}

impl StateWord {
    /// The word as operators read it.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Shedding => "SHEDDING",
            Self::StoreDown => "STORE DOWN",
            Self::Draining => "DRAINING",
        }
    }

    /// The word in Chinese.
    pub(super) const fn chinese(self) -> &'static str {
        match self {
            Self::Ok => "正常",
            Self::Shedding => "过载限流",
            Self::StoreDown => "存储中断",
            Self::Draining => "正在停机",
        }
    }
}

/// The phase of the gateway's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LifePhase {
    /// The gateway serves.
    Serving,
    /// The gateway was signalled to stop.
    Draining,
    /// A part of the gateway failed, and the process ends.
    Failed,
}

/// The state of the store, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StoreCondition {
    /// The registry answers and the trail store accepts drains.
    Up,
    /// The registry was not read yet.
    Loading,
    /// The registry does not answer.
    Silent,
    /// The trail store does not accept drains.
    Rejecting,
}

/// Whether the journal accepts check-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JournalCondition {
    /// It does.
    Open,
    /// It is full.
    Full,
}

/// The input of the rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StateEvidence {
    /// The phase.
    pub(super) phase: LifePhase,
    /// The store.
    pub(super) store: StoreCondition,
    /// The journal.
    pub(super) journal: JournalCondition,
    /// The time until the journal is full at the present rate, if nothing is drained. None without check-ins.
    /// **Units**: seconds.
    pub(super) journal_full_in_s: Option<u64>,
    /// Scans refused as `overloaded` or `journal-full` within the last minute.
    pub(super) shed: u64,
    /// The kinds of work of the back office that have no free place.
    pub(super) office_full: Vec<OfficeKind>,
    /// Requests that the back office refused for want of a place within the last minute.
    pub(super) office_refused: u64,
    /// The faults of the certificate.
    pub(super) certificate: Vec<String>,
    /// The other gateways that have not reported for too long.
    pub(super) gateways_behind: Vec<String>,
    /// Rule packs that wait for a second approver.
    pub(super) packs_waiting: u32,
    /// Other lists that wait for a second approver.
    pub(super) lists_waiting: u32,
    /// Overdue duties.
    pub(super) overdue: u32,
}

/// Something that an operator should know, in the order of precedence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ServiceFault {
    /// The word that this fault alone gives.
    pub(super) state: StateWord,
    /// The fault in one sentence.
    pub(super) reason: String,
    /// The section of the runbook.
    pub(super) runbook: RunbookSection,
}

/// The faults, those of the strongest word first.
pub(super) fn faults(evidence: &StateEvidence) -> Vec<ServiceFault> {
    let mut faults: Vec<ServiceFault> =
        [draining(evidence), store_down(evidence)].into_iter().flatten().collect();
    faults.extend(shedding(evidence));
    faults.extend(notes(evidence));
    faults
}

/// The word of these faults.
pub(super) fn word(faults: &[ServiceFault]) -> StateWord {
    faults.iter().map(|fault| fault.state).max().unwrap_or(StateWord::Ok)
}

fn fault(state: StateWord, runbook: RunbookSection, reason: impl Into<String>) -> ServiceFault {
    ServiceFault { state, reason: reason.into(), runbook }
}

fn draining(evidence: &StateEvidence) -> Option<ServiceFault> {
    let reason = match evidence.phase {
        LifePhase::Serving => return None,
        LifePhase::Draining => "The gateway was signalled to stop. It accepts no new requests.",
        LifePhase::Failed => "A part of the gateway failed. The process ends now.",
    };
    Some(fault(StateWord::Draining, RunbookSection::Draining, reason))
}

fn store_down(evidence: &StateEvidence) -> Option<ServiceFault> {
    let cause = match evidence.store {
        StoreCondition::Up | StoreCondition::Loading => return None,
        StoreCondition::Silent => "The registry does not answer.",
        StoreCondition::Rejecting => "The trail store does not accept check-ins.",
    };
    let outlook = match (evidence.journal, evidence.journal_full_in_s) {
        (JournalCondition::Full, _) => "The journal is full.".to_owned(),
        (JournalCondition::Open, Some(seconds)) => {
            format!("The journal is full in {} at the present rate.", time_left(seconds))
        }
        (JournalCondition::Open, None) => "No check-ins arrive that would fill the journal.".to_owned(),
    };
    Some(fault(StateWord::StoreDown, RunbookSection::StoreDown, format!("{cause} {outlook}")))
}

fn shedding(evidence: &StateEvidence) -> Vec<ServiceFault> {
    let mut faults = Vec::new();
    if evidence.journal == JournalCondition::Full {
        let reason = "The journal is full. Check-ins are refused.";
        faults.push(fault(StateWord::Shedding, RunbookSection::JournalFull, reason));
    }
    if evidence.shed > 0 {
        let reason = format!("{} scans were refused within the last minute for want of room.", evidence.shed);
        faults.push(fault(StateWord::Shedding, RunbookSection::ScansShed, reason));
    }
    if !evidence.office_full.is_empty() || evidence.office_refused > 0 {
        let labels: Vec<&str> = evidence.office_full.iter().map(|kind| kind.label()).collect();
        let full = if labels.is_empty() {
            "The back office was full within the last minute.".to_owned()
        } else {
            format!("The back office has no free place for: {}.", labels.join(", "))
        };
        let reason = format!("{full} It refused {} requests.", evidence.office_refused);
        faults.push(fault(StateWord::Shedding, RunbookSection::OfficeFull, reason));
    }
    faults
}

/// What leaves the word as it is.
fn notes(evidence: &StateEvidence) -> Vec<ServiceFault> {
    let note = |section, reason: String| fault(StateWord::Ok, section, reason);
    let mut faults = Vec::new();
    if evidence.store == StoreCondition::Loading {
        let reason = "The colours are being loaded. Until then some answers are `unknown`.";
        faults.push(note(RunbookSection::ColoursLoading, reason.to_owned()));
    }
    for found in &evidence.certificate {
        faults.push(note(RunbookSection::Certificate, format!("The certificate: {found}.")));
    }
    for gateway in &evidence.gateways_behind {
        let reason = format!("Gateway {gateway} has not reported for over a minute.");
        faults.push(note(RunbookSection::GatewayBehind, reason));
    }
    if evidence.packs_waiting > 0 {
        let reason = format!("Rule packs that wait for a second approver: {}.", evidence.packs_waiting);
        faults.push(note(RunbookSection::PackWaiting, reason));
    }
    if evidence.lists_waiting > 0 {
        let reason = format!("Lists that wait for a second approver: {}.", evidence.lists_waiting);
        faults.push(note(RunbookSection::ListsWaiting, reason));
    }
    if evidence.overdue > 0 {
        let reason = format!("Duties past their deadline: {}.", evidence.overdue);
        faults.push(note(RunbookSection::DutiesOverdue, reason));
    }
    faults
}

/// A time in words, in its two largest units.
pub(super) fn time_left(seconds: u64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{minutes} min {} s", seconds % 60),
        3_600..172_800 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{} days", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn well() -> StateEvidence {
        StateEvidence {
            phase: LifePhase::Serving,
            store: StoreCondition::Up,
            journal: JournalCondition::Open,
            journal_full_in_s: None,
            shed: 0,
            office_full: Vec::new(),
            office_refused: 0,
            certificate: Vec::new(),
            gateways_behind: Vec::new(),
            packs_waiting: 0,
            lists_waiting: 0,
            overdue: 0,
        }
    }

    /// Everything at the same time.
    fn unwell() -> StateEvidence {
        StateEvidence {
            phase: LifePhase::Draining,
            store: StoreCondition::Silent,
            journal: JournalCondition::Full,
            journal_full_in_s: Some(0),
            shed: 3,
            office_full: vec![OfficeKind::Residents, OfficeKind::Imports],
            office_refused: 4,
            certificate: vec!["it expires soon".to_owned()],
            gateways_behind: vec!["00000000000000ab".to_owned()],
            packs_waiting: 1,
            lists_waiting: 2,
            overdue: 5,
        }
    }

    #[track_caller]
    fn check(evidence: &StateEvidence, expected: StateWord, sections: &[RunbookSection]) {
        let faults = faults(evidence);
        assert_eq!(word(&faults), expected, "{faults:?}");
        assert_eq!(faults.iter().map(|fault| fault.runbook).collect::<Vec<_>>(), sections);
    }

    #[test]
    fn draining_is_stronger_than_store_down_and_that_than_shedding() {
        use RunbookSection::{
            Certificate, Draining, DutiesOverdue, GatewayBehind, JournalFull, ListsWaiting, OfficeFull,
            PackWaiting, ScansShed, StoreDown,
        };
        let notes = [Certificate, GatewayBehind, PackWaiting, ListsWaiting, DutiesOverdue];
        let shed = [&[JournalFull, ScansShed, OfficeFull], &notes[..]].concat();
        let mut evidence = unwell();
        check(&evidence, StateWord::Draining, &[&[Draining, StoreDown], &shed[..]].concat());
        evidence.phase = LifePhase::Failed;
        check(&evidence, StateWord::Draining, &[&[Draining, StoreDown], &shed[..]].concat());
        evidence.phase = LifePhase::Serving;
        check(&evidence, StateWord::StoreDown, &[&[StoreDown], &shed[..]].concat());
        evidence.store = StoreCondition::Up;
        check(&evidence, StateWord::Shedding, &shed);
        (evidence.journal, evidence.shed, evidence.office_refused) = (JournalCondition::Open, 0, 0);
        check(&evidence, StateWord::Shedding, &[&[OfficeFull], &notes[..]].concat());
        evidence.office_full.clear();
        check(&evidence, StateWord::Ok, &notes);
        check(&well(), StateWord::Ok, &[]);
    }

    #[test]
    fn each_reason_to_shed_suffices_alone() {
        let full = StateEvidence { journal: JournalCondition::Full, ..well() };
        check(&full, StateWord::Shedding, &[RunbookSection::JournalFull]);
        check(&StateEvidence { shed: 1, ..well() }, StateWord::Shedding, &[RunbookSection::ScansShed]);
        let refused = StateEvidence { office_refused: 1, ..well() };
        check(&refused, StateWord::Shedding, &[RunbookSection::OfficeFull]);
    }

    #[test]
    fn a_store_that_is_down_names_the_time_left() {
        let reason = |store, journal, journal_full_in_s| {
            let evidence = StateEvidence { store, journal, journal_full_in_s, ..well() };
            faults(&evidence).remove(0).reason
        };
        let open = JournalCondition::Open;
        assert_eq!(
            reason(StoreCondition::Silent, open, Some(3_725)),
            "The registry does not answer. The journal is full in 1 h 2 min at the present rate."
        );
        assert_eq!(
            reason(StoreCondition::Rejecting, open, None),
            "The trail store does not accept check-ins. No check-ins arrive that would fill the journal."
        );
        assert!(
            reason(StoreCondition::Silent, JournalCondition::Full, Some(9)).ends_with("The journal is full.")
        );
    }

    #[test]
    fn a_start_is_not_an_outage() {
        let loading = StateEvidence { store: StoreCondition::Loading, ..well() };
        check(&loading, StateWord::Ok, &[RunbookSection::ColoursLoading]);
    }

    #[test]
    fn times_are_in_their_largest_units() {
        for (seconds, expected) in
            [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (7_260, "2 h 1 min"), (259_200, "3 days")]
        {
            assert_eq!(time_left(seconds), expected);
        }
    }
}
