//! Co-presence: the people who were at the same venue at the same time, over one hop or two. The engine is
//! pure: it reads trails through a trait, and the venues' dwell times through another.
//!
//! **Cost**: a hop reads each venue of its sources once for each merged stretch of time. It then reads the
//! candidates' own trails in one batch, since a visit may end by a check-in at another venue.

use crate::check_in::{CheckIn, Direction};
use crate::id::{PersonId, VenueId};
use crate::limits::CONTACTS_MAX;
use crate::time::Timestamp;
use crate::venue::Dwell;
use crate::visit::{Certainty, Visit, Window, visits};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A query for one person's check-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonAsk {
    /// The person whose check-ins are read.
    pub person: PersonId,
    /// The window of check-in times, start inclusive, end exclusive.
    pub window: Window,
}

/// The source of check-ins.
pub trait Trails {
    /// The reason why a trail cannot be read.
    type Error;
    /// The check-ins at a venue in a window.
    fn venue(&self, venue: VenueId, window: Window) -> Result<Vec<CheckIn>, Self::Error>;
    /// The check-ins of each query, in the order of the queries.
    fn persons(&self, asks: &[PersonAsk]) -> Result<Vec<Vec<CheckIn>>, Self::Error>;
}

/// The dwell times, which end visits without a check-out.
pub trait Dwells {
    /// The dwell time at a venue.
    fn of(&self, venue: VenueId) -> Dwell;
    /// The longest dwell time of any venue. **Units**: milliseconds.
    fn ms_max(&self) -> u64;
}

/// The number of hops of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hops {
    /// The people who met the person.
    One,
    /// Also the people who met those later.
    Two,
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
    /// The time in which both were there.
    pub window: Window,
    /// Measured if both visits are.
    pub certainty: Certainty,
    /// The person who was met: the person of the question, or a contact of the previous hop.
    pub via: PersonId,
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

/// Answers a question: contacts by hop, then longest overlap, then id. The second hop follows each contact of
/// the first from the start of its first encounter, and leaves out contacts that are already found.
pub fn co_presence<T: Trails>(
    trails: &T,
    dwells: &impl Dwells,
    question: &Question,
) -> Result<Vec<Contact>, CoPresenceError<T::Error>> {
    let mut found = BTreeSet::from([question.person]);
    let index = [HopSource { person: question.person, since: Timestamp(0) }];
    let mut contacts = hop(trails, dwells, question, &index, 1, &found)?;
    if question.hops == Hops::Two {
        found.extend(contacts.iter().map(|contact| contact.person));
        let sources: Vec<HopSource> = contacts.iter().filter_map(source_of).collect();
        contacts.append(&mut hop(trails, dwells, question, &sources, 2, &found)?);
    }
    if contacts.len() > CONTACTS_MAX {
        return Err(CoPresenceError::TooMany);
    }
    contacts
        .sort_by_cached_key(|contact| (contact.hop, std::cmp::Reverse(contact.overlap_s()), contact.person));
    Ok(contacts)
}

fn source_of(contact: &Contact) -> Option<HopSource> {
    let since = contact.encounters.iter().map(|encounter| encounter.window.from).min()?;
    Some(HopSource { person: contact.person, since })
}

fn hop<T: Trails>(
    trails: &T,
    dwells: &impl Dwells,
    question: &Question,
    sources: &[HopSource],
    number: u8,
    found: &BTreeSet<PersonId>,
) -> Result<Vec<Contact>, CoPresenceError<T::Error>> {
    let by_venue = source_visits(trails, dwells, question, sources)?;
    let asks = candidates(trails, dwells, &by_venue, found)?;
    let mut contacts: BTreeMap<PersonId, Vec<Encounter>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (ask, check_ins) in asks.iter().zip(trails.persons(&asks)?) {
        for visit in visits(check_ins, |venue| dwells.of(venue)) {
            // One person may have two queries, and their answers may share a visit.
            if visit.window.overlap(question.window).is_none() || !seen.insert((ask.person, visit.check_in)) {
                continue;
            }
            let met = by_venue.get(&visit.venue).into_iter().flatten();
            let met = met.take_while(|source| source.window.from < visit.window.to);
            let met = met.filter_map(|source| encounter(source, &visit, question.min_overlap_s));
            contacts.entry(ask.person).or_default().extend(met);
        }
        if contacts.len() > 2 * CONTACTS_MAX {
            return Err(CoPresenceError::TooMany);
        }
    }
    let contacts = contacts.into_iter().filter(|(_, encounters)| !encounters.is_empty());
    Ok(contacts.map(|(person, encounters)| contact(person, number, encounters)).collect())
}

fn contact(person: PersonId, hop: u8, mut encounters: Vec<Encounter>) -> Contact {
    encounters.sort_unstable_by_key(|met| (met.window.from, met.venue, met.via, met.window.to));
    Contact { person, hop, encounters }
}

fn encounter(source: &Visit, visit: &Visit, min_overlap_s: u64) -> Option<Encounter> {
    let window = source.window.overlap(visit.window)?;
    (window.ms() >= min_overlap_s.saturating_mul(1_000)).then_some(Encounter {
        venue: visit.venue,
        window,
        certainty: source.certainty.and(visit.certainty),
        via: source.person,
    })
}

/// The sources' visits that overlap the question's window, from each source's time on. They are grouped by
/// venue and ordered by start.
fn source_visits<T: Trails>(
    trails: &T,
    dwells: &impl Dwells,
    question: &Question,
    sources: &[HopSource],
) -> Result<HashMap<VenueId, Vec<Visit>>, T::Error> {
    let reach = dwells.ms_max();
    let asks: Vec<PersonAsk> = sources
        .iter()
        .map(|source| {
            let from = question.window.from.max(source.since).minus_ms(reach);
            PersonAsk {
                person: source.person,
                window: Window { from, to: question.window.to.plus_ms(reach) },
            }
        })
        .collect();
    let mut by_venue: HashMap<VenueId, Vec<Visit>> = HashMap::new();
    for (source, check_ins) in sources.iter().zip(trails.persons(&asks)?) {
        for mut visit in visits(check_ins, |venue| dwells.of(venue)) {
            let is_asked = visit.window.overlap(question.window).is_some();
            visit.window.from = visit.window.from.max(source.since);
            if is_asked && visit.window.from < visit.window.to {
                by_venue.entry(visit.venue).or_default().push(visit);
            }
        }
    }
    by_venue.values_mut().for_each(|visits| visits.sort_unstable_by_key(|visit| visit.window.from));
    Ok(by_venue)
}

/// The queries for the trails of every person who is not found yet and who checked in at one of the venues
/// late enough to be still there.
fn candidates<T: Trails>(
    trails: &T,
    dwells: &impl Dwells,
    by_venue: &HashMap<VenueId, Vec<Visit>>,
    found: &BTreeSet<PersonId>,
) -> Result<Vec<PersonAsk>, T::Error> {
    let reach = dwells.ms_max();
    let mut arrivals = Vec::new();
    for (&venue, visits) in by_venue {
        let dwell = dwells.of(venue).ms();
        let stretches =
            visits.iter().map(|visit| Window { from: visit.window.from.minus_ms(dwell), ..visit.window });
        for stretch in merge(stretches) {
            let there = trails.venue(venue, stretch)?;
            let there = there.iter().filter(|arrival| arrival.direction == Direction::In);
            let there = there.filter(|arrival| !found.contains(&arrival.person));
            arrivals.extend(there.map(|arrival| (arrival.person, arrival.at)));
        }
    }
    Ok(asks_of(arrivals, reach))
}

/// The queries that cover every arrival's whole visit. Queries of one person that touch are joined.
fn asks_of(mut arrivals: Vec<(PersonId, Timestamp)>, reach: u64) -> Vec<PersonAsk> {
    arrivals.sort_unstable();
    let mut asks: Vec<PersonAsk> = Vec::new();
    for (person, at) in arrivals {
        // The end of a visit lies within the longest dwell.
        let to = at.plus_ms(reach + 1);
        match asks.last_mut() {
            Some(last) if last.person == person && at <= last.window.to => last.window.to = to,
            Some(_) | None => asks.push(PersonAsk { person, window: Window { from: at, to } }),
        }
    }
    asks
}

/// One person's visits that overlap a window, in full and in order.
pub fn trail<T: Trails>(
    trails: &T,
    dwells: &impl Dwells,
    person: PersonId,
    window: Window,
) -> Result<Vec<Visit>, T::Error> {
    let reach = dwells.ms_max();
    let around = Window { from: window.from.minus_ms(reach), to: window.to.plus_ms(reach) };
    let check_ins = trails.persons(&[PersonAsk { person, window: around }])?.pop().unwrap_or_default();
    let visits = visits(check_ins, |venue| dwells.of(venue)).into_iter();
    Ok(visits.filter(|visit| visit.window.overlap(window).is_some()).collect())
}

/// All visits at a venue that overlap a window, in full, by start, then person.
pub fn visitors<T: Trails>(
    trails: &T,
    dwells: &impl Dwells,
    venue: VenueId,
    window: Window,
) -> Result<Vec<Visit>, T::Error> {
    let before = Window { from: window.from.minus_ms(dwells.of(venue).ms()), ..window };
    let there = trails.venue(venue, before)?.into_iter();
    let there = there.filter(|arrival| arrival.direction == Direction::In);
    let asks = asks_of(there.map(|arrival| (arrival.person, arrival.at)).collect(), dwells.ms_max());
    let mut found: Vec<Visit> = Vec::new();
    for check_ins in trails.persons(&asks)? {
        let visits = visits(check_ins, |venue| dwells.of(venue)).into_iter();
        found.extend(visits.filter(|visit| visit.venue == venue && visit.window.overlap(window).is_some()));
    }
    found.sort_unstable_by_key(|visit| (visit.window.from, visit.person, visit.check_in));
    found.dedup_by_key(|visit| visit.check_in);
    Ok(found)
}

/// Joins windows that touch, in any order.
fn merge(windows: impl Iterator<Item = Window>) -> Vec<Window> {
    let mut windows: Vec<Window> = windows.collect();
    windows.sort_unstable_by_key(|window| window.from);
    let mut merged: Vec<Window> = Vec::with_capacity(windows.len());
    for window in windows {
        match merged.last_mut() {
            Some(last) if window.from <= last.to => last.to = last.to.max(window.to),
            Some(_) | None => merged.push(window),
        }
    }
    merged
}

#[cfg(test)]
mod tests;
