//! The venues that requests name. A venue that another gateway has just added may not be in memory yet. A
//! missing one is therefore read from the registry before a request is refused for it.

use super::{Office, OfficeError, blocking};
use crate::tables::venues::KnownVenue;
use scangate_core::id::VenueId;
use scangate_storage::registry::RegistryError;
use std::sync::Arc;

impl Office {
    /// The venue of an id; `None` if the city has none. It blocks where memory does not have the venue.
    pub(super) fn venue(&self, id: VenueId) -> Result<Option<Arc<KnownVenue>>, RegistryError> {
        self.learn_venues(&[id])?;
        Ok(self.tables.venues.get(id))
    }

    /// Reads those of these venues that memory does not have. It blocks.
    pub(super) fn learn_venues(&self, ids: &[VenueId]) -> Result<(), RegistryError> {
        let is_missing = |id: &VenueId| self.tables.venues.get(*id).is_none();
        let missing: Vec<VenueId> = ids.iter().copied().filter(is_missing).collect();
        if missing.is_empty() {
            return Ok(());
        }
        for venue in self.registry.venues_of(&missing)? {
            self.tables.venues.put(venue);
        }
        Ok(())
    }
}

/// The venue of an id, from an async task.
pub(super) async fn known_venue(
    office: &Arc<Office>,
    id: VenueId,
) -> Result<Option<Arc<KnownVenue>>, OfficeError> {
    if let Some(known) = office.tables.venues.get(id) {
        return Ok(Some(known));
    }
    let office = Arc::clone(office);
    Ok(blocking(move || office.venue(id)).await??)
}
