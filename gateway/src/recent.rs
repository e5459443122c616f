//! The check-ins of the last minute by id, so that a repeated request gets the first answer, whichever
//! worker it lands on. A check-in is remembered as long as its code can still be taken; after a crash the
//! table is filled again from the journal. Beside it stands how many check-ins each person made in the step.

use crate::pace::Pace;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use scangate_core::check_in::{CheckIn, Outcome};
use scangate_core::id::CheckInId;
use scangate_core::refusal::Refusal;
use scangate_core::time::{Step, Timestamp};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many steps are kept apart: the valid ones are the last, this and the next, and one more is being
/// forgotten.
const GENERATIONS: usize = 4;

/// Check-ins of a step that a table has room for before it has to grow.
const ROOM: usize = 100_000;

/// Where a check-in's record went, to tell whether it is on disk yet: the lane of the journal in the upper 16
/// bits, its ticket there in the lower 48.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(u64);

impl Place {
    /// The journal had it before this gateway started.
    const BEFORE: Self = Self(u64::MAX);

    /// With this ticket in this lane.
    #[must_use]
    pub const fn new(lane: u16, ticket: u64) -> Self {
        Self((lane as u64) << 48 | ticket & u64::MAX >> 16)
    }

    /// Lane and ticket; none where the journal had it before this gateway started.
    #[must_use]
    pub fn waits_for(self) -> Option<(u16, u64)> {
        (self != Self::BEFORE).then_some(((self.0 >> 48) as u16, self.0 & u64::MAX >> 16))
    }
}

/// What is remembered of a check-in.
#[derive(Debug, Clone, Copy)]
pub struct Remembered {
    /// When it was first taken.
    pub at: Timestamp,
    /// What the door said then.
    pub outcome: Option<Outcome>,
    /// Where its record went.
    pub place: Place,
}

struct Generation {
    step: AtomicU32,
    turning: Mutex<()>,
    table: DashMap<CheckInId, Remembered, foldhash::fast::RandomState>,
    pace: Pace,
}

/// The table. **Cost**: one probe a check-in; some 60 bytes each, for a minute.
pub struct Recent {
    generations: [Generation; GENERATIONS],
    person_max: u8,
}

/// What [`Recent::first`] found.
pub enum First<E> {
    /// Nobody had it: the record was placed now.
    New(Place),
    /// It was taken before.
    Repeated(Remembered),
    /// Nobody had it, and its person has made too many in this step.
    TooMany,
    /// Nobody had it, and placing the record failed.
    Failed(E),
}

/// Whether [`Recent::allow`] was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It allowed the check-in.
    Allowed,
    /// It was not.
    Not,
}

impl Recent {
    /// An empty table, in which a person may make `person_max` check-ins a step.
    #[must_use]
    pub fn new(person_max: u8) -> Self {
        let generation = |_| Generation {
            step: AtomicU32::new(u32::MAX),
            turning: Mutex::new(()),
            table: DashMap::with_capacity_and_hasher(ROOM, foldhash::fast::RandomState::default()),
            pace: Pace::default(),
        };
        Self { generations: std::array::from_fn(generation), person_max }
    }

    /// Refuses a check-in beyond what its person may make in a step, before anything of its party is placed.
    /// One that was taken before never is.
    pub fn allow(&self, step: Step, check_in: &CheckIn) -> Result<(), Refusal> {
        let generation = self.generation(step);
        if generation.pace.count(check_in.person) < self.person_max
            || generation.table.contains_key(&check_in.id)
        {
            return Ok(());
        }
        Err(Refusal::TooMany)
    }

    /// Finds a check-in, or places its record and remembers it. The place is taken under the entry's lock,
    /// so that of two workers with one scan exactly one is first; `place` must not block. Where nobody asked
    /// [`Self::allow`] before, the person's limit is held here.
    pub fn first<E>(
        &self,
        step: Step,
        check_in: &CheckIn,
        asked: Asked,
        place: impl FnOnce() -> Result<Place, E>,
    ) -> First<E> {
        let generation = self.generation(step);
        match generation.table.entry(check_in.id) {
            Entry::Occupied(entry) => First::Repeated(*entry.get()),
            Entry::Vacant(_)
                if asked == Asked::Not && generation.pace.count(check_in.person) >= self.person_max =>
            {
                First::TooMany
            }
            Entry::Vacant(entry) => match place() {
                Ok(place) => {
                    generation.pace.add(check_in.person);
                    entry.insert(Remembered { at: check_in.at, outcome: check_in.outcome, place });
                    First::New(place)
                }
                Err(error) => First::Failed(error),
            },
        }
    }

    /// Remembers a check-in that the journal had before this gateway started.
    pub fn restore(&self, step: Step, check_in: &CheckIn) {
        let remembered = Remembered { at: check_in.at, outcome: check_in.outcome, place: Place::BEFORE };
        self.generation(step).table.entry(check_in.id).or_insert(remembered);
    }

    /// The table of a step, emptied first if it still holds an older one.
    fn generation(&self, step: Step) -> &Generation {
        let generation = &self.generations[step.0 as usize % GENERATIONS];
        if generation.step.load(Ordering::Acquire) != step.0 {
            let _turning = generation.turning.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if generation.step.load(Ordering::Acquire) != step.0 {
                generation.table.clear();
                generation.pace.clear();
                generation.step.store(step.0, Ordering::Release);
            }
        }
        generation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_core::check_in::{Direction, Mode};
    use scangate_core::id::{PersonId, VenueId};

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

    fn place(ticket: u64) -> Result<Place, ()> {
        Ok(Place::new(0, ticket))
    }

    #[test]
    fn a_repeated_scan_gets_the_first_time_until_its_step_is_forgotten() {
        let recent = Recent::new(2);
        assert!(matches!(recent.first(Step(8), &check_in(1), Asked::Allowed, || place(5)), First::New(_)));
        let First::Repeated(found) = recent.first(Step(8), &check_in(2), Asked::Allowed, || place(6)) else {
            panic!("it was taken before");
        };
        assert_eq!((found.at, found.place.waits_for()), (Timestamp(1), Some((0, 5))));
        assert!(matches!(recent.first(Step(12), &check_in(3), Asked::Allowed, || place(7)), First::New(_)));
    }

    #[test]
    fn what_could_not_be_placed_is_not_remembered() {
        let recent = Recent::new(2);
        assert!(matches!(recent.first(Step(8), &check_in(1), Asked::Allowed, || Err(())), First::Failed(())));
        assert!(matches!(recent.first(Step(8), &check_in(2), Asked::Allowed, || place(1)), First::New(_)));
    }

    #[test]
    fn a_person_over_the_limit_is_refused_until_the_next_step_but_keeps_what_was_taken() {
        let recent = Recent::new(2);
        let at_venue = |id| CheckIn { id: CheckInId([id; 16]), ..check_in(1) };
        for id in [1, 2, 2] {
            assert_eq!(recent.allow(Step(8), &at_venue(id)), Ok(()));
            recent.first(Step(8), &at_venue(id), Asked::Allowed, || place(5));
        }
        assert_eq!(recent.allow(Step(8), &at_venue(3)), Err(Refusal::TooMany));
        let third = recent.first(Step(8), &at_venue(3), Asked::Not, || place(6));
        assert!(matches!(third, First::TooMany));
        assert_eq!(recent.allow(Step(8), &at_venue(2)), Ok(()));
        assert_eq!(recent.allow(Step(9), &at_venue(3)), Ok(()));
        let other = CheckIn { person: PersonId(2), ..at_venue(4) };
        assert_eq!(recent.allow(Step(8), &other), Ok(()));
    }
}
