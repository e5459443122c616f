//! Units, all in one group: a city has some thousands. A unit's id is a hash of its fields, so registering it
//! again, at any gateway, finds the same row.

use super::super::rows::{RegistryTable, Row, RowKey};
use super::super::{Registry, RegistryError, Result, number, pack, unpack};
use aws_lc_rs::digest;
use scangate_core::id::UnitId;
use scangate_core::paper::{NewUnit, Unit};
use std::collections::BTreeMap;

/// The domain of the hash.
const DOMAIN: &[u8] = b"scangate unit";

fn id(unit: &NewUnit) -> UnitId {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in [DOMAIN, unit.kind.word().as_bytes(), unit.district.as_bytes(), unit.name.as_bytes()] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut id = [0; 8];
    id.copy_from_slice(&context.finish().as_ref()[..8]);
    UnitId(u64::from_be_bytes(id))
}

impl Registry {
    /// Adds units, and returns them in the order of the list. A unit that exists is returned as it is.
    pub fn add_units(&self, units: &[NewUnit]) -> Result<Vec<Unit>> {
        let added: Vec<Unit> =
            units.iter().map(|about| Unit { id: id(about), about: about.clone() }).collect();
        let by_id: BTreeMap<u64, &NewUnit> = added.iter().map(|unit| (unit.id.0, &unit.about)).collect();
        let row =
            |(id, about): (&u64, &&NewUnit)| Row::new(RegistryTable::Units, id.to_be_bytes(), pack(about));
        let rows: Vec<Row> = by_id.iter().map(row).collect();
        let known = self.rows().claim(&rows)?;
        let differs = |(row, known): (&Row, Option<Vec<u8>>)| known.is_some_and(|known| known != row.value);
        // Only two units with the same hash differ.
        if rows.iter().zip(known).any(differs) {
            return Err(RegistryError::Random);
        }
        Ok(added)
    }

    /// A unit by id.
    pub fn unit(&self, id: UnitId) -> Result<Option<Unit>> {
        let value = self.get(RegistryTable::Units, &id.0.to_be_bytes())?;
        value.map(|value| Ok(Unit { id, about: unpack(RegistryTable::Units, &value)? })).transpose()
    }

    /// Every unit, unordered.
    pub fn units(&self) -> Result<Vec<Unit>> {
        let mut units = Vec::new();
        self.rows().groups(RegistryTable::Units, &[RowKey::new()], &mut |_, key, value| {
            let id = UnitId(number(RegistryTable::Units, key)?);
            units.push(Unit { id, about: unpack(RegistryTable::Units, value)? });
            Ok(())
        })?;
        Ok(units)
    }
}
