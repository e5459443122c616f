//! The bytes that may be sent to an address which has not proved that it is the peer's. RFC 9000 section 8:
//! three times what came from it. quinn-proto begins a datagram while any byte is left, and so sends more.

use quinn_proto::Connection;
use std::net::SocketAddr;

/// What may be sent for each byte that was received (RFC 9000 section 8.1).
const FACTOR: u64 = 3;
/// Changes of a connection's address. A phone in a doorway changes once or twice; beyond this many, datagrams
/// from further addresses are dropped.
const MIGRATIONS_MAX: u16 = 64;
/// Addresses beside the present one whose bytes are counted. A phone probes one at a time.
const OTHERS_MAX: usize = 4;
/// The least length of a datagram that probes a path (RFC 9000 section 8.2.1).
const PROBE_BYTES: usize = 1_200;

/// The budgets of a connection's addresses.
pub(super) struct PathBudget {
    /// Where the connection sends.
    address: SocketAddr,
    proof: PathProof,
    migrations: u16,
    /// The proved address before the present one. A peer that returns to it need not prove it again (RFC 9000
    /// section 9.3).
    earlier: Option<SocketAddr>,
    /// Other addresses from which datagrams came, the latest last. A client probes a path before it moves
    /// there, and these bytes count for it.
    others: Vec<(SocketAddr, Tally)>,
    /// Whether a probe came from another address and may be answered there.
    is_probed: bool,
}

/// The proof that an address is the peer's.
enum PathProof {
    /// It is the peer's.
    Proved,
    /// It is, once the handshake is complete.
    ByHandshake(Tally),
    /// It is, once the peer has answered the challenge in the first datagram to it: with more than so many
    /// answers in all. An answer before that datagram is one to a challenge at another address.
    ByChallenge { tally: Tally, answers: Option<u64> },
}

/// The bytes that came from an address and went to it.
#[derive(Clone, Copy, Default)]
struct Tally {
    received: u64,
    sent: u64,
}

impl Tally {
    fn left(self) -> u64 {
        (FACTOR * self.received).saturating_sub(self.sent)
    }
}

impl PathBudget {
    /// The budget of a connection whose first datagram had so many bytes, or whose address was proved before.
    pub(super) fn new(address: SocketAddr, received: usize, is_proved: bool) -> Self {
        let proof = if is_proved {
            PathProof::Proved
        } else {
            PathProof::ByHandshake(Tally { received: received as u64, sent: 0 })
        };
        Self { address, proof, migrations: 0, earlier: None, others: Vec::new(), is_probed: false }
    }

    /// Whether a datagram from this address may be handled.
    pub(super) fn accepts(&self, from: SocketAddr) -> bool {
        from == self.address || self.migrations < MIGRATIONS_MAX
    }

    /// Counts a datagram that was handled.
    pub(super) fn note_received(&mut self, quic: &Connection, from: SocketAddr, bytes: usize) {
        if from != self.address {
            self.open(from);
            self.is_probed |= bytes >= PROBE_BYTES;
        }
        if let Some(tally) = self.tally(from) {
            tally.received += bytes as u64;
        }
        self.follow(quic);
        self.prove(quic, from);
    }

    /// The datagrams that may be sent now, at most `most`.
    pub(super) fn datagrams(&mut self, quic: &Connection, most: usize) -> usize {
        // quinn-proto returns to the path before when the peer answers no challenge.
        self.follow(quic);
        let left = match self.proof {
            PathProof::Proved => most,
            PathProof::ByHandshake(tally) | PathProof::ByChallenge { tally, .. } => {
                usize::try_from(tally.left() / u64::from(quic.current_mtu()))
                    .map_or(most, |left| left.min(most))
            }
        };
        // quinn-proto answers a probe before it sends anything else.
        left.max(usize::from(std::mem::take(&mut self.is_probed)))
    }

    /// Takes bytes from an address's budget. Returns whether it had as many.
    pub(super) fn take(&mut self, to: SocketAddr, bytes: usize) -> bool {
        let is_proved = self.earlier == Some(to);
        let Some(tally) = self.tally(to) else { return is_proved || to == self.address };
        let has_enough = tally.left() >= bytes as u64;
        if has_enough {
            tally.sent += bytes as u64;
        }
        has_enough
    }

    /// Notes a datagram that was sent to an address.
    pub(super) fn note_sent(&mut self, quic: &Connection, to: SocketAddr) {
        if let PathProof::ByChallenge { answers: answers @ None, .. } = &mut self.proof
            && to == self.address
        {
            *answers = Some(quic.stats().frame_rx.path_response);
        }
    }

    /// The bytes of an address, unless it is proved or nothing came from it.
    fn tally(&mut self, address: SocketAddr) -> Option<&mut Tally> {
        if address != self.address {
            return self.others.iter_mut().find(|(other, _)| *other == address).map(|(_, tally)| tally);
        }
        match &mut self.proof {
            PathProof::Proved => None,
            PathProof::ByHandshake(tally) | PathProof::ByChallenge { tally, .. } => Some(tally),
        }
    }

    /// Begins to count the bytes of another address.
    fn open(&mut self, address: SocketAddr) {
        if self.earlier == Some(address) || self.others.iter().any(|(other, _)| *other == address) {
            return;
        }
        if self.others.len() == OTHERS_MAX {
            self.others.remove(0);
        }
        self.others.push((address, Tally::default()));
    }

    /// Follows the connection to the address to which it now sends.
    fn follow(&mut self, quic: &Connection) {
        if quic.remote_address() != self.address {
            self.move_to(quic.remote_address());
        }
    }

    fn move_to(&mut self, address: SocketAddr) {
        let arrived = self.tally(address).copied().unwrap_or_default();
        self.others.retain(|(other, _)| *other != address);
        let left = std::mem::replace(&mut self.address, address);
        let proof = if self.earlier == Some(address) {
            PathProof::Proved
        } else {
            self.migrations = self.migrations.saturating_add(1);
            PathProof::ByChallenge { tally: arrived, answers: None }
        };
        match std::mem::replace(&mut self.proof, proof) {
            PathProof::Proved => self.earlier = Some(left),
            PathProof::ByHandshake(tally) | PathProof::ByChallenge { tally, .. } => {
                self.open(left);
                if let Some(kept) = self.tally(left) {
                    *kept = tally;
                }
            }
        }
    }

    /// Notes a proof that has just come from an address.
    fn prove(&mut self, quic: &Connection, from: SocketAddr) {
        let is_proved = match self.proof {
            PathProof::Proved => true,
            PathProof::ByHandshake(_) => !quic.is_handshaking(),
            PathProof::ByChallenge { answers, .. } => {
                from == self.address
                    && answers.is_some_and(|answers| quic.stats().frame_rx.path_response > answers)
            }
        };
        if is_proved {
            self.proof = PathProof::Proved;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, number], 1))
    }

    fn budget(received: usize) -> PathBudget {
        PathBudget::new(address(1), received, false)
    }

    #[test]
    fn an_address_that_proved_nothing_gets_at_most_three_times_what_it_sent() {
        let mut path = budget(1_250);
        assert!(path.take(address(1), 2_400));
        assert!(!path.take(address(2), 1));
        assert!(!path.take(address(1), 1_351));
        assert!(path.take(address(1), 1_350));
        assert!(!path.take(address(1), 1));
    }

    #[test]
    fn bytes_that_came_from_an_address_before_the_connection_moved_there_count() {
        let mut path = PathBudget::new(address(1), 1, true);
        path.open(address(2));
        path.tally(address(2)).expect("it is open").received = 1_200;
        assert!(path.take(address(2), 1_200));
        path.move_to(address(2));
        assert!(path.take(address(2), 2_400));
        assert!(!path.take(address(2), 1));
        // The connection may still ask whether the address before is alive.
        assert!(path.take(address(1), 1_000_000));
    }

    #[test]
    fn an_address_that_was_proved_before_has_no_budget_and_one_that_was_not_keeps_its_own() {
        let mut path = PathBudget::new(address(1), 1, true);
        path.open(address(2));
        path.tally(address(2)).expect("it is open").received = 100;
        path.move_to(address(2));
        assert!(path.take(address(2), 200));
        path.move_to(address(1));
        assert!(path.take(address(1), 1_000_000));
        path.move_to(address(2));
        assert!(!path.take(address(2), 101));
        assert!(path.take(address(2), 100));
    }

    #[test]
    fn a_few_other_addresses_are_counted_and_a_wanderer_is_stopped() {
        let mut path = PathBudget::new(address(1), 1, true);
        for number in 2..20 {
            path.open(address(number));
        }
        assert_eq!(path.others.len(), OTHERS_MAX);
        assert!(path.accepts(address(2)));
        path.migrations = MIGRATIONS_MAX;
        assert!(!path.accepts(address(2)) && path.accepts(address(1)));
    }
}
