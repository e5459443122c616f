//! Duties with a deadline: the arrivals whose duty begins or ends by time or colour, and the number of
//! overdue duties. The log reports an increase.

use crate::clock;
use crate::office::http::error::OfficeError;
use crate::office::tracers::cases::waiting_extensions;
use crate::office::waiting::{DUTIES, WaitingWork};
use crate::office::{Office, PEOPLE_AT_ONCE};
use scangate_core::check_in::CheckIn;
use scangate_core::co_presence::PersonAsk;
use scangate_core::colour::Colour;
use scangate_core::id::PersonId;
use scangate_core::paper::{
    Arrival, DutyRule, FiledPaper, Paper, Review, ReviewStatus, is_overdue, last_entry, opened_paper,
};
use scangate_core::time::Timestamp;
use scangate_core::visit::Window;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The interval between two looks at the colours that turned.
const TICK: Duration = Duration::from_secs(1);
/// The ticks between two reads of all due papers, of which a city may have thousands.
const DUE_TICKS: u64 = 10;

/// The people whose colour gained or lost the duty to report, with the time, until it is looked at. Each
/// person stands in it once.
#[derive(Default)]
pub(in crate::office) struct ColourTurns(Mutex<BTreeMap<PersonId, Timestamp>>);

impl ColourTurns {
    fn note(&self, person: PersonId, at: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(person).or_insert(at);
    }

    fn is_waiting(&self) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn take(&self) -> Vec<(PersonId, Timestamp)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}

/// Follows the duties for as long as the gateway runs.
pub async fn watch_duties(office: Arc<Office>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut before = [0; DUTIES.len()];
    for number in 0_u64.. {
        ticks.tick().await;
        if office.turns.is_waiting() {
            // A check-in before the turn may still be in the journal alone.
            office.caught_up().await;
        }
        let looking = Arc::clone(&office);
        let look = move || -> Result<_, OfficeError> {
            follow_noted_turns(&looking)?;
            if number % DUE_TICKS == 0 { look_at_due(&looking).map(Some) } else { Ok(None) }
        };
        // Each error was logged where it was converted, and a panic in `blocking`. The next tick tries again.
        if let Ok(Ok(Some(waiting))) = crate::office::blocking(look).await {
            waiting.publish();
            warn_of_increase(before, waiting.overdue);
            before = waiting.overdue;
            office.waiting.store(Some(Arc::new(waiting)));
        }
    }
}

/// Begins the duties of arrivals whose time has come, and counts what waits for people.
fn look_at_due(office: &Office) -> Result<WaitingWork, OfficeError> {
    office.registry.index_earlier_rows()?;
    let (now, published) = (clock::now(), office.tables.policies.in_force());
    let rule = DutyRule::of(&published.policy);
    office.tables.announced.forget_before(now);
    let mut overdue = [0; DUTIES.len()];
    for mut filed in office.registry.papers_due(now)? {
        let awaits = filed.paper.arrival().is_some_and(|arrival| arrival.awaits);
        if let Some(rule) = rule.filter(|_| awaits) {
            let colour = office.judge(filed.person)?.standing.colour;
            let come = |arrival: &mut Arrival| rule.come(arrival, colour, now);
            office.registry.change_arrival(filed.person, filed.id, come)?;
        }
        if office.is_late(&mut filed, now) {
            match filed.paper {
                Paper::Arrival(_) => overdue[0] += 1,
                Paper::Appeal(_) => overdue[1] += 1,
                Paper::Question(_) => overdue[2] += 1,
                Paper::Declaration(_) => {}
            }
        }
    }
    let is_waiting = |review: &Review| review.status() == ReviewStatus::Waiting;
    let reviews = office.registry.unapproved(None, usize::MAX, is_waiting)?;
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    overdue[3] = count(reviews.iter().filter(|(_, review)| now > review.due).count());
    let held = WaitingWork::by_kind(office.registry.all_held()?.into_iter().map(|held| held.kind));
    let extensions = count(waiting_extensions(office)?);
    Ok(WaitingWork { at: now, overdue, reviews: count(reviews.len()), held, extensions })
}

fn warn_of_increase(before: [u32; DUTIES.len()], now: [u32; DUTIES.len()]) {
    for (duty, (before, now)) in DUTIES.into_iter().zip(before.into_iter().zip(now)) {
        if now > before {
            tracing::warn!(event = "duties-overdue", duty, overdue = now, "duties are overdue");
        }
    }
}

/// Follows the colours that turned since the last look.
fn follow_noted_turns(office: &Office) -> Result<(), OfficeError> {
    let turns = office.turns.take();
    let followed = turns.chunks(PEOPLE_AT_ONCE).try_for_each(|turns| follow_turns(office, turns));
    if followed.is_err() {
        turns.into_iter().for_each(|(person, at)| office.turns.note(person, at));
    }
    followed
}

/// Begins and ends the duties of people whose colour turned.
fn follow_turns(office: &Office, turns: &[(PersonId, Timestamp)]) -> Result<(), OfficeError> {
    let published = office.tables.policies.in_force();
    let Some(rule) = DutyRule::of(&published.policy) else { return Ok(()) };
    let asks: Vec<PersonAsk> = turns
        .iter()
        .map(|&(person, at)| {
            let window = Window { from: office.midnight(office.date(at)), to: at.plus_ms(1) };
            PersonAsk { person, window }
        })
        .collect();
    let today = office.trails.persons(&asks)?;
    for (&(person, at), check_ins) in turns.iter().zip(today) {
        let colour = office.tables.colours.standing(person).colour;
        let arrivals = office.registry.papers_of(person)?;
        for mut filed in arrivals.clone() {
            let Some(arrival) = filed.paper.arrival() else { continue };
            let before = arrival.clone();
            rule.turn(arrival, colour, at);
            if *arrival != before {
                let turn = |arrival: &mut Arrival| rule.turn(arrival, colour, at);
                office.registry.change_arrival(person, filed.id, turn)?;
            }
        }
        let gates = check_ins.iter().filter(|check_in| office.tables.venues.is_gate(check_in.venue));
        if let Some(entry) = last_entry(gates) {
            open_by_colour(office, rule, arrivals, (colour, at), entry)?;
        }
    }
    Ok(())
}

/// Opens an arrival for a check-in at a gate before the colour turned, unless another arrival belongs to that
/// check-in.
fn open_by_colour(
    office: &Office,
    rule: DutyRule<'_>,
    mut arrivals: Vec<FiledPaper>,
    (colour, at): (Colour, Timestamp),
    entry: &CheckIn,
) -> Result<(), OfficeError> {
    let mut arrivals = arrivals.iter_mut().filter_map(|filed| filed.paper.arrival());
    if !rule.binds(colour) || arrivals.any(|arrival| rule.check_in(arrival, Colour::Unknown, entry)) {
        return Ok(());
    }
    let mut opened = Arrival::opened(entry.id, entry.at, entry.venue);
    rule.turn(&mut opened, colour, at);
    let (id, person) = (opened_paper(entry.id), entry.person);
    office.registry.file_once(&FiledPaper { id, person, paper: Paper::Arrival(opened) })?;
    Ok(())
}

impl Office {
    /// Notes that a person's colour changed, if the duty to report depends on it.
    pub(super) fn note_turn(&self, person: PersonId, before: Colour, after: Colour) {
        let published = self.tables.policies.in_force();
        let rule = DutyRule::of(&published.policy);
        if before != Colour::Unknown && rule.is_some_and(|rule| rule.binds(before) != rule.binds(after)) {
            self.turns.note(person, clock::now());
        }
    }

    /// Whether a paper's duty is overdue. The duty to report an arrival also needs a colour that has it.
    pub(in crate::office) fn is_late(&self, filed: &mut FiledPaper, now: Timestamp) -> bool {
        let published = self.tables.policies.in_force();
        let (rule, colour) =
            (DutyRule::of(&published.policy), self.tables.colours.standing(filed.person).colour);
        let is_bound = rule.is_some_and(|rule| colour == Colour::Unknown || rule.binds(colour));
        is_overdue(filed.paper.open_until(), now) && (is_bound || filed.paper.arrival().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_taken_once_with_its_first_time() {
        let turns = ColourTurns::default();
        turns.note(PersonId(1), Timestamp(5));
        turns.note(PersonId(1), Timestamp(6));
        assert!(turns.is_waiting());
        assert_eq!(turns.take(), [(PersonId(1), Timestamp(5))]);
        assert!(!turns.is_waiting());
    }
}
