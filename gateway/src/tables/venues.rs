//! The venues in memory, each with its JSON ready for answers. The registry stores them permanently; the
//! back office keeps this table in step.

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use dashmap::DashMap;
use scangate_core::code::PosterCode;
use scangate_core::id::VenueId;
use scangate_core::paper::is_gate;
use scangate_core::time::DAY_MS;
use scangate_core::venue::{Dwell, Extent, Venue};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A venue with what the scan path needs.
pub struct KnownVenue {
    /// The venue.
    pub venue: Venue,
    /// `{"id":"v…","name":"…"}`, ready for answers.
    pub json: Bytes,
    /// The poster of the venue that was verified last.
    verified: ArcSwapOption<PosterCode>,
}

impl KnownVenue {
    /// Whether this code was the last one verified here. Its kid is not checked.
    #[must_use]
    pub fn has_verified(&self, code: &PosterCode) -> bool {
        self.verified.load().as_deref() == Some(code)
    }

    /// Remembers a code that was verified.
    pub fn remember(&self, code: PosterCode) {
        self.verified.store(Some(Arc::new(code)));
    }
}

/// The table.
#[derive(Default)]
pub struct Venues {
    table: DashMap<VenueId, Arc<KnownVenue>, foldhash::fast::RandomState>,
    dwell_ms_max: AtomicU64,
    /// The extent of the positions of all venues.
    extent: Mutex<Option<Extent>>,
}

impl Venues {
    /// Puts a venue, new or changed.
    pub fn put(&self, venue: Venue) {
        let json = serde_json::json!({"id": venue.id, "name": venue.name});
        self.dwell_ms_max.fetch_max(venue.dwell.ms(), Ordering::Relaxed);
        if let Some(position) = venue.position {
            let mut extent = self.extent.lock().unwrap_or_else(PoisonError::into_inner);
            *extent = Some(extent.map_or_else(|| Extent::of(position), |extent| extent.and(position)));
        }
        let known = KnownVenue { json: json.to_string().into(), venue, verified: ArcSwapOption::empty() };
        self.table.insert(known.venue.id, Arc::new(known));
    }

    /// Whether a venue is a gate of the city, where people arrive and leave.
    #[must_use]
    pub fn is_gate(&self, venue: VenueId) -> bool {
        self.get(venue).is_some_and(|known| is_gate(known.venue.kind))
    }

    /// The venue of an id.
    #[must_use]
    pub fn get(&self, id: VenueId) -> Option<Arc<KnownVenue>> {
        self.table.get(&id).map(|known| Arc::clone(&known))
    }

    /// Every venue, in no order.
    #[must_use]
    pub fn all(&self) -> Vec<Venue> {
        self.table.iter().map(|known| known.venue.clone()).collect()
    }

    /// The length of a visit at the venue without a check-out; the default if the venue is not known.
    #[must_use]
    pub fn dwell(&self, id: VenueId) -> Dwell {
        self.table.get(&id).map_or_else(Dwell::default, |known| known.venue.dwell)
    }

    /// The longest dwell of any venue. **Units**: milliseconds, a day at most.
    #[must_use]
    pub fn dwell_ms_max(&self) -> u64 {
        self.dwell_ms_max.load(Ordering::Relaxed).clamp(Dwell::default().ms(), DAY_MS)
    }

    /// A time in which every journey between two venues is possible; 0 if no venue has a position. **Units**:
    /// milliseconds.
    #[must_use]
    pub fn journey_ms_max(&self) -> u64 {
        let extent = self.extent.lock().unwrap_or_else(PoisonError::into_inner);
        extent.map_or(0, Extent::journey_ms_max)
    }

    /// The number of venues.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether the table is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }
}
