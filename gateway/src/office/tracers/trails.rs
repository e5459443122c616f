//! Reads of the trails for tracers, and the dwell times of the venues.

use crate::office::http::error::OfficeError;
use crate::office::{Office, blocking};
use crate::tables::venues::Venues;
use scangate_core::co_presence::Dwells;
use scangate_core::id::VenueId;
use scangate_core::time::Timestamp;
use scangate_core::venue::Dwell;
use scangate_storage::trail::StoredTrails;
use std::sync::Arc;

/// The dwell times of the venues.
pub(in crate::office) struct VenueDwells<'a>(&'a Venues);

impl Dwells for VenueDwells<'_> {
    fn of(&self, venue: VenueId) -> Dwell {
        self.0.dwell(venue)
    }

    fn ms_max(&self) -> u64 {
        self.0.dwell_ms_max()
    }
}

/// The sources of the co-presence engine, with the time up to which they are complete.
pub(in crate::office) struct Sources<'a> {
    pub(in crate::office) trails: StoredTrails<'a>,
    pub(in crate::office) dwells: VenueDwells<'a>,
    pub(in crate::office) complete_through: Timestamp,
}

/// Reads the trails after the batcher has caught up or its wait has ended. Reads share a limited number of
/// permits.
pub(in crate::office) async fn read<T: Send + 'static>(
    office: &Arc<Office>,
    read: impl FnOnce(&Office, &Sources<'_>) -> Result<T, OfficeError> + Send + 'static,
) -> Result<T, OfficeError> {
    let complete_through = office.caught_up().await;
    let _place = office.tracing.acquire().await;
    let office = Arc::clone(office);
    let read = blocking(move || {
        let (trails, dwells) = (StoredTrails(&*office.trails), VenueDwells(&office.tables.venues));
        read(&office, &Sources { trails, dwells, complete_through })
    });
    read.await?.map_err(|wrong| wrong.complete_through(complete_through))
}
