//! The announced arrivals of people who have not passed a gate of the city yet, so that a scan there can say
//! that the person is expected. The back office keeps this table in step with the papers.

use dashmap::DashMap;
use scangate_core::check_in::{CheckIn, Direction};
use scangate_core::id::{CheckInId, PaperId, PersonId};
use scangate_core::paper::{FiledPaper, Paper};
use scangate_core::policy::Calendar;
use scangate_core::time::Timestamp;
use scangate_core::visit::Window;
use std::sync::atomic::{AtomicBool, Ordering};

/// One announced arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnnouncedArrival {
    /// The arrival.
    pub paper: PaperId,
    /// The time in which a check-in at a gate is this arrival.
    pub window: Window,
    /// The check-in that it was.
    pub passed: Option<CheckInId>,
}

impl AnnouncedArrival {
    /// Reads an announced arrival from a paper; `None` if the paper is something else.
    #[must_use]
    pub fn of(filed: &FiledPaper, calendar: &Calendar) -> Option<Self> {
        match &filed.paper {
            Paper::Arrival(arrival) => {
                Some(Self { paper: filed.id, window: arrival.window(calendar)?, passed: arrival.passed })
            }
            Paper::Declaration(_) | Paper::Appeal(_) | Paper::Question(_) => None,
        }
    }

    /// Whether a check-in at a gate is this arrival.
    #[must_use]
    pub fn is_met_by(&self, check_in: &CheckIn) -> bool {
        let is_entry = check_in.direction == Direction::In && !check_in.is_refused();
        let is_open = self.passed.is_none_or(|passed| passed == check_in.id);
        is_entry && is_open && self.window.from <= check_in.at && check_in.at < self.window.to
    }
}

/// The table. **Cost**: a probe, for check-ins at gates alone; some 100 bytes a person with an arrival.
#[derive(Default)]
pub struct AnnouncedArrivals {
    table: DashMap<PersonId, Vec<AnnouncedArrival>, foldhash::fast::RandomState>,
    loaded: AtomicBool,
}

impl AnnouncedArrivals {
    /// Records that the arrivals of all residents are loaded.
    pub fn set_loaded(&self) {
        self.loaded.store(true, Ordering::Release);
    }

    /// Whether the arrivals of all residents are loaded.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.loaded.load(Ordering::Acquire)
    }

    /// Replaces the arrivals of a person.
    pub fn put(&self, person: PersonId, arrivals: Vec<AnnouncedArrival>) {
        if arrivals.is_empty() {
            self.table.remove(&person);
        } else {
            self.table.insert(person, arrivals);
        }
    }

    /// The arrivals that a check-in at a gate is.
    #[must_use]
    pub fn met_by(&self, check_in: &CheckIn) -> Vec<AnnouncedArrival> {
        let arrivals = self.table.get(&check_in.person);
        let met = |arrivals: &Vec<AnnouncedArrival>| {
            arrivals.iter().filter(|arrival| arrival.is_met_by(check_in)).copied().collect()
        };
        arrivals.map(|arrivals| met(&arrivals)).unwrap_or_default()
    }

    /// Whether a check-in at a gate is an announced arrival.
    #[must_use]
    pub fn expects(&self, check_in: &CheckIn) -> bool {
        let arrivals = self.table.get(&check_in.person);
        arrivals.is_some_and(|arrivals| arrivals.iter().any(|arrival| arrival.is_met_by(check_in)))
    }

    /// Closes the arrivals that a check-in at a gate is.
    pub fn close(&self, check_in: &CheckIn) {
        if let Some(mut arrivals) = self.table.get_mut(&check_in.person) {
            for arrival in arrivals.iter_mut().filter(|arrival| arrival.is_met_by(check_in)) {
                arrival.passed = Some(check_in.id);
            }
        }
    }

    /// Forgets the arrivals whose time is over.
    pub fn forget_before(&self, now: Timestamp) {
        self.table.retain(|_, arrivals| {
            arrivals.retain(|arrival| arrival.window.to > now);
            !arrivals.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_core::check_in::{Mode, Outcome, PolicyNumber};
    use scangate_core::colour::{Checks, Colour, Reasons, Verdict};
    use scangate_core::id::VenueId;

    #[test]
    fn an_arrival_is_met_by_one_entry_in_its_time() {
        let table = AnnouncedArrivals::default();
        let window = Window { from: Timestamp(10), to: Timestamp(20) };
        let arrival = AnnouncedArrival { paper: PaperId(1), window, passed: None };
        table.put(PersonId(1), vec![arrival]);
        let check_in = |id, at, direction, verdict| CheckIn {
            id: CheckInId([id; 16]),
            person: PersonId(1),
            venue: VenueId(2),
            at: Timestamp(at),
            direction,
            mode: Mode::Poster,
            outcome: Some(Outcome {
                colour: Colour::Green,
                verdict,
                checks: Checks::NONE,
                reasons: Reasons::NONE,
                policy: PolicyNumber(1),
            }),
        };
        let entry = check_in(1, 10, Direction::In, Verdict::Pass);
        assert!(table.expects(&entry));
        assert_eq!(table.met_by(&entry), [arrival]);
        for other in [
            check_in(1, 9, Direction::In, Verdict::Pass),
            check_in(1, 20, Direction::In, Verdict::Pass),
            check_in(1, 10, Direction::Out, Verdict::Pass),
            check_in(1, 10, Direction::In, Verdict::Refuse),
            CheckIn { person: PersonId(2), ..entry },
        ] {
            assert!(!table.expects(&other) && table.met_by(&other).is_empty(), "{other:?}");
        }
        table.close(&entry);
        assert_eq!(table.met_by(&entry), [AnnouncedArrival { passed: Some(entry.id), ..arrival }]);
        assert!(!table.expects(&check_in(2, 11, Direction::In, Verdict::Pass)));
        table.forget_before(Timestamp(19));
        assert!(table.expects(&entry));
        table.forget_before(Timestamp(20));
        assert!(!table.expects(&entry));
    }
}
