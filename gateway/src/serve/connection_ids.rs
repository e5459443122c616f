//! Connection ids of eight bytes. The first one is the worker's number, by which the kernel steers a
//! packet to the thread that holds its connection.

use quinn_proto::{ConnectionId, ConnectionIdGenerator, InvalidCid};
use std::time::Duration;

/// Length of an id.
const ID_BYTES: usize = 8;

/// Makes a worker's ids. The other seven bytes come from a keyed hash of a counter: an observer cannot
/// link the ids of one connection.
pub(super) struct WorkerIds {
    first: u8,
    workers: u16,
    counter: u64,
    key: aws_lc_rs::hmac::Key,
}

impl WorkerIds {
    /// The ids of one of `workers` workers, under a random key.
    #[must_use]
    pub(super) fn new(worker: u16, workers: u16, random: &[u8; 32]) -> Self {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, random);
        // The steering program takes the byte modulo the number of workers, of which there are at most 256.
        Self { first: worker.to_le_bytes()[0], workers, counter: 0, key }
    }
}

impl ConnectionIdGenerator for WorkerIds {
    fn generate_cid(&mut self) -> ConnectionId {
        self.counter += 1;
        let tag = aws_lc_rs::hmac::sign(&self.key, &self.counter.to_be_bytes());
        let mut id = [0; ID_BYTES];
        id[0] = self.first;
        id[1..].copy_from_slice(&tag.as_ref()[..ID_BYTES - 1]);
        ConnectionId::new(&id)
    }

    /// Accepts an id that is steered here. If no connection has it, it may come from another gateway with
    /// more workers, and its phone gets a stateless reset. An id of another worker here must not be reset.
    fn validate(&self, id: &ConnectionId) -> Result<(), InvalidCid> {
        let steered_to = id.first().map(|&first| u16::from(first) % self.workers);
        if steered_to == Some(u16::from(self.first)) { Ok(()) } else { Err(InvalidCid) }
    }

    fn cid_len(&self) -> usize {
        ID_BYTES
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_valid_where_it_is_steered_to_however_many_workers_its_gateway_has() {
        let of = |worker, workers| WorkerIds::new(worker, workers, &[7; 32]);
        let foreign = of(5, 8).generate_cid();
        assert!(of(1, 2).validate(&foreign).is_ok());
        assert!(of(0, 2).validate(&foreign).is_err());
        assert!(of(1, 2).validate(&of(1, 2).generate_cid()).is_ok());
        assert!(of(1, 2).validate(&of(0, 2).generate_cid()).is_err());
    }
}
