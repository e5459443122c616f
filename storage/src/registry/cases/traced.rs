//! The persons in answers to tracers. By these rows a person learns of the trace, and a tracer may reveal the
//! person's name.
//!
//! **Shape**: the key is person (8), case (8), place (1), and the value the time of the first answer, in
//! milliseconds (8). Two writers of one row write nearly the same time, so that rows are only put.

use crate::registry::rows::{RegistryTable, Row, RowKey};
use crate::registry::{Case, Registry, RegistryError, Result, number};
use scangate_core::id::{CaseId, PersonId};
use scangate_core::time::Timestamp;
use std::collections::BTreeMap;

/// The rows that one call of the store writes. The store sends them concurrently.
const ROWS_AT_ONCE: usize = 1_024;
/// The size of an id in a key. **Units**: bytes.
const ID_BYTES: usize = 8;

/// The place of a person in a case's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum TracedPlace {
    /// A contact in a co-presence answer.
    Contact = 0,
    /// A visitor of a venue.
    Visitor = 1,
    /// A person whose name was revealed.
    Revealed = 2,
}

impl TracedPlace {
    const fn of_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Contact),
            1 => Some(Self::Visitor),
            2 => Some(Self::Revealed),
            _ => None,
        }
    }
}

/// A case that has a person in its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedCase {
    /// The case.
    pub case: Case,
    /// The time of the first answer with the person.
    pub at: Timestamp,
    /// The time at which the person's name was revealed first; none if it was not.
    pub revealed: Option<Timestamp>,
}

fn key(person: PersonId, case: CaseId, place: TracedPlace) -> RowKey {
    [&person.0.to_be_bytes()[..], &case.0.to_be_bytes(), &[place as u8]].concat()
}

/// The case and the place of a key. None for a key of another shape.
fn parse(key: &[u8]) -> Option<(CaseId, TracedPlace)> {
    let (_, rest) = key.split_first_chunk::<ID_BYTES>()?;
    let (case, place) = rest.split_first_chunk::<ID_BYTES>()?;
    let [place] = place else { return None };
    Some((CaseId(u64::from_be_bytes(*case)), TracedPlace::of_byte(*place)?))
}

impl Registry {
    /// Records that these persons stand in an answer of a case. A person who stood there before keeps the
    /// earlier time. **Errors**: some may have been recorded; repeating the call records the rest.
    pub fn record_traced(
        &self,
        case: CaseId,
        place: TracedPlace,
        persons: &[PersonId],
        at: Timestamp,
    ) -> Result<()> {
        for persons in persons.chunks(ROWS_AT_ONCE) {
            let known = self.are_traced(case, place, persons)?;
            let new = persons.iter().zip(known).filter(|(_, is_known)| !is_known);
            let row = |person: PersonId| {
                Row::new(RegistryTable::Traced, key(person, case, place), at.0.to_be_bytes())
            };
            // Each row is a unit of its own: rows of different persons lie in different partitions.
            let units: Vec<_> = new.map(|(&person, _)| vec![row(person)].into()).collect();
            if !units.is_empty() {
                self.rows().write(&units)?;
            }
        }
        Ok(())
    }

    /// Whether each person stands at a place in the answers of a case. **Cost**: concurrent point reads.
    pub fn are_traced(&self, case: CaseId, place: TracedPlace, persons: &[PersonId]) -> Result<Vec<bool>> {
        let keys: Vec<RowKey> = persons.iter().map(|&person| key(person, case, place)).collect();
        Ok(self.rows().get(RegistryTable::Traced, &keys)?.iter().map(Option::is_some).collect())
    }

    /// The cases that have a person in their answers, oldest case first. The cases about the person are not
    /// among them, unless another case's answer has the person.
    pub fn traced(&self, person: PersonId) -> Result<Vec<TracedCase>> {
        let mut times: BTreeMap<CaseId, (Timestamp, Option<Timestamp>)> = BTreeMap::new();
        let group = [person.0.to_be_bytes().to_vec()];
        self.rows().groups(RegistryTable::Traced, &group, &mut |_, key, at| {
            let damaged = RegistryError::Damaged(RegistryTable::Traced.name());
            let (case, place) = parse(key).ok_or(damaged)?;
            let at = Timestamp(number(RegistryTable::Traced, at)?);
            let (first, revealed) = times.entry(case).or_insert((at, None));
            *first = at.min(*first);
            if place == TracedPlace::Revealed {
                *revealed = Some(at);
            }
            Ok(())
        })?;
        let ids: Vec<RowKey> = times.keys().map(|case| case.0.to_be_bytes().to_vec()).collect();
        let cases = self.cases_of_keys(&ids)?.into_iter();
        let traced = cases.filter_map(|case| {
            let &(at, revealed) = times.get(&case.id)?;
            Some(TracedCase { case, at, revealed })
        });
        Ok(traced.collect())
    }

    /// Every row that names a person in an answer, for removal with the person.
    pub(in crate::registry) fn traced_rows(&self, person: PersonId) -> Result<Vec<(RegistryTable, RowKey)>> {
        let (mut rows, group) = (Vec::new(), [person.0.to_be_bytes().to_vec()]);
        self.rows().groups(RegistryTable::Traced, &group, &mut |_, key, _| {
            rows.push((RegistryTable::Traced, key.to_vec()));
            Ok(())
        })?;
        Ok(rows)
    }
}
