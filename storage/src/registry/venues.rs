//! Venues, by id.

use super::changes::Change;
use super::rows::{RegistryTable, Row, RowKey};
use super::{Registry, Result, pack, unpack};
use scangate_core::colour::Checks;
use scangate_core::id::VenueId;
use scangate_core::time::Timestamp;
use scangate_core::venue::{Doors, Dwell, Position, Venue, VenueKind, WeekHours};

/// A venue without its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVenue {
    /// The venue's name.
    pub name: String,
    /// The kind of venue.
    pub kind: VenueKind,
    /// The district in which the venue lies.
    pub district: String,
    /// How long a visit without a check-out lasts.
    pub dwell: Dwell,
    /// The checks that the door makes of every visitor, in addition to those of the rule pack.
    pub checks: Checks,
    /// The opening hours, if they are known.
    pub hours: Option<WeekHours>,
    /// The position, if it is known.
    pub position: Option<Position>,
}

impl Registry {
    /// Adds venues. An embedded store adds all or none, with one sync.
    pub fn add_venues(&self, venues: Vec<NewVenue>) -> Result<Vec<Venue>> {
        let mut added = Vec::with_capacity(venues.len());
        for NewVenue { name, kind, district, dwell, checks, hours, position } in venues {
            added.push(Venue {
                id: VenueId(self.make_id()?),
                name,
                kind,
                district,
                dwell,
                checks,
                doors: Doors::Open,
                closed: None,
                hours,
                position,
            });
        }
        let row = |venue: &Venue| Row::new(RegistryTable::Venues, venue.id.0.to_be_bytes(), pack(venue));
        let rows: Vec<Row> = added.iter().map(row).collect();
        let changes: Vec<Change> = added.iter().map(|venue| Change::Venue(venue.id)).collect();
        self.announcing(&changes, || self.add_made(&rows))?;
        Ok(added)
    }

    /// A venue by id.
    pub fn venue(&self, id: VenueId) -> Result<Option<Venue>> {
        self.get(RegistryTable::Venues, &id.0.to_be_bytes())?
            .map(|value| unpack(RegistryTable::Venues, &value))
            .transpose()
    }

    /// The existing venues among these ids.
    pub fn venues_of(&self, ids: &[VenueId]) -> Result<Vec<Venue>> {
        let keys: Vec<RowKey> = ids.iter().map(|id| id.0.to_be_bytes().to_vec()).collect();
        let found = self.rows().get(RegistryTable::Venues, &keys)?;
        found.iter().flatten().map(|value| unpack(RegistryTable::Venues, value)).collect()
    }

    /// Closes a venue permanently; none where the venue does not exist. Closing it again keeps the first
    /// time.
    pub fn close_venue(&self, id: VenueId, now: Timestamp) -> Result<Option<Venue>> {
        let Some(value) = self.get(RegistryTable::Venues, &id.0.to_be_bytes())? else { return Ok(None) };
        let venue: Venue = unpack(RegistryTable::Venues, &value)?;
        let since = if venue.doors == Doors::Closed { venue.closed } else { Some(now) };
        let closed = Venue { doors: Doors::Closed, closed: since, ..venue };
        // A failed swap means that another caller closed it: nothing else changes a venue.
        let swap =
            || self.rows().swap(RegistryTable::Venues, &id.0.to_be_bytes(), &value, Some(&pack(&closed)));
        self.announcing(&[Change::Venue(id)], swap)?;
        Ok(Some(closed))
    }

    /// Visits every venue.
    pub fn venues(&self, mut each: impl FnMut(Venue)) -> Result<()> {
        self.rows().all(RegistryTable::Venues, &mut |_, value| {
            each(unpack(RegistryTable::Venues, value)?);
            Ok(())
        })
    }
}
