//! Reads of the trails for tracers, and the details of the venues that the answers need.

use crate::office::http::error::OfficeError;
use crate::office::{Office, blocking};
use crate::tables::venues::Venues;
use scangate_core::co_presence::TrailView;
use scangate_core::id::VenueId;
use scangate_core::policy::Calendar;
use scangate_core::time::Timestamp;
use scangate_core::venue::{Dwell, Position};
use scangate_core::visit::VenueBook;
use scangate_storage::trail::StoredTrails;
use std::sync::Arc;

/// The details of the venues, for a tracer who may be limited to a district.
pub(in crate::office) struct OfficeVenues<'a> {
    venues: &'a Venues,
    calendar: Calendar,
    district: Option<String>,
}

impl VenueBook for OfficeVenues<'_> {
    fn dwell(&self, venue: VenueId) -> Dwell {
        self.venues.dwell(venue)
    }

    fn dwell_ms_max(&self) -> u64 {
        self.venues.dwell_ms_max()
    }

    fn is_open(&self, venue: VenueId, at: Timestamp) -> bool {
        let known = self.venues.get(venue);
        let hours = known.as_ref().and_then(|known| known.venue.hours.as_ref());
        hours.is_none_or(|hours| hours.contain(self.calendar.week_minute(at)))
    }

    fn position(&self, venue: VenueId) -> Option<Position> {
        self.venues.get(venue)?.venue.position
    }

    fn journey_ms_max(&self) -> u64 {
        self.venues.journey_ms_max()
    }

    fn is_in_district(&self, venue: VenueId) -> bool {
        let Some(district) = &self.district else { return true };
        self.venues.get(venue).is_some_and(|known| known.venue.district == *district)
    }
}

/// The trails as the back office reads them.
pub(in crate::office) type OfficeTrails<'a> = TrailView<'a, StoredTrails<'a>, OfficeVenues<'a>>;

/// Reads the trails after the batcher has caught up or its wait has ended. Reads share a limited number of
/// permits.
pub(in crate::office) async fn read<T: Send + 'static>(
    office: &Arc<Office>,
    district: Option<String>,
    read: impl FnOnce(&Office, &OfficeTrails<'_>) -> Result<T, OfficeError> + Send + 'static,
) -> Result<T, OfficeError> {
    let complete_through = office.caught_up().await;
    let _place = office.tracing.acquire().await;
    let office = Arc::clone(office);
    let read = blocking(move || {
        let calendar = office.tables.policies.in_force().policy.calendar().clone();
        let venues = OfficeVenues { venues: &office.tables.venues, calendar, district };
        let trails = StoredTrails(&*office.trails);
        read(&office, &TrailView { trails: &trails, venues: &venues, complete_through })
    });
    read.await?.map_err(|wrong| wrong.complete_through(complete_through))
}
