//! Co-presence: the people who were at the same venue at the same time, over one hop or more. The engine is
//! pure: it reads trails through a trait, and the venues' details through another.
//!
//! **Cost**: a hop makes two batches of queries. The first reads each venue of its sources once for each
//! merged stretch of time. The second reads the candidates' own trails, since a visit may end by a check-in
//! at another venue.

use crate::check_in::{CheckIn, Direction, Mode};
use crate::id::{PersonId, VenueId};
use crate::limits::{CONTACTS_MAX, HOPS_MAX};
use crate::time::Timestamp;
use crate::visit::{
    Certainty, LOOK_AHEAD_MS, Marks, VISIT_MS_MIN, VenueBook, Visit, Window, look_back_ms, merge, visits,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A query for one person's check-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonAsk {
    /// The person whose check-ins are read.
    pub person: PersonId,
    /// The window of check-in times, start inclusive, end exclusive.
    pub window: Window,
}

/// A query for the check-ins at one venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VenueAsk {
    /// The venue whose check-ins are read.
    pub venue: VenueId,
    /// The window of check-in times, start inclusive, end exclusive.
    pub window: Window,
}

/// The source of check-ins.
pub trait Trails {
    /// The reason why a trail cannot be read.
    type Error;
    /// The check-ins of each query for a venue, in the order of the queries.
    fn venues(&self, asks: &[VenueAsk]) -> Result<Vec<Vec<CheckIn>>, Self::Error>;
    /// The check-ins of each query for a person, in the order of the queries.
    fn persons(&self, asks: &[PersonAsk]) -> Result<Vec<Vec<CheckIn>>, Self::Error>;
}

/// The number of hops of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hops(u8);

/// The number of hops is 0 or too high.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("hops must be between 1 and {HOPS_MAX}")]
pub struct HopsError;

impl Hops {
    /// The people who met the person.
    pub const ONE: Self = Self(1);

    /// The number of hops as a number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Hops {
    type Error = HopsError;

    fn try_from(number: u8) -> Result<Self, HopsError> {
        if (1..=HOPS_MAX).contains(&number) { Ok(Self(number)) } else { Err(HopsError) }
    }
}

/// A co-presence question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// The person whose contacts are sought.
    pub person: PersonId,
    /// Visits that overlap this window count in full.
    pub window: Window,
    /// The number of hops.
    pub hops: Hops,
    /// The shortest encounter that counts. **Units**: seconds.
    pub min_overlap_s: u64,
}

/// Two visits at one venue at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encounter {
    /// The venue.
    pub venue: VenueId,
    /// The time in which both were there, up to the time through which the trails are complete. An encounter
    /// that began before that time lasts at least a second, as a visit does.
    pub window: Window,
    /// Measured if both visits are; open if the encounter has not ended within the complete time.
    pub certainty: Certainty,
    /// The person who was met: the person of the question, or a contact of the previous hop.
    pub via: PersonId,
    /// The evidence of the contact's visit.
    pub mode: Mode,
    /// The evidence of the visit of the person who was met.
    pub via_mode: Mode,
    /// The marks of both visits.
    pub marks: Marks,
}

impl Encounter {
    /// The length of the encounter. **Units**: whole seconds.
    #[must_use]
    pub const fn overlap_s(&self) -> u64 {
        self.window.ms() / 1_000
    }
}

/// A contact of the person in question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The contact.
    pub person: PersonId,
    /// The distance in hops.
    pub hop: u8,
    /// The encounters, by time, then venue, then the person met. At least one.
    pub encounters: Vec<Encounter>,
}

impl Contact {
    /// The total length of the encounters, each in whole seconds. **Units**: seconds.
    #[must_use]
    pub fn overlap_s(&self) -> u64 {
        self.encounters.iter().map(Encounter::overlap_s).sum()
    }

    /// The time that the encounters cover. Encounters with several people at one time count once. **Units**:
    /// seconds.
    #[must_use]
    pub fn present_s(&self) -> u64 {
        let covered = merge(self.encounters.iter().map(|met| met.window));
        covered.into_iter().map(Window::ms).sum::<u64>() / 1_000
    }
}

/// The answer to a co-presence question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CoPresence {
    /// The contacts by hop, then longest overlap, then id.
    pub contacts: Vec<Contact>,
    /// The visits that were left out because their venues lie outside the asker's district: those of the
    /// people whose contacts were sought.
    pub outside_district: u64,
}

/// The reason why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CoPresenceError<E> {
    /// The trails cannot be read.
    #[error("the trails: {0}")]
    Trails(E),
    /// More contacts than an answer may have: the tracer narrows the window or raises `min_overlap_s`.
    #[error("more than {CONTACTS_MAX} contacts")]
    TooMany,
}

impl<E> From<E> for CoPresenceError<E> {
    fn from(error: E) -> Self {
        Self::Trails(error)
    }
}

/// A person whose contacts a hop seeks, from a time on.
#[derive(Clone, Copy)]
struct HopSource {
    person: PersonId,
    since: Timestamp,
}

fn source_of(contact: &Contact) -> Option<HopSource> {
    let since = contact.encounters.iter().map(|encounter| encounter.window.from).min()?;
    Some(HopSource { person: contact.person, since })
}

fn contact(person: PersonId, hop: u8, mut encounters: Vec<Encounter>) -> Contact {
    encounters.sort_unstable_by_key(|met| (met.window.from, met.venue, met.via, met.window.to));
    Contact { person, hop, encounters }
}

/// The sources' visits of one hop.
#[derive(Default)]
struct SourceVisits {
    /// The visits by venue, ordered by start.
    by_venue: HashMap<VenueId, Vec<Visit>>,
    /// The number of visits that were left out because of their venues' districts.
    outside_district: u64,
}

/// The trails as an answer reads them: complete up to a time.
pub struct TrailView<'a, T, B> {
    /// The source of check-ins.
    pub trails: &'a T,
    /// The details of the venues.
    pub venues: &'a B,
    /// The time up to which the trails are complete.
    pub complete_through: Timestamp,
}

impl<T: Trails, B: VenueBook> TrailView<'_, T, B> {
    /// Answers a question. Each hop follows every contact of the hop before from the start of its first
    /// encounter, and leaves out contacts that are already found.
    pub fn co_presence(&self, question: &Question) -> Result<CoPresence, CoPresenceError<T::Error>> {
        let mut found = BTreeSet::from([question.person]);
        let mut sources = vec![HopSource { person: question.person, since: Timestamp(0) }];
        let mut answer = CoPresence::default();
        for number in 1..=question.hops.number() {
            let of_sources = self.source_visits(question, &sources)?;
            answer.outside_district += of_sources.outside_district;
            let mut contacts = self.hop(question, &of_sources.by_venue, number, &found)?;
            if answer.contacts.len() + contacts.len() > CONTACTS_MAX {
                return Err(CoPresenceError::TooMany);
            }
            found.extend(contacts.iter().map(|contact| contact.person));
            sources = contacts.iter().filter_map(source_of).collect();
            answer.contacts.append(&mut contacts);
        }
        answer.contacts.sort_by_cached_key(|contact| {
            (contact.hop, std::cmp::Reverse(contact.overlap_s()), contact.person)
        });
        Ok(answer)
    }

    fn hop(
        &self,
        question: &Question,
        by_venue: &HashMap<VenueId, Vec<Visit>>,
        number: u8,
        found: &BTreeSet<PersonId>,
    ) -> Result<Vec<Contact>, CoPresenceError<T::Error>> {
        let asks = self.candidates(by_venue, found)?;
        let mut contacts: BTreeMap<PersonId, Vec<Encounter>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for (ask, check_ins) in asks.iter().zip(self.trails.persons(&asks)?) {
            for visit in self.visits(check_ins) {
                // One person may have two queries, and their answers may share a visit.
                if visit.window.overlap(question.window).is_none()
                    || !seen.insert((ask.person, visit.check_in))
                {
                    continue;
                }
                let met = by_venue.get(&visit.venue).into_iter().flatten();
                let met = met.take_while(|source| source.window.from < visit.window.to);
                let met = met.filter_map(|source| self.encounter(source, &visit, question.min_overlap_s));
                contacts.entry(ask.person).or_default().extend(met);
            }
            if contacts.len() > 2 * CONTACTS_MAX {
                return Err(CoPresenceError::TooMany);
            }
        }
        let contacts = contacts.into_iter().filter(|(_, encounters)| !encounters.is_empty());
        Ok(contacts.map(|(person, encounters)| contact(person, number, encounters)).collect())
    }

    fn visits(&self, check_ins: Vec<CheckIn>) -> Vec<Visit> {
        visits(check_ins, self.venues, self.complete_through)
    }

    fn encounter(&self, source: &Visit, visit: &Visit, min_overlap_s: u64) -> Option<Encounter> {
        let common = source.window.overlap(visit.window)?;
        if common.from >= self.complete_through {
            return None;
        }
        let known_to = self.complete_through.max(common.from.plus_ms(VISIT_MS_MIN));
        let window = Window { to: common.to.min(known_to), ..common };
        let are_measured = [source, visit].iter().all(|one| one.certainty == Certainty::Measured);
        let certainty = match (self.complete_through < common.to, are_measured) {
            (true, _) => Certainty::Open,
            (false, true) => Certainty::Measured,
            (false, false) => Certainty::Inferred,
        };
        (window.ms() >= min_overlap_s.saturating_mul(1_000)).then_some(Encounter {
            venue: visit.venue,
            window,
            certainty,
            via: source.person,
            mode: visit.mode,
            via_mode: source.mode,
            marks: source.marks.and(visit.marks),
        })
    }

    /// The sources' visits that overlap the question's window, from each source's time on.
    fn source_visits(&self, question: &Question, sources: &[HopSource]) -> Result<SourceVisits, T::Error> {
        let ask = |source: &HopSource| {
            let from = question.window.from.max(source.since);
            PersonAsk { person: source.person, window: self.around(Window { from, ..question.window }) }
        };
        let asks: Vec<PersonAsk> = sources.iter().map(ask).collect();
        let mut found = SourceVisits::default();
        for (source, check_ins) in sources.iter().zip(self.trails.persons(&asks)?) {
            for mut visit in self.visits(check_ins) {
                let is_asked = visit.window.overlap(question.window).is_some();
                visit.window.from = visit.window.from.max(source.since);
                if !is_asked || visit.window.from >= visit.window.to {
                    continue;
                }
                if self.venues.is_in_district(visit.venue) {
                    found.by_venue.entry(visit.venue).or_default().push(visit);
                } else {
                    found.outside_district += 1;
                }
            }
        }
        found.by_venue.values_mut().for_each(|visits| visits.sort_unstable_by_key(|visit| visit.window.from));
        Ok(found)
    }

    /// The queries for the trails of every person who is not found yet and who checked in at one of the
    /// venues late enough to be still there.
    fn candidates(
        &self,
        by_venue: &HashMap<VenueId, Vec<Visit>>,
        found: &BTreeSet<PersonId>,
    ) -> Result<Vec<PersonAsk>, T::Error> {
        let stretches = by_venue.iter().flat_map(|(&venue, visits)| {
            let dwell = self.venues.dwell(venue).ms();
            let stretches =
                visits.iter().map(|visit| Window { from: visit.window.from.minus_ms(dwell), ..visit.window });
            merge(stretches).into_iter().map(move |window| VenueAsk { venue, window })
        });
        let there = self.trails.venues(&stretches.collect::<Vec<_>>())?.into_iter().flatten();
        let there = there.filter(|arrival| arrival.direction == Direction::In);
        let there = there.filter(|arrival| !found.contains(&arrival.person));
        Ok(self.asks_of(there.map(|arrival| (arrival.person, arrival.at)).collect()))
    }

    /// The queries that cover every arrival's whole visit, and what marks it. Queries of one person that
    /// touch are joined.
    fn asks_of(&self, mut arrivals: Vec<(PersonId, Timestamp)>) -> Vec<PersonAsk> {
        let (back, reach) = (look_back_ms(self.venues), self.venues.dwell_ms_max().max(LOOK_AHEAD_MS));
        arrivals.sort_unstable();
        let mut asks: Vec<PersonAsk> = Vec::new();
        for (person, at) in arrivals {
            // The end of a visit lies within the longest dwell.
            let window = Window { from: at.minus_ms(back), to: at.plus_ms(reach + 1) };
            match asks.last_mut() {
                Some(last) if last.person == person && window.from <= last.window.to => {
                    last.window.to = window.to;
                }
                Some(_) | None => asks.push(PersonAsk { person, window }),
            }
        }
        asks
    }

    /// The window of check-in times that decide the visits which overlap a window, and their marks.
    fn around(&self, window: Window) -> Window {
        let reach = self.venues.dwell_ms_max().max(LOOK_AHEAD_MS);
        let back = reach.saturating_add(look_back_ms(self.venues));
        Window { from: window.from.minus_ms(back), to: window.to.plus_ms(reach) }
    }

    /// One person's visits that overlap a window, in full and in order.
    pub fn trail(&self, person: PersonId, window: Window) -> Result<Vec<Visit>, T::Error> {
        let ask = PersonAsk { person, window: self.around(window) };
        let check_ins = self.trails.persons(&[ask])?.pop().unwrap_or_default();
        let visits = self.visits(check_ins).into_iter();
        Ok(visits.filter(|visit| visit.window.overlap(window).is_some()).collect())
    }

    /// All visits at a venue that overlap a window, in full, by start, then person.
    pub fn visitors(&self, venue: VenueId, window: Window) -> Result<Vec<Visit>, T::Error> {
        let before = Window { from: window.from.minus_ms(self.venues.dwell(venue).ms()), ..window };
        let there = self.trails.venues(&[VenueAsk { venue, window: before }])?.into_iter().flatten();
        let there = there.filter(|arrival| arrival.direction == Direction::In);
        let asks = self.asks_of(there.map(|arrival| (arrival.person, arrival.at)).collect());
        let mut found: Vec<Visit> = Vec::new();
        for check_ins in self.trails.persons(&asks)? {
            let visits = self.visits(check_ins).into_iter();
            let there = visits.filter(|visit| visit.venue == venue);
            found.extend(there.filter(|visit| visit.window.overlap(window).is_some()));
        }
        found.sort_unstable_by_key(|visit| (visit.window.from, visit.person, visit.check_in));
        found.dedup_by_key(|visit| visit.check_in);
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
