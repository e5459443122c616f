//! Recovery of the journal: logs what was found, and restores the recent check-ins, which a repeated scan may
//! still ask for.

use crate::tables::recent::RecentCheckIns;
use scangate_core::check_in::{CheckIn, Moment, check_in_id};
use scangate_core::time::{Step, Timestamp};
use scangate_storage::journal::RecoveryReport;

/// Logs what recovery found.
pub(super) fn report(recovered: &RecoveryReport) {
    let backlog = recovered.end.0.saturating_sub(recovered.checkpoint.0);
    tracing::info!(
        event = "journal-recovered",
        backlog,
        recent = recovered.recent.len(),
        "the journal is recovered"
    );
    if let Some(torn) = recovered.torn_tail {
        tracing::info!(
            event = "journal-torn",
            segment = torn.segment,
            slot = torn.slot,
            "a crash tore the last group; none of it was acknowledged"
        );
    }
    for damage in &recovered.damaged {
        tracing::error!(
            event = "journal-damaged",
            segment = damage.segment,
            slot = damage.slot,
            "a journal record is damaged and lost"
        );
    }
}

/// Restores the table of recent check-ins.
pub(super) fn remember(recovered: &RecoveryReport, recent: &RecentCheckIns, now: Timestamp) {
    for check_in in &recovered.recent {
        if let Some(step) = step_of(check_in) {
            recent.restore(step, check_in, now);
        }
    }
}

/// The step of the code that a check-in came from: the step, among those valid at its time, that yields its
/// id. `None` for an imported check-in, which no scan repeats.
fn step_of(check_in: &CheckIn) -> Option<Step> {
    let CheckIn { person, venue, direction, at, .. } = *check_in;
    let now = Step::of(at).0;
    let steps = now.saturating_sub(1)..=now.saturating_add(1);
    steps.map(Step).find(|&step| check_in_id(person, venue, direction, Moment::Step(step)) == check_in.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_core::check_in::{Direction, Mode};
    use scangate_core::id::{PersonId, VenueId};

    #[test]
    fn a_scan_is_found_by_its_step_and_an_import_by_none() {
        let at = Timestamp(1_641_283_200_123);
        let check_in = |moment| CheckIn {
            id: check_in_id(PersonId(1), VenueId(2), Direction::Out, moment),
            person: PersonId(1),
            venue: VenueId(2),
            at,
            direction: Direction::Out,
            mode: Mode::Poster,
            outcome: None,
        };
        for step in [Step::of(at).0 - 1, Step::of(at).0, Step::of(at).0 + 1] {
            assert_eq!(step_of(&check_in(Moment::Step(Step(step)))), Some(Step(step)));
        }
        assert_eq!(step_of(&check_in(Moment::At(at))), None);
    }
}
