//! Upstream: the colour that another system, such as a province's, showed last for a person. It is reported
//! and compared, and never affects a colour here.
//!
//! **Shape**: a key is person (8) and the source's name. The last writer wins.

use crate::registry::rows::{RegistryTable, Row, RowKey, WriteUnit};
use crate::registry::{Registry, RegistryError, Result, number, pack, unpack};
use scangate_core::colour::Colour;
use scangate_core::id::PersonId;
use scangate_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A colour that a source showed last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// The source's name.
    pub source: String,
    /// The colour.
    pub colour: Colour,
    /// The time at which the colour was received.
    pub at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct UpstreamRow {
    colour: Colour,
    at: Timestamp,
}

fn key(person: PersonId, source: &str) -> RowKey {
    [&person.0.to_be_bytes(), source.as_bytes()].concat()
}

impl Registry {
    /// Records the colours that a source shows for people.
    pub fn note_upstream(&self, source: &str, shown: &[(PersonId, Colour)], at: Timestamp) -> Result<()> {
        let row = |&(person, colour): &(PersonId, Colour)| {
            vec![Row::new(RegistryTable::Upstream, key(person, source), pack(&UpstreamRow { colour, at }))]
                .into()
        };
        self.rows().write(&shown.iter().map(row).collect::<Vec<WriteUnit>>())
    }

    /// The last colour of each source for a person, ordered by source name.
    pub fn upstream_of(&self, person: PersonId) -> Result<Vec<Upstream>> {
        let mut found = Vec::new();
        self.rows().groups(
            RegistryTable::Upstream,
            &[person.0.to_be_bytes().to_vec()],
            &mut |_, key, value| {
                let UpstreamRow { colour, at } = unpack(RegistryTable::Upstream, value)?;
                let source = String::from_utf8(key.get(8..).unwrap_or_default().to_vec());
                let source = source.map_err(|_| RegistryError::Damaged(RegistryTable::Upstream.name()))?;
                found.push(Upstream { source, colour, at });
                Ok(())
            },
        )?;
        Ok(found)
    }

    /// Visits the last colour of a source for each person, unordered. **Cost**: reads the rows of every
    /// source.
    pub fn shown_by(&self, source: &str, mut each: impl FnMut(PersonId, Colour)) -> Result<()> {
        self.rows().all(RegistryTable::Upstream, &mut |key, value| {
            let (person, of) = key.split_at_checked(8).unwrap_or_default();
            if of == source.as_bytes() {
                let UpstreamRow { colour, .. } = unpack(RegistryTable::Upstream, value)?;
                each(PersonId(number(RegistryTable::Upstream, person)?), colour);
            }
            Ok(())
        })
    }

    /// Every upstream row about a person, for removal.
    pub(in crate::registry) fn upstream_rows(
        &self,
        person: PersonId,
    ) -> Result<Vec<(RegistryTable, RowKey)>> {
        let sources = self.upstream_of(person)?.into_iter();
        Ok(sources.map(|upstream| (RegistryTable::Upstream, key(person, &upstream.source))).collect())
    }
}
