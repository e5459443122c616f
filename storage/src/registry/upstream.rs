//! Upstream: the colour that another system, such as a province's, showed last for a person. It is told and compared,
//! and no colour here follows from it.
//!
//! **Shape**: a key is person (8) and the source's name. The last to write decides.

use super::rows::{Key, Row, Table, Unit};
use super::{Registry, RegistryError, Result, number, pack, unpack};
use scangate_core::colour::Colour;
use scangate_core::id::PersonId;
use scangate_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What a source showed last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Who shows it.
    pub source: String,
    /// The colour.
    pub colour: Colour,
    /// When it was told of here.
    pub at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Shown {
    colour: Colour,
    at: Timestamp,
}

fn key(person: PersonId, source: &str) -> Key {
    [&person.0.to_be_bytes(), source.as_bytes()].concat()
}

impl Registry {
    /// Notes what a source shows for people.
    pub fn note_upstream(&self, source: &str, shown: &[(PersonId, Colour)], at: Timestamp) -> Result<()> {
        let row = |&(person, colour): &(PersonId, Colour)| {
            vec![Row::new(Table::Upstream, key(person, source), pack(&Shown { colour, at }))].into()
        };
        self.rows().write(&shown.iter().map(row).collect::<Vec<Unit>>())
    }

    /// What each source showed last for somebody, in the order of their names.
    pub fn upstream_of(&self, person: PersonId) -> Result<Vec<Upstream>> {
        let mut found = Vec::new();
        self.rows().groups(Table::Upstream, &[person.0.to_be_bytes().to_vec()], &mut |_, key, value| {
            let Shown { colour, at } = unpack(Table::Upstream, value)?;
            let source = String::from_utf8(key.get(8..).unwrap_or_default().to_vec());
            let source = source.map_err(|_| RegistryError::Damaged(Table::Upstream.name()))?;
            found.push(Upstream { source, colour, at });
            Ok(())
        })?;
        Ok(found)
    }

    /// What a source showed last for each person, in no order. **Cost**: reads what every source showed.
    pub fn shown_by(&self, source: &str, mut each: impl FnMut(PersonId, Colour)) -> Result<()> {
        self.rows().all(Table::Upstream, &mut |key, value| {
            let (person, of) = key.split_at_checked(8).unwrap_or_default();
            if of == source.as_bytes() {
                let Shown { colour, .. } = unpack(Table::Upstream, value)?;
                each(PersonId(number(Table::Upstream, person)?), colour);
            }
            Ok(())
        })
    }

    /// Every row of it about somebody, to be removed.
    pub(super) fn upstream_rows(&self, person: PersonId) -> Result<Vec<(Table, Key)>> {
        let sources = self.upstream_of(person)?.into_iter();
        Ok(sources.map(|upstream| (Table::Upstream, key(person, &upstream.source))).collect())
    }
}
