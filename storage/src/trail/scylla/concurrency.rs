//! How many writes may be under way: half as many when the cluster fails one, some more when it takes a whole
//! drain, so that a cluster that comes back is not trampled.

use std::sync::atomic::{AtomicUsize, Ordering};

const LEAST: usize = 4;
const MOST: usize = 64;
const STEP: usize = 8;

/// The number.
pub(super) struct ConcurrencyLimit(AtomicUsize);

impl Default for ConcurrencyLimit {
    fn default() -> Self {
        Self(AtomicUsize::new(MOST))
    }
}

impl ConcurrencyLimit {
    /// Writes that may be under way now.
    pub(super) fn allowed(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// A drain was taken whole.
    pub(super) fn grow(&self) {
        self.0.store((self.allowed() + STEP).min(MOST), Ordering::Relaxed);
    }

    /// A write failed.
    pub(super) fn shrink(&self) {
        self.0.store((self.allowed() / 2).max(LEAST), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_halves_at_once_and_grows_slowly_between_its_bounds() {
        let pressure = ConcurrencyLimit::default();
        let falling: Vec<_> = (0..6).map(|_| (pressure.shrink(), pressure.allowed()).1).collect();
        assert_eq!(falling, [32, 16, 8, 4, 4, 4]);
        let rising: Vec<_> = (0..9).map(|_| (pressure.grow(), pressure.allowed()).1).collect();
        assert_eq!(rising, [12, 20, 28, 36, 44, 52, 60, 64, 64]);
    }
}
