//! Shares of a limited amount, by source.

use super::Source;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The share that a source may hold, as a multiple of the free amount. A single source then gets two thirds,
/// two sources get two fifths each, and something is always left for the next one.
const SHARE_OF_FREE: usize = 2;

/// A limited amount of which every source may have a share. **Cost**: one uncontended lock and one look-up
/// for each change.
#[derive(Debug)]
pub struct SourceShares {
    amount: usize,
    ledger: Mutex<ShareLedger>,
}

#[derive(Debug, Default)]
struct ShareLedger {
    held: usize,
    by_source: HashMap<Source, usize, foldhash::quality::RandomState>,
}

/// The share of one holder. It is given back on drop.
#[derive(Debug)]
pub struct HeldShare {
    shares: Arc<SourceShares>,
    source: Source,
    held: usize,
}

impl SourceShares {
    /// Shares of this amount.
    #[must_use]
    pub fn new(amount: usize) -> Arc<Self> {
        Arc::new(Self { amount, ledger: Mutex::default() })
    }

    /// An empty share of a source, to be grown.
    #[must_use]
    pub fn share(self: &Arc<Self>, source: Source) -> HeldShare {
        HeldShare { shares: Arc::clone(self), source, held: 0 }
    }

    /// A share of one; none if the source holds too much or nothing is left.
    #[must_use]
    pub fn take_one(self: &Arc<Self>, source: Source) -> Option<HeldShare> {
        let mut share = self.share(source);
        share.resize(1).then_some(share)
    }

    /// How much all sources hold.
    #[must_use]
    pub fn held(&self) -> usize {
        self.ledger().held
    }

    fn ledger(&self) -> MutexGuard<'_, ShareLedger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, source: Source, more: usize) -> bool {
        let mut ledger = self.ledger();
        let free = self.amount - ledger.held;
        let own = ledger.by_source.get(&source).copied().unwrap_or(0);
        if more > free || own + more > SHARE_OF_FREE * free {
            return false;
        }
        ledger.held += more;
        *ledger.by_source.entry(source).or_default() += more;
        true
    }

    fn give_back(&self, source: Source, less: usize) {
        let mut ledger = self.ledger();
        ledger.held -= less;
        if let Entry::Occupied(mut own) = ledger.by_source.entry(source) {
            *own.get_mut() -= less;
            if *own.get() == 0 {
                own.remove();
            }
        }
    }
}

impl HeldShare {
    /// Changes what is held. Returns false, and changes nothing, if there is not enough for this source.
    pub fn resize(&mut self, to: usize) -> bool {
        if to > self.held {
            if !self.shares.take(self.source, to - self.held) {
                return false;
            }
        } else if to < self.held {
            self.shares.give_back(self.source, self.held - to);
        }
        self.held = to;
        true
    }

    /// The amount of this share.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held
    }

    /// The source that holds it.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }
}

impl Drop for HeldShare {
    fn drop(&mut self) {
        if self.held > 0 {
            self.shares.give_back(self.source, self.held);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    fn source(number: u8) -> Source {
        Source::from(SocketAddr::from(([192, 0, 2, number], 1)))
    }

    fn take_all(shares: &Arc<SourceShares>, source: Source) -> Vec<HeldShare> {
        std::iter::from_fn(|| shares.take_one(source)).collect()
    }

    #[test]
    fn one_source_leaves_a_third_and_each_further_one_something() {
        let shares = SourceShares::new(900);
        let first = take_all(&shares, source(1));
        assert_eq!(first.len(), 600);
        let second = take_all(&shares, source(2));
        assert_eq!(second.len(), 200);
        assert!(!take_all(&shares, source(3)).is_empty());
        assert!(shares.take_one(source(1)).is_none());
        drop(second);
        assert!(shares.take_one(source(3)).is_some());
        drop(first);
        assert_eq!(shares.ledger().held, 0);
        assert!(shares.ledger().by_source.is_empty());
    }

    #[test]
    fn a_share_grows_and_shrinks_and_a_refused_growth_changes_nothing() {
        let shares = SourceShares::new(90);
        let mut share = shares.share(source(1));
        assert!(share.resize(40) && share.resize(60));
        assert!(!share.resize(61));
        assert_eq!((share.held(), shares.ledger().held), (60, 60));
        assert!(share.resize(10));
        assert_eq!(shares.ledger().held, 10);
        let mut other = shares.share(source(2));
        assert!(!other.resize(usize::MAX / 4));
        assert!(other.resize(50));
    }
}
