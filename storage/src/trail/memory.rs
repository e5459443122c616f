//! Trails in memory: a plain map that is obviously correct. It is the oracle in the tests of the other
//! stores.

use super::{TrailError, TrailStore, merge};
use scangate_core::check_in::CheckIn;
use scangate_core::co_presence::{PersonAsk, VenueAsk};
use scangate_core::id::{CheckInId, PersonId};
use scangate_core::visit::Window;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The trails in memory.
#[derive(Default)]
pub struct MemoryTrails(Mutex<BTreeMap<CheckInId, CheckIn>>);

impl MemoryTrails {
    fn all(&self) -> MutexGuard<'_, BTreeMap<CheckInId, CheckIn>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn select(&self, window: Window, is_asked: impl Fn(&CheckIn) -> bool) -> Vec<CheckIn> {
        let mut found = self.all().values().filter(|check_in| is_asked(check_in)).copied().collect();
        merge(&mut found, window);
        found
    }
}

impl TrailStore for MemoryTrails {
    fn write(&self, drain: &[CheckIn]) -> Result<(), TrailError> {
        let mut all = self.all();
        for check_in in drain {
            let kept = all.entry(check_in.id).or_insert(*check_in);
            if check_in.precedence() < kept.precedence() {
                *kept = *check_in;
            }
        }
        Ok(())
    }

    fn persons(&self, asks: &[PersonAsk]) -> Result<Vec<Vec<CheckIn>>, TrailError> {
        Ok(asks.iter().map(|ask| self.select(ask.window, |check_in| check_in.person == ask.person)).collect())
    }

    fn venues(&self, asks: &[VenueAsk]) -> Result<Vec<Vec<CheckIn>>, TrailError> {
        Ok(asks.iter().map(|ask| self.select(ask.window, |check_in| check_in.venue == ask.venue)).collect())
    }

    fn retain_from(&self, day: u32) -> Result<(), TrailError> {
        self.all().retain(|_, check_in| check_in.at.utc_day() >= day);
        Ok(())
    }

    fn forget(&self, person: PersonId) -> Result<(), TrailError> {
        self.all().retain(|_, check_in| check_in.person != person);
        Ok(())
    }
}
