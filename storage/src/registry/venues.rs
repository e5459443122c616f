//! Venues, by id.

use super::{Registry, Result, draw, pack, unpack};
use scangate_core::id::VenueId;
use scangate_core::venue::{Doors, Dwell, Venue, VenueKind};

const TABLE: &str = "venues";

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
}

impl Registry {
    /// Adds venues, all or none. **Cost**: one sync for all.
    pub fn add_venues(&self, venues: Vec<NewVenue>) -> Result<Vec<Venue>> {
        let mut write = self.write()?;
        let mut added = Vec::with_capacity(venues.len());
        for NewVenue { name, kind, district, dwell } in venues {
            let id = VenueId(draw(&self.tables()?.venues)?);
            let venue = Venue { id, name, kind, district, dwell, doors: Doors::Open };
            write.batch.insert(&write.tables.venues, id.0.to_be_bytes(), pack(&venue));
            added.push(venue);
        }
        write.commit()?;
        Ok(added)
    }

    /// A venue by id.
    pub fn venue(&self, id: VenueId) -> Result<Option<Venue>> {
        self.tables()?.venues.get(id.0.to_be_bytes())?.map(|value| unpack(TABLE, &value)).transpose()
    }

    /// Closes a venue for good; none where there is no such venue.
    pub fn close_venue(&self, id: VenueId) -> Result<Option<Venue>> {
        let mut write = self.write()?;
        let Some(venue) = self.venue(id)? else { return Ok(None) };
        let closed = Venue { doors: Doors::Closed, ..venue };
        write.batch.insert(&write.tables.venues, id.0.to_be_bytes(), pack(&closed));
        write.commit()?;
        Ok(Some(closed))
    }

    /// Every venue.
    pub fn venues(&self, mut each: impl FnMut(Venue)) -> Result<()> {
        for entry in self.tables()?.venues.iter() {
            each(unpack(TABLE, &entry.value()?)?);
        }
        Ok(())
    }
}
