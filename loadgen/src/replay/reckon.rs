//! The brute-force calculation of co-presence, written from the contract's wording. It shares no code with
//! the engine that it checks.

use scangate_core::id::{PersonId, VenueId};
use std::collections::BTreeMap;

/// The longest stay without a check-out. **Units**: milliseconds.
const DWELL_MS: i64 = 60 * 60_000;

/// One check-in of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RegisterRow {
    /// The person who checked in.
    pub person: PersonId,
    /// The check-in time. **Units**: milliseconds since 1970.
    pub at: i64,
    /// The venue of the check-in.
    pub venue: VenueId,
}

#[derive(Debug, Clone, Copy)]
struct Stay {
    person: PersonId,
    venue: VenueId,
    from: i64,
    to: i64,
}

/// One contact of a person, with the sum of their encounters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContactSummary {
    /// The contact's person id.
    pub person: PersonId,
    /// The number of hops from the person.
    pub hop: u8,
    /// The sum of the overlaps. **Units**: seconds, where each encounter counts its whole seconds.
    pub overlap_s: u64,
    /// The number of encounters.
    pub encounters: usize,
}

/// The stays of a register, of which contacts are calculated.
pub struct StayRegister(Vec<Stay>);

impl StayRegister {
    /// Calculates the stays from the check-ins.
    #[must_use]
    pub fn new(rows: &[RegisterRow]) -> Self {
        let mut people: BTreeMap<PersonId, Vec<(i64, VenueId)>> = BTreeMap::new();
        for row in rows {
            people.entry(row.person).or_default().push((row.at, row.venue));
        }
        let mut stays = Vec::new();
        for (person, mut scans) in people {
            scans.sort_unstable();
            // Check-ins with the same person, venue and time are one check-in.
            scans.dedup();
            for (number, &(from, venue)) in scans.iter().enumerate() {
                let next = scans.get(number + 1).map_or(i64::MAX, |next| next.0);
                let to = next.min(from + DWELL_MS);
                stays.push(Stay { person, venue, from, to: if to == from { from + 1_000 } else { to } });
            }
        }
        Self(stays)
    }

    /// Returns a person's contacts in a window, over one hop or more, in the contract's order. Overlaps count
    /// up to `through` and no further.
    #[must_use]
    pub fn contacts(
        &self,
        person: PersonId,
        window: (i64, i64),
        hops: u8,
        through: i64,
    ) -> Vec<ContactSummary> {
        let (mut found, mut sources) = (vec![person], vec![(person, i64::MIN)]);
        let mut all: Vec<ContactSummary> = Vec::new();
        for hop in 1..=hops {
            let met = self.hop(&sources, window, hop, &found, through);
            found.extend(met.iter().map(|(met, _)| met.person));
            all.extend(met.iter().map(|(met, _)| *met));
            sources = met.iter().map(|(met, since)| (met.person, *since)).collect();
        }
        all.sort_by_key(|met| (met.hop, std::cmp::Reverse(met.overlap_s), met.person));
        all
    }

    /// Calculates one hop by comparing the stays of all sources with every other stay.
    fn hop(
        &self,
        sources: &[(PersonId, i64)],
        (from, to): (i64, i64),
        hop: u8,
        found: &[PersonId],
        through: i64,
    ) -> Vec<(ContactSummary, i64)> {
        let mut met: BTreeMap<PersonId, (ContactSummary, i64)> = BTreeMap::new();
        let counts = |stay: &Stay| stay.from < to && from < stay.to;
        for &(source, since) in sources {
            for own in self.0.iter().filter(|stay| stay.person == source && counts(stay)) {
                for other in self.0.iter().filter(|stay| stay.venue == own.venue && counts(stay)) {
                    let begin = own.from.max(other.from).max(since);
                    let overlap = own.to.min(other.to).min(through) - begin;
                    if overlap < 1_000 || found.contains(&other.person) {
                        continue;
                    }
                    let new = ContactSummary { person: other.person, hop, overlap_s: 0, encounters: 0 };
                    let (sum, first) = met.entry(other.person).or_insert((new, begin));
                    sum.overlap_s += u64::try_from(overlap / 1_000).unwrap_or(0);
                    sum.encounters += 1;
                    *first = (*first).min(begin);
                }
            }
        }
        met.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn register(rows: &[(u64, i64, u64)]) -> StayRegister {
        let row = |&(person, minute, venue): &(u64, i64, u64)| RegisterRow {
            person: PersonId(person),
            at: minute * MINUTE,
            venue: VenueId(venue),
        };
        StayRegister::new(&rows.iter().map(row).collect::<Vec<_>>())
    }

    fn met(person: u64, hop: u8, overlap_s: u64) -> ContactSummary {
        ContactSummary { person: PersonId(person), hop, overlap_s, encounters: 1 }
    }

    #[test]
    fn hand_made_cases() {
        // 1 and 2 share half an hour, 2 goes on to 3, and 4 came when 1 had left for another venue.
        let city = register(&[(1, 0, 1), (2, 30, 1), (1, 60, 2), (4, 70, 1), (2, 100, 3), (3, 110, 3)]);
        let all = (i64::MIN, i64::MAX);
        assert_eq!(city.contacts(PersonId(1), all, 1, i64::MAX), [met(2, 1, 30 * 60)]);
        let two = city.contacts(PersonId(1), all, 2, i64::MAX);
        assert_eq!(two, [met(2, 1, 30 * 60), met(3, 2, 50 * 60), met(4, 2, 20 * 60)]);
        assert_eq!(city.contacts(PersonId(1), (61 * MINUTE, i64::MAX), 1, i64::MAX), []);
        // At minute 75 person 4 is still there, and nobody has come to venue 3.
        let open = city.contacts(PersonId(1), all, 2, 75 * MINUTE);
        assert_eq!(open, [met(2, 1, 30 * 60), met(4, 2, 5 * 60)]);
    }

    #[test]
    fn a_stay_of_no_length_is_a_second() {
        let city = register(&[(1, 0, 1), (1, 0, 2), (2, 0, 1)]);
        assert_eq!(city.contacts(PersonId(1), (i64::MIN, i64::MAX), 1, i64::MAX), [met(2, 1, 1)]);
    }
}
