//! The trails as the co-presence engine asks for them, and how long visits last at the known venues.

use crate::venues::Venues;
use scangate_core::check_in::CheckIn;
use scangate_core::co_presence::{Dwells, PersonAsk, Trails};
use scangate_core::id::VenueId;
use scangate_core::venue::Dwell;
use scangate_core::visit::Window;
use scangate_storage::trail::{TrailError, TrailStore};

/// A trail store.
pub(super) struct Stored<'a>(pub(super) &'a dyn TrailStore);

impl Trails for Stored<'_> {
    type Error = TrailError;

    fn venue(&self, venue: VenueId, window: Window) -> Result<Vec<CheckIn>, TrailError> {
        self.0.venue(venue, window)
    }

    fn persons(&self, asks: &[PersonAsk]) -> Result<Vec<Vec<CheckIn>>, TrailError> {
        self.0.persons(asks)
    }
}

/// The venues' dwells.
pub(super) struct Known<'a>(pub(super) &'a Venues);

impl Dwells for Known<'_> {
    fn of(&self, venue: VenueId) -> Dwell {
        self.0.dwell(venue)
    }

    fn ms_max(&self) -> u64 {
        self.0.dwell_ms_max()
    }
}
