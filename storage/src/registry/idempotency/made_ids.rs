//! The ids of new things: random, or derived from the request that makes them. A request with an idempotency
//! key whose gateway died half-way is repeated. With derived ids the repetition finds what the first try has
//! made.

use crate::registry::rows::Row;
use crate::registry::{Registry, RegistryError, Result, draw};
use aws_lc_rs::digest;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The domain of the hash, so that no other hash is taken for an id.
const DOMAIN: &[u8] = b"scangate made id";

/// The source of the ids of new things. Clones of a derived source share their counter.
#[derive(Debug, Clone, Default)]
pub struct IdSource(Option<Arc<DerivedIds>>);

#[derive(Debug)]
struct DerivedIds {
    seed: [u8; 32],
    made: AtomicU64,
}

impl IdSource {
    /// The ids of one request: the same request gets the same ids in the same order.
    #[must_use]
    pub fn derived(seed: [u8; 32]) -> Self {
        Self(Some(Arc::new(DerivedIds { seed, made: AtomicU64::new(0) })))
    }

    /// The request whose things these are; none for random ids.
    pub(in crate::registry) fn request(&self) -> Option<[u8; 16]> {
        self.0.as_ref().and_then(|derived| derived.seed.first_chunk().copied())
    }
}

impl Registry {
    /// This registry, with a source of ids for what is made through it.
    #[must_use]
    pub fn making(&self, ids: &IdSource) -> Self {
        Self(Arc::clone(&self.0), ids.clone())
    }

    /// An id for a new thing.
    pub(in crate::registry) fn make_id(&self) -> Result<u64> {
        let Some(derived) = &self.1.0 else { return draw() };
        let number = derived.made.fetch_add(1, Ordering::Relaxed);
        let hash = digest::digest(&digest::SHA256, &[DOMAIN, &derived.seed, &number.to_be_bytes()].concat());
        let mut id = [0; 8];
        id.copy_from_slice(&hash.as_ref()[..8]);
        Ok(u64::from_be_bytes(id))
    }

    /// Adds rows under new ids. Of a repeated request, the rows that exist are its own. **Errors**: a random
    /// id was taken.
    pub(in crate::registry) fn add_made(&self, rows: &[Row]) -> Result<()> {
        let is_taken = self.rows().claim(rows)?.iter().any(Option::is_some);
        if is_taken && self.1.0.is_none() { Err(RegistryError::Random) } else { Ok(()) }
    }
}
