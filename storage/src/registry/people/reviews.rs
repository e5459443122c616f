//! Reviews of applications. A person's own row has the review, so that it is registered with the person and
//! never without. An index leads to the people whose colour a review withholds, oldest application first.
//!
//! **Shape**: a key is the time of the application (8) and person (8); the value is empty. An index row is
//! written before the person's row, and removed after the approval. Readers compare it with the person's row.

use super::Person;
use crate::registry::changes::Change;
use crate::registry::rows::{RegistryTable, Row, RowKey, WriteUnit};
use crate::registry::{Registry, Result, number};
use scangate_core::id::PersonId;
use scangate_core::paper::{Review, ReviewDecision, ReviewStatus};
use scangate_core::time::Timestamp;

/// The people who are read at a time.
const PEOPLE_AT_ONCE: usize = 256;

fn key(applied: Timestamp, person: PersonId) -> RowKey {
    [applied.0.to_be_bytes(), person.0.to_be_bytes()].concat()
}

pub(super) fn index_row(review: &Review, person: PersonId) -> Option<Row> {
    let is_withheld = review.status() != ReviewStatus::Approved;
    is_withheld.then(|| Row::new(RegistryTable::Reviews, key(review.applied, person), []))
}

impl Registry {
    /// The people whose application was not approved, oldest application first, from behind a position on:
    /// at most `people_max`. **Cost**: reads the index, and a point read for each person.
    pub fn unapproved(
        &self,
        behind: Option<(Timestamp, PersonId)>,
        people_max: usize,
        is_wanted: impl Fn(&Review) -> bool,
    ) -> Result<Vec<(Person, Review)>> {
        let mut entries = Vec::new();
        self.rows().groups(RegistryTable::Reviews, &[RowKey::new()], &mut |_, key, _| {
            let part = |part: Option<&[u8]>| number(RegistryTable::Reviews, part.unwrap_or_default());
            entries.push((Timestamp(part(key.get(..8))?), PersonId(part(key.get(8..))?)));
            Ok(())
        })?;
        entries.retain(|entry| behind.is_none_or(|behind| *entry > behind));
        let mut found = Vec::new();
        for entries in entries.chunks(PEOPLE_AT_ONCE) {
            let ids: Vec<PersonId> = entries.iter().map(|(_, person)| *person).collect();
            for ((applied, _), person) in entries.iter().zip(self.persons(&ids)?) {
                let Some(person) = person else { continue };
                let review = person.review.clone().filter(|review| {
                    review.applied == *applied
                        && review.status() != ReviewStatus::Approved
                        && is_wanted(review)
                });
                found.extend(review.map(|review| (person, review)));
            }
            if found.len() >= people_max {
                break;
            }
        }
        found.truncate(people_max);
        Ok(found)
    }

    /// Takes the authority's decision about an application, and announces it. Returns the review and whether
    /// the decision holds now; none for a person who was not reviewed.
    pub fn decide_review(
        &self,
        person: PersonId,
        decision: &ReviewDecision,
    ) -> Result<Option<(Review, bool)>> {
        loop {
            let Some((value, kid, mut fields)) = self.fields_of(person)? else { return Ok(None) };
            let Some(review) = &mut fields.review else { return Ok(None) };
            let before = review.clone();
            let holds = review.decide(decision);
            let review = review.clone();
            if review == before {
                return Ok(Some((review, holds)));
            }
            let changed = self.sealed(person, kid, &fields)?;
            let swap =
                || self.rows().swap(RegistryTable::People, &person.0.to_be_bytes(), &value, Some(&changed));
            if !self.announcing(&[Change::Person(person)], swap)? {
                continue;
            }
            if review.status() == ReviewStatus::Approved {
                self.remove_review(&review, person)?;
            }
            return Ok(Some((review, holds)));
        }
    }

    pub(super) fn remove_review(&self, review: &Review, person: PersonId) -> Result<()> {
        let remove = vec![(RegistryTable::Reviews, key(review.applied, person))];
        self.rows().write(&[WriteUnit { put: Vec::new(), remove }])
    }
}
