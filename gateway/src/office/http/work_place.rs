//! The place of a call among those that work. A call takes a place once its body is there. It gives the place
//! up while it waits for a client or a provider.

use super::error::OfficeError;
use crate::fairness::{FairPlaces, Place, Source};
use scangate_core::refusal::Refusal;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

tokio::task_local! {
    static CURRENT: WorkPlace;
}

/// The place of one call. All tasks of the call share it.
#[derive(Clone)]
pub(super) struct WorkPlace(Arc<CallSeat>);

struct CallSeat {
    places: Arc<FairPlaces>,
    source: Source,
    held: Mutex<Option<Place>>,
}

impl WorkPlace {
    /// A call that has no place yet.
    pub(super) fn new(places: Arc<FairPlaces>, source: Source) -> Self {
        Self(Arc::new(CallSeat { places, source, held: Mutex::default() }))
    }

    /// A further place for the same call.
    pub(super) fn another(&self) -> Self {
        Self::new(Arc::clone(&self.0.places), self.0.source)
    }

    /// Runs a part of the call.
    pub(super) async fn scope<T>(self, part: impl Future<Output = T>) -> T {
        CURRENT.scope(self, part).await
    }

    /// Takes a place, unless the call has one. **Errors**: `overloaded` if none became free in time.
    pub(super) async fn enter(&self) -> Result<(), OfficeError> {
        if self.held().is_none() {
            let place = self.0.places.take(self.0.source).await.map_err(|_| Refusal::Overloaded)?;
            *self.held() = Some(place);
        }
        Ok(())
    }

    /// Gives the place up.
    pub(super) fn leave(&self) {
        self.held().take();
    }

    fn held(&self) -> MutexGuard<'_, Option<Place>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of the running call. None in a test without a dispatcher.
pub(super) fn current() -> Option<WorkPlace> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Takes a place for the running call.
pub(super) async fn enter() -> Result<(), OfficeError> {
    match current() {
        Some(place) => place.enter().await,
        None => Ok(()),
    }
}

/// Gives the place of the running call up.
pub(super) fn leave() {
    if let Some(place) = current() {
        place.leave();
    }
}

/// Waits for a client or a provider without a place. A call that was admitted goes on afterwards, even if no
/// place became free in time: the event that it waited for may have happened.
pub(in crate::office) async fn without<T>(wait: impl Future<Output = T>) -> T {
    leave();
    let done = wait.await;
    // See above: the call goes on without a place.
    let _ = enter().await;
    done
}

/// The source of the running call.
pub(in crate::office) fn source() -> Option<Source> {
    current().map(|place| place.0.source)
}
