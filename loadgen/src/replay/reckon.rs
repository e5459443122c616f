//! A reckoning of co-presence of its own, by brute force and from the contract's words alone: it shares no
//! code with the engine that it checks.

use scangate_core::id::{PersonId, VenueId};
use std::collections::BTreeMap;

/// A visit without a check-out lasts so long at most. **Units**: milliseconds.
const DWELL_MS: i64 = 60 * 60_000;

/// A check-in of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RegisterRow {
    /// Who.
    pub person: PersonId,
    /// When. **Units**: milliseconds since 1970.
    pub at: i64,
    /// Where.
    pub venue: VenueId,
}

#[derive(Debug, Clone, Copy)]
struct Stay {
    person: PersonId,
    venue: VenueId,
    from: i64,
    to: i64,
}

/// Somebody who was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContactSummary {
    /// Who.
    pub person: PersonId,
    /// How many steps away.
    pub hop: u8,
    /// How long in all. **Units**: seconds, whole ones an encounter.
    pub overlap_s: u64,
    /// How often.
    pub encounters: usize,
}

/// A register to be asked.
pub struct StayRegister(Vec<Stay>);

impl StayRegister {
    /// Works out everybody's stays.
    #[must_use]
    pub fn new(rows: &[RegisterRow]) -> Self {
        let mut people: BTreeMap<PersonId, Vec<(i64, VenueId)>> = BTreeMap::new();
        for row in rows {
            people.entry(row.person).or_default().push((row.at, row.venue));
        }
        let mut stays = Vec::new();
        for (person, mut scans) in people {
            scans.sort_unstable();
            // The same person, venue and time is the same check-in.
            scans.dedup();
            for (number, &(from, venue)) in scans.iter().enumerate() {
                let next = scans.get(number + 1).map_or(i64::MAX, |next| next.0);
                let to = next.min(from + DWELL_MS);
                stays.push(Stay { person, venue, from, to: if to == from { from + 1_000 } else { to } });
            }
        }
        Self(stays)
    }

    /// Whom a person met in a window, over one hop or two, in the order of the contract.
    #[must_use]
    pub fn contacts(&self, person: PersonId, from: i64, to: i64, hops: u8) -> Vec<ContactSummary> {
        let mut found = vec![person];
        let first = self.hop(&[(person, i64::MIN)], (from, to), 1, &found);
        let mut all: Vec<ContactSummary> = first.iter().map(|(met, _)| *met).collect();
        if hops == 2 {
            found.extend(all.iter().map(|met| met.person));
            let sources: Vec<(PersonId, i64)> =
                first.iter().map(|(met, since)| (met.person, *since)).collect();
            all.extend(self.hop(&sources, (from, to), 2, &found).iter().map(|(met, _)| *met));
        }
        all.sort_by_key(|met| (met.hop, std::cmp::Reverse(met.overlap_s), met.person));
        all
    }

    /// One hop, every stay against every other.
    fn hop(
        &self,
        sources: &[(PersonId, i64)],
        (from, to): (i64, i64),
        hop: u8,
        found: &[PersonId],
    ) -> Vec<(ContactSummary, i64)> {
        let mut met: BTreeMap<PersonId, (ContactSummary, i64)> = BTreeMap::new();
        let counts = |stay: &Stay| stay.from < to && from < stay.to;
        for &(source, since) in sources {
            for own in self.0.iter().filter(|stay| stay.person == source && counts(stay)) {
                for other in self.0.iter().filter(|stay| stay.venue == own.venue && counts(stay)) {
                    let begin = own.from.max(other.from).max(since);
                    let overlap = own.to.min(other.to) - begin;
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
        assert_eq!(city.contacts(PersonId(1), all.0, all.1, 1), [met(2, 1, 30 * 60)]);
        let two = city.contacts(PersonId(1), all.0, all.1, 2);
        assert_eq!(two, [met(2, 1, 30 * 60), met(3, 2, 50 * 60), met(4, 2, 20 * 60)]);
        assert_eq!(city.contacts(PersonId(1), 61 * MINUTE, all.1, 1), []);
    }

    #[test]
    fn a_stay_of_no_length_is_a_second() {
        let city = register(&[(1, 0, 1), (1, 0, 2), (2, 0, 1)]);
        assert_eq!(city.contacts(PersonId(1), i64::MIN, i64::MAX, 1), [met(2, 1, 1)]);
    }
}
