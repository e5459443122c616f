//! The queue of each district: its red and yellow people, in the order in which its office contacts them.
//! Recolouring fills it, so that a list reads only the rows of the people on it. No name is here.

use scangate_core::colour::Colour;
use scangate_core::id::PersonId;
use scangate_core::time::Timestamp;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A person's place in a queue: people who were not contacted come first, then the more severe colour, then
/// the colour that began earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueuePlace {
    /// Whether the office contacted the person about this colour.
    pub is_contacted: bool,
    /// The colour.
    pub colour: Reverse<Colour>,
    /// When the colour began.
    pub since: Timestamp,
    /// The person.
    pub person: PersonId,
}

/// The colour of a person who is not green, with the time at which it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BegunColour {
    /// The colour.
    pub colour: Colour,
    /// When it began.
    pub since: Timestamp,
}

/// The queues. **Cost**: some 150 bytes for each red or yellow person.
#[derive(Default)]
pub struct DistrictQueues {
    queues: RwLock<PeopleInQueues>,
    complete: AtomicBool,
}

#[derive(Default)]
struct PeopleInQueues {
    people: HashMap<PersonId, QueuedPerson>,
    districts: HashMap<String, BTreeSet<QueuePlace>>,
}

/// A red or yellow person.
struct QueuedPerson {
    begun: BegunColour,
    /// The district, once it was read.
    district: Option<String>,
    /// The beginning of the colour that the last contact was about.
    contacted: Option<Timestamp>,
}

impl QueuedPerson {
    fn place(&self, person: PersonId) -> QueuePlace {
        let BegunColour { colour, since } = self.begun;
        let is_contacted = self.contacted.is_some_and(|about| about >= since);
        QueuePlace { is_contacted, colour: Reverse(colour), since, person }
    }
}

impl PeopleInQueues {
    fn leave(&mut self, person: PersonId) -> Option<QueuedPerson> {
        let known = self.people.remove(&person)?;
        if let Some(district) = &known.district
            && let Some(queue) = self.districts.get_mut(district)
        {
            queue.remove(&known.place(person));
            if queue.is_empty() {
                self.districts.remove(district);
            }
        }
        Some(known)
    }

    fn enter(&mut self, person: PersonId, known: QueuedPerson) {
        if let Some(district) = &known.district {
            self.districts.entry(district.clone()).or_default().insert(known.place(person));
        }
        self.people.insert(person, known);
    }
}

impl DistrictQueues {
    fn read(&self) -> RwLockReadGuard<'_, PeopleInQueues> {
        self.queues.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, PeopleInQueues> {
        self.queues.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the colour of a person who is red or yellow.
    pub fn put(&self, person: PersonId, begun: BegunColour) {
        let mut queues = self.write();
        let (district, contacted) =
            queues.leave(person).map_or((None, None), |known| (known.district, known.contacted));
        queues.enter(person, QueuedPerson { begun, district, contacted });
    }

    /// Puts the district of a red or yellow person, and the beginning of the colour that the last contact was
    /// about. Nothing happens for anybody else.
    pub fn place(&self, person: PersonId, district: Option<String>, contacted: Option<Timestamp>) {
        let mut queues = self.write();
        if let Some(QueuedPerson { begun, .. }) = queues.leave(person) {
            queues.enter(person, QueuedPerson { begun, district, contacted });
        }
    }

    /// Removes a person who is neither red nor yellow. **Cost**: a shared lock for a person who is in no
    /// queue.
    pub fn remove(&self, person: PersonId) {
        if self.read().people.contains_key(&person) {
            self.write().leave(person);
        }
    }

    /// Records that every red and yellow person was put.
    pub fn set_complete(&self) {
        self.complete.store(true, Ordering::Release);
    }

    /// At most `most` people of a district, behind a place in its queue; none before the queues are complete.
    #[must_use]
    pub fn people(&self, district: &str, after: Option<QueuePlace>, most: usize) -> Option<Vec<QueuePlace>> {
        if !self.complete.load(Ordering::Acquire) {
            return None;
        }
        let queues = self.read();
        let queue = queues.districts.get(district).into_iter().flatten();
        Some(queue.filter(|place| Some(**place) > after).take(most).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn persons(queues: &DistrictQueues, district: &str, after: Option<QueuePlace>) -> Vec<u64> {
        let people = queues.people(district, after, 10).unwrap();
        people.iter().map(|place| place.person.0).collect()
    }

    fn filled() -> DistrictQueues {
        let queues = DistrictQueues::default();
        queues.set_complete();
        for (person, colour, since) in [
            (1, Colour::Yellow, 1),
            (2, Colour::Red, 9),
            (3, Colour::Red, 5),
            (4, Colour::Red, 5),
            (5, Colour::Red, 2),
        ] {
            queues.put(PersonId(person), BegunColour { colour, since: Timestamp(since) });
            let contacted = (person == 5).then_some(Timestamp(since));
            queues.place(PersonId(person), Some("A".to_owned()), contacted);
        }
        queues
    }

    #[test]
    fn xz_28_people_to_contact_come_first_then_red_then_the_longest() {
        let queues = filled();
        assert_eq!(persons(&queues, "A", None), [3, 4, 2, 1, 5]);
        let second = queues.people("A", None, 2).unwrap()[1];
        assert_eq!(persons(&queues, "A", Some(second)), [2, 1, 5]);
        assert_eq!(persons(&queues, "B", None), [0_u64; 0]);
        assert_eq!(DistrictQueues::default().people("A", None, 10), None);
    }

    #[test]
    fn xz_28_a_person_is_in_one_queue_and_a_later_colour_has_no_contact() {
        let queues = filled();
        queues.place(PersonId(3), Some("B".to_owned()), None);
        queues.place(PersonId(4), None, None);
        queues.remove(PersonId(2));
        queues.remove(PersonId(2));
        queues.place(PersonId(2), Some("A".to_owned()), None);
        assert_eq!((persons(&queues, "A", None), persons(&queues, "B", None)), (vec![1, 5], vec![3]));
        // A colour that began later was not contacted; the district stays.
        queues.put(PersonId(5), BegunColour { colour: Colour::Yellow, since: Timestamp(3) });
        assert_eq!(
            queues.people("A", None, 10).unwrap().iter().filter(|place| place.is_contacted).count(),
            0
        );
        queues.remove(PersonId(3));
        assert!(queues.read().districts.len() == 1 && queues.read().people.len() == 3);
    }
}
