//! The limit of concurrent writes, by additive increase and multiplicative decrease. It is halved when the
//! cluster fails a write and raised when a whole drain succeeds, so a recovering cluster is not overloaded.

use std::sync::atomic::{AtomicUsize, Ordering};

const LEAST: usize = 4;
const MOST: usize = 64;
const STEP: usize = 8;

/// The current limit of concurrent writes.
pub(super) struct ConcurrencyLimit(AtomicUsize);

impl Default for ConcurrencyLimit {
    fn default() -> Self {
        Self(AtomicUsize::new(MOST))
    }
}

impl ConcurrencyLimit {
    /// The number of writes that may run now.
    pub(super) fn allowed(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Raises the limit after a successful drain.
    pub(super) fn grow(&self) {
        self.0.store((self.allowed() + STEP).min(MOST), Ordering::Relaxed);
    }

    /// Halves the limit after a failed write.
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
