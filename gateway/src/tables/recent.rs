//! The check-ins of the last minute by id, so that a repeated request gets the first answer from any
//! worker. A check-in is remembered as long as its code is valid; after a crash the table is filled again
//! from the journal. Each step's table also has the counts of check-ins per person.

use super::check_in_counts::CheckInCounts;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use scangate_core::check_in::{CheckIn, Mode, Outcome};
use scangate_core::id::CheckInId;
use scangate_core::refusal::Refusal;
use scangate_core::time::{Step, Timestamp};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

/// Steps that have a table of their own: the last, this and the next one are valid, and one more is being
/// forgotten.
const GENERATIONS: usize = 4;

/// Check-ins of a step that a table has room for before it has to grow.
const STEP_CAPACITY: usize = 100_000;

/// A record's lane and ticket in the journal, which show whether the record is on disk. **Shape**: the
/// lane in the upper 16 bits, the ticket in the lower 48.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneTicket(u64);

impl LaneTicket {
    /// The ticket of a record that the journal had before this gateway started.
    const BEFORE: Self = Self(u64::MAX);

    /// The ticket of a late record, which is on disk before it is remembered.
    const LATE: Self = Self(u64::MAX - 1);

    /// A ticket of a lane.
    #[must_use]
    pub const fn new(lane: u16, ticket: u64) -> Self {
        Self((lane as u64) << 48 | ticket & u64::MAX >> 16)
    }

    /// Lane and ticket; none where the record was on disk before it was remembered.
    #[must_use]
    pub fn waits_for(self) -> Option<(u16, u64)> {
        (self != Self::BEFORE && self != Self::LATE)
            .then_some(((self.0 >> 48) as u16, self.0 & u64::MAX >> 16))
    }
}

/// A remembered check-in.
#[derive(Debug, Clone, Copy)]
pub struct RecentCheckIn {
    /// The time of its first scan.
    pub at: Timestamp,
    /// The outcome at the door.
    pub outcome: Option<Outcome>,
    /// The ticket of its record.
    pub ticket: LaneTicket,
}

struct Generation {
    step: AtomicU32,
    turning: Mutex<()>,
    table: DashMap<CheckInId, RecentCheckIn, foldhash::fast::RandomState>,
    counts: CheckInCounts,
}

/// The table. **Cost**: one probe a check-in; some 60 bytes each, for a minute.
pub struct RecentCheckIns {
    generations: [Generation; GENERATIONS],
    person_max: AtomicU8,
}

/// The result of [`RecentCheckIns::place`].
pub enum Placement<E> {
    /// The record was placed now: the check-in is new, or its outcome was amended.
    Placed(CheckIn, LaneTicket),
    /// The check-in was placed before.
    Repeated(RecentCheckIn),
    /// The check-in is new, and its person has made too many in this step.
    TooMany,
    /// Placing the record failed.
    Failed(E),
}

/// The state of the check against the person's limit, when a record is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitCheck {
    /// [`RecentCheckIns::allow`] allowed the check-in.
    Passed,
    /// It is still to be made.
    Due,
}

/// The part of the door's staff in a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Staff {
    /// They took a temperature, saw a document or checked papers.
    Acted,
    /// They did nothing, or the door has no staff.
    Idle,
}

impl RecentCheckIns {
    /// An empty table, in which a person may make `person_max` check-ins a step.
    #[must_use]
    pub fn new(person_max: u8) -> Self {
        let generation = |_| Generation {
            step: AtomicU32::new(u32::MAX),
            turning: Mutex::new(()),
            table: DashMap::with_capacity_and_hasher(STEP_CAPACITY, foldhash::fast::RandomState::default()),
            counts: CheckInCounts::default(),
        };
        Self { generations: std::array::from_fn(generation), person_max: AtomicU8::new(person_max) }
    }

    /// Changes the number of check-ins that a person may make a step, from now on.
    pub fn set_person_max(&self, person_max: u8) {
        self.person_max.store(person_max, Ordering::Relaxed);
    }

    fn person_max(&self) -> u8 {
        self.person_max.load(Ordering::Relaxed)
    }

    /// Refuses a new check-in beyond its person's limit in a step, before any record of its scan is
    /// placed. A repeated check-in is always allowed.
    pub fn allow(&self, step: Step, check_in: &CheckIn) -> Result<(), Refusal> {
        let generation = self.generation(step);
        if generation.counts.count(check_in.person) < self.person_max()
            || generation.table.contains_key(&check_in.id)
        {
            return Ok(());
        }
        Err(Refusal::TooMany)
    }

    /// Finds a check-in, or places its record and remembers it. `place` runs under the entry's lock,
    /// so that of two workers with one scan exactly one is first; it must not block. The person's
    /// limit is checked here if that is still due. A repeated check-in is placed again, under its
    /// first time, if staff have since done something that amends its outcome.
    pub fn place<E>(
        &self,
        step: Step,
        check_in: &CheckIn,
        staff: Staff,
        limit: LimitCheck,
        place: impl FnOnce(&CheckIn) -> Result<LaneTicket, E>,
    ) -> Placement<E> {
        let generation = self.generation(step);
        match generation.table.entry(check_in.id) {
            Entry::Occupied(mut entry) => {
                let remembered = entry.get_mut();
                let amended = remembered.outcome.zip(check_in.outcome.filter(|_| staff == Staff::Acted));
                let Some(outcome) = amended.and_then(|(first, later)| first.amended_by(later)) else {
                    return Placement::Repeated(*remembered);
                };
                let amended = CheckIn { at: remembered.at, outcome: Some(outcome), ..*check_in };
                match place(&amended) {
                    Ok(ticket) => {
                        (remembered.outcome, remembered.ticket) = (amended.outcome, ticket);
                        Placement::Placed(amended, ticket)
                    }
                    Err(error) => Placement::Failed(error),
                }
            }
            Entry::Vacant(_)
                if limit == LimitCheck::Due
                    && generation.counts.count(check_in.person) >= self.person_max() =>
            {
                Placement::TooMany
            }
            Entry::Vacant(entry) => match place(check_in) {
                Ok(ticket) => {
                    generation.counts.add(check_in.person);
                    entry.insert(RecentCheckIn { at: check_in.at, outcome: check_in.outcome, ticket });
                    Placement::Placed(*check_in, ticket)
                }
                Err(error) => Placement::Failed(error),
            },
        }
    }

    /// The remembered check-in of an id, if its code is still valid.
    #[must_use]
    pub fn known(&self, step: Step, id: CheckInId, now: Timestamp) -> Option<RecentCheckIn> {
        // An old step's table must not replace a newer one's.
        let is_valid = step.is_valid_at(now);
        is_valid.then(|| self.generation(step).table.get(&id).map(|known| *known)).flatten()
    }

    /// Remembers a check-in that is on disk, if its code is still valid: a late one, or one that the journal
    /// had before this gateway started. Of several records, the one with precedence counts.
    pub fn restore(&self, step: Step, check_in: &CheckIn, now: Timestamp) {
        if !step.is_valid_at(now) {
            return;
        }
        let ticket = if check_in.mode == Mode::Late { LaneTicket::LATE } else { LaneTicket::BEFORE };
        let remembered = RecentCheckIn { at: check_in.at, outcome: check_in.outcome, ticket };
        let mut known = self.generation(step).table.entry(check_in.id).or_insert(remembered);
        // Of a live record's mode only that it is live counts.
        let mode = if known.ticket == LaneTicket::LATE { Mode::Late } else { Mode::Terminal };
        let before = CheckIn { at: known.at, outcome: known.outcome, mode, ..*check_in };
        if check_in.precedence() < before.precedence() {
            *known = remembered;
        }
    }

    /// The table of a step, emptied first if it still holds an older one.
    fn generation(&self, step: Step) -> &Generation {
        let generation = &self.generations[step.0 as usize % GENERATIONS];
        if generation.step.load(Ordering::Acquire) != step.0 {
            let _turning = generation.turning.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if generation.step.load(Ordering::Acquire) != step.0 {
                generation.table.clear();
                generation.counts.clear();
                generation.step.store(step.0, Ordering::Release);
            }
        }
        generation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_core::check_in::{Direction, PolicyNumber};
    use scangate_core::colour::{Checks, Colour, Reasons, Verdict};
    use scangate_core::id::{PersonId, VenueId};
    use scangate_core::limits::STEP_MS;

    /// Within step 8.
    const NOW: Timestamp = Timestamp(8 * STEP_MS);

    fn check_in(at: u64) -> CheckIn {
        CheckIn {
            id: CheckInId([9; 16]),
            person: PersonId(1),
            venue: VenueId(2),
            at: Timestamp(at),
            direction: Direction::In,
            mode: Mode::Poster,
            outcome: None,
        }
    }

    fn place(ticket: u64) -> Result<LaneTicket, ()> {
        Ok(LaneTicket::new(0, ticket))
    }

    #[test]
    fn a_repeated_scan_gets_the_first_time_until_its_step_is_forgotten() {
        let recent = RecentCheckIns::new(2);
        assert!(matches!(
            recent.place(Step(8), &check_in(1), Staff::Idle, LimitCheck::Passed, |_| place(5)),
            Placement::Placed(..)
        ));
        let Placement::Repeated(found) =
            recent.place(Step(8), &check_in(2), Staff::Idle, LimitCheck::Passed, |_| place(6))
        else {
            panic!("it was taken before");
        };
        assert_eq!((found.at, found.ticket.waits_for()), (Timestamp(1), Some((0, 5))));
        assert!(matches!(
            recent.place(Step(12), &check_in(3), Staff::Idle, LimitCheck::Passed, |_| place(7)),
            Placement::Placed(..)
        ));
    }

    #[test]
    fn what_staff_do_after_a_scan_counts_and_keeps_its_time() {
        let says = |verdict, checks| {
            let (colour, reasons, policy) = (Colour::Green, Reasons::NONE, PolicyNumber(1));
            Some(Outcome { colour, verdict, checks, reasons, policy })
        };
        let (asks, left) = (Checks::TEMPERATURE.and(Checks::DOCUMENT), Checks::DOCUMENT);
        let recent = RecentCheckIns::new(1);
        let mut ticket = 0;
        let mut scan = |at, staff, outcome| {
            ticket += 1;
            recent.place(Step(8), &CheckIn { outcome, ..check_in(at) }, staff, LimitCheck::Due, |_| {
                place(ticket)
            })
        };
        let placed = |first: Placement<()>| match first {
            Placement::Placed(CheckIn { at, outcome, .. }, _) => Some((at.0, outcome)),
            Placement::Repeated(_) | Placement::TooMany | Placement::Failed(()) => None,
        };
        let check = |checks| says(Verdict::Check, checks);
        assert_eq!(placed(scan(1, Staff::Idle, check(asks))), Some((1, check(asks))));
        // A repeat without staff changes nothing; the checks that each of two requests brings are both done.
        assert_eq!(placed(scan(2, Staff::Idle, check(left))), None);
        assert_eq!(placed(scan(3, Staff::Acted, check(left))), Some((1, check(left))));
        let documented = says(Verdict::Check, Checks::TEMPERATURE);
        let passes = says(Verdict::Pass, Checks::NONE);
        assert_eq!(placed(scan(4, Staff::Acted, documented)), Some((1, passes)));
        assert_eq!(placed(scan(5, Staff::Acted, passes)), None);
        // A fever refuses, and what is measured after it changes nothing before the next code.
        let fever =
            says(Verdict::Refuse, Checks::NONE).map(|outcome| Outcome { reasons: Reasons::FEVER, ..outcome });
        assert_eq!(placed(scan(6, Staff::Acted, fever)), Some((1, fever)));
        assert_eq!(placed(scan(7, Staff::Acted, passes)), None);
        let Placement::Repeated(found) = scan(8, Staff::Idle, check(asks)) else {
            panic!("it was taken before")
        };
        assert_eq!((found.at, found.outcome), (Timestamp(1), fever));
        // After a crash the record that counts is remembered, in whatever order the journal has them.
        for order in [[check(asks), passes], [passes, check(asks)]] {
            let recent = RecentCheckIns::new(1);
            order
                .iter()
                .for_each(|&outcome| recent.restore(Step(8), &CheckIn { outcome, ..check_in(1) }, NOW));
            let again = recent.place(Step(8), &check_in(9), Staff::Idle, LimitCheck::Due, |_| place(1));
            assert!(matches!(again, Placement::Repeated(RecentCheckIn { outcome, .. }) if outcome == passes));
        }
    }

    #[test]
    fn a_late_record_answers_a_live_repeat_and_never_replaces_a_live_record() {
        let late = CheckIn { mode: Mode::Late, ..check_in(1) };
        let live = check_in(7);
        for order in [[late, live], [live, late]] {
            let recent = RecentCheckIns::new(1);
            order.iter().for_each(|record| recent.restore(Step(8), record, NOW));
            assert_eq!(recent.known(Step(8), live.id, NOW).map(|known| known.at), Some(live.at));
        }
        let recent = RecentCheckIns::new(1);
        recent.restore(Step(8), &CheckIn { at: Timestamp(3), ..late }, NOW);
        recent.restore(Step(8), &late, NOW);
        let again = recent.place(Step(8), &live, Staff::Idle, LimitCheck::Due, |_| place(1));
        let Placement::Repeated(known) = again else { panic!("it was taken before") };
        assert_eq!((known.at, known.ticket.waits_for()), (late.at, None));
        // A code of the past does not empty the table of a valid one.
        recent.restore(Step(4), &CheckIn { id: CheckInId([1; 16]), ..late }, NOW);
        assert!(recent.known(Step(4), CheckInId([1; 16]), NOW).is_none());
        assert!(recent.known(Step(8), late.id, NOW).is_some());
    }

    #[test]
    fn what_could_not_be_placed_is_not_remembered() {
        let recent = RecentCheckIns::new(2);
        assert!(matches!(
            recent.place(Step(8), &check_in(1), Staff::Idle, LimitCheck::Passed, |_| Err(())),
            Placement::Failed(())
        ));
        assert!(matches!(
            recent.place(Step(8), &check_in(2), Staff::Idle, LimitCheck::Passed, |_| place(1)),
            Placement::Placed(..)
        ));
    }

    #[test]
    fn a_person_over_the_limit_is_refused_until_the_next_step_but_keeps_what_was_taken() {
        let recent = RecentCheckIns::new(2);
        let at_venue = |id| CheckIn { id: CheckInId([id; 16]), ..check_in(1) };
        for id in [1, 2, 2] {
            assert_eq!(recent.allow(Step(8), &at_venue(id)), Ok(()));
            recent.place(Step(8), &at_venue(id), Staff::Idle, LimitCheck::Passed, |_| place(5));
        }
        assert_eq!(recent.allow(Step(8), &at_venue(3)), Err(Refusal::TooMany));
        let third = recent.place(Step(8), &at_venue(3), Staff::Idle, LimitCheck::Due, |_| place(6));
        assert!(matches!(third, Placement::TooMany));
        assert_eq!(recent.allow(Step(8), &at_venue(2)), Ok(()));
        assert_eq!(recent.allow(Step(9), &at_venue(3)), Ok(()));
        let other = CheckIn { person: PersonId(2), ..at_venue(4) };
        assert_eq!(recent.allow(Step(8), &other), Ok(()));
    }
}
