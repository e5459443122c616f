//! The handshakes under way at a worker, in all and by source. A first packet costs its sender nothing, and
//! the gateway a key exchange and a signature. Where many are under way, an address must be proved first.

use crate::fairness::Source;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Handshakes under way at a worker. Beyond them, an address that is not proved gets a Retry.
const HANDSHAKES_MAX: usize = 2_048;
/// Handshakes under way from one source. Beyond them, its addresses get a Retry. That costs its other clients
/// a round trip, and whoever only begins handshakes gets no more of the CPU.
const SOURCE_HANDSHAKES_MAX: u32 = 256;

/// The numbers of handshakes under way.
#[derive(Default)]
pub(super) struct PendingHandshakes {
    all: usize,
    by_source: HashMap<Source, u32, foldhash::fast::RandomState>,
}

impl PendingHandshakes {
    /// Whether a source must prove its address before its next handshake.
    pub(super) fn are_many(&self, source: Source) -> bool {
        self.all >= HANDSHAKES_MAX
            || self.by_source.get(&source).is_some_and(|count| *count >= SOURCE_HANDSHAKES_MAX)
    }

    /// Counts a handshake that begins.
    pub(super) fn begin(&mut self, source: Source) {
        self.all += 1;
        *self.by_source.entry(source).or_default() += 1;
    }

    /// Counts a handshake that is complete, or has failed.
    pub(super) fn end(&mut self, source: Source) {
        self.all -= 1;
        if let Entry::Occupied(mut count) = self.by_source.entry(source) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, SocketAddr};

    fn source(number: u32) -> Source {
        Source::from(SocketAddr::from((Ipv4Addr::from_bits(number), 1)))
    }

    #[test]
    fn a_source_with_many_handshakes_proves_its_address_and_others_need_not() {
        let mut pending = PendingHandshakes::default();
        for _ in 0..SOURCE_HANDSHAKES_MAX {
            assert!(!pending.are_many(source(1)));
            pending.begin(source(1));
        }
        assert!(pending.are_many(source(1)) && !pending.are_many(source(2)));
        pending.end(source(1));
        assert!(!pending.are_many(source(1)));
    }

    #[test]
    fn with_many_handshakes_of_all_sources_each_proves_its_address_and_ended_ones_take_no_memory() {
        let mut pending = PendingHandshakes::default();
        let sources = || (0..2_048).map(source);
        sources().for_each(|source| pending.begin(source));
        assert!(pending.are_many(source(9_999)));
        sources().for_each(|source| pending.end(source));
        assert!(!pending.are_many(source(9_999)) && pending.by_source.is_empty());
    }
}
