//! Venues, by id.

use super::changes::Change;
use super::rows::{RegistryTable, Row, RowKey};
use super::{Registry, RegistryError, Result, draw, pack, unpack};
use scangate_core::colour::Checks;
use scangate_core::id::VenueId;
use scangate_core::venue::{Doors, Dwell, Venue, VenueKind};

/// A venue without its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVenue {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: VenueKind,
    /// Where it lies.
    pub district: String,
    /// How long a visit lasts that nobody ended.
    pub dwell: Dwell,
    /// What its door asks of everybody besides what the rule pack asks for.
    pub checks: Checks,
}

impl Registry {
    /// Adds venues. In an embedded store all are added or none, by one sync.
    pub fn add_venues(&self, venues: Vec<NewVenue>) -> Result<Vec<Venue>> {
        let mut added = Vec::with_capacity(venues.len());
        for NewVenue { name, kind, district, dwell, checks } in venues {
            added.push(Venue {
                id: VenueId(draw()?),
                name,
                kind,
                district,
                dwell,
                checks,
                doors: Doors::Open,
            });
        }
        let row = |venue: &Venue| Row::new(RegistryTable::Venues, venue.id.0.to_be_bytes(), pack(venue));
        let rows: Vec<Row> = added.iter().map(row).collect();
        let changes: Vec<Change> = added.iter().map(|venue| Change::Venue(venue.id)).collect();
        let taken = self.announcing(&changes, || self.rows().claim(&rows))?;
        if taken.iter().any(Option::is_some) { Err(RegistryError::Random) } else { Ok(added) }
    }

    /// A venue by id.
    pub fn venue(&self, id: VenueId) -> Result<Option<Venue>> {
        self.get(RegistryTable::Venues, &id.0.to_be_bytes())?
            .map(|value| unpack(RegistryTable::Venues, &value))
            .transpose()
    }

    /// Those of these venues that there are.
    pub fn venues_of(&self, ids: &[VenueId]) -> Result<Vec<Venue>> {
        let keys: Vec<RowKey> = ids.iter().map(|id| id.0.to_be_bytes().to_vec()).collect();
        let found = self.rows().get(RegistryTable::Venues, &keys)?;
        found.iter().flatten().map(|value| unpack(RegistryTable::Venues, value)).collect()
    }

    /// Closes a venue for good; none where there is no such venue.
    pub fn close_venue(&self, id: VenueId) -> Result<Option<Venue>> {
        let Some(value) = self.get(RegistryTable::Venues, &id.0.to_be_bytes())? else { return Ok(None) };
        let closed = Venue { doors: Doors::Closed, ..unpack(RegistryTable::Venues, &value)? };
        // Only another who closes it could have changed it since.
        let swap =
            || self.rows().swap(RegistryTable::Venues, &id.0.to_be_bytes(), &value, Some(&pack(&closed)));
        self.announcing(&[Change::Venue(id)], swap)?;
        Ok(Some(closed))
    }

    /// Every venue.
    pub fn venues(&self, mut each: impl FnMut(Venue)) -> Result<()> {
        self.rows().all(RegistryTable::Venues, &mut |_, value| {
            each(unpack(RegistryTable::Venues, value)?);
            Ok(())
        })
    }
}
