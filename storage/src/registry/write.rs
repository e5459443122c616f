//! A write: all of it is on disk when its commit returns, or none is kept.

use super::tables::Tables;
use super::{Place, Result};
use fjall::OwnedWriteBatch;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};

/// A write that has begun. While it lives nobody else writes.
pub(super) struct Write<'a> {
    pub(super) place: &'a Place,
    pub(super) tables: Arc<Tables>,
    pub(super) batch: OwnedWriteBatch,
    pub(super) alone: MutexGuard<'a, ()>,
}

impl Write<'_> {
    /// Ends it. **Errors**: the disk did not take it; the next write finds out whether it does again.
    pub(super) fn commit(self) -> Result<()> {
        let Self { place, tables, batch, alone } = self;
        let committed = batch.commit();
        if committed.is_err() {
            place.is_stopped.store(true, Ordering::Release);
        }
        drop((tables, alone));
        Ok(committed?)
    }
}
