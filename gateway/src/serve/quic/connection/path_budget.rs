//! The bytes that may be sent to an address which has not proved that it is the peer's. RFC 9000 section 8:
//! three times what came from it. quinn-proto begins a datagram while any byte is left, and so sends more.

use quinn_proto::Connection;
use std::net::SocketAddr;

/// What may be sent for each byte that was received (RFC 9000 section 8.1).
const FACTOR: u64 = 3;
/// Changes of a connection's address. A phone in a doorway changes once or twice; beyond this many, datagrams
/// from further addresses are dropped.
const MIGRATIONS_MAX: u16 = 64;

/// The budget of a connection's present path.
pub(super) struct PathBudget {
    address: SocketAddr,
    migrations: u16,
    proof: PathProof,
}

/// The proof that an address is the peer's.
enum PathProof {
    /// It is the peer's.
    Proved,
    /// It is, once the handshake is complete.
    ByHandshake { received: u64, sent: u64 },
    /// It is, once the peer has answered a challenge: with more than so many answers in all.
    ByChallenge { received: u64, sent: u64, answers: u64 },
}

impl PathBudget {
    /// The budget of a connection whose first datagram had so many bytes, or whose address was proved before.
    pub(super) fn new(address: SocketAddr, received: usize, is_proved: bool) -> Self {
        let proof = if is_proved {
            PathProof::Proved
        } else {
            PathProof::ByHandshake { received: received as u64, sent: 0 }
        };
        Self { address, migrations: 0, proof }
    }

    /// Whether a datagram from this address may be handled.
    pub(super) fn accepts(&self, from: SocketAddr) -> bool {
        from == self.address || self.migrations < MIGRATIONS_MAX
    }

    /// Counts a datagram that was handled.
    pub(super) fn note_received(&mut self, quic: &Connection, bytes: usize) {
        let bytes = bytes as u64;
        if quic.remote_address() != self.address {
            self.address = quic.remote_address();
            self.migrations += 1;
            let answers = quic.stats().frame_rx.path_response;
            self.proof = PathProof::ByChallenge { received: bytes, sent: 0, answers };
            return;
        }
        match &mut self.proof {
            PathProof::Proved => {}
            PathProof::ByHandshake { .. } if !quic.is_handshaking() => self.proof = PathProof::Proved,
            PathProof::ByHandshake { received, .. } => *received += bytes,
            PathProof::ByChallenge { received, answers, .. } => {
                *received += bytes;
                if quic.stats().frame_rx.path_response > *answers {
                    self.proof = PathProof::Proved;
                }
            }
        }
    }

    /// The datagrams of this size that may be sent, at most `most`.
    pub(super) fn datagrams(&self, most: usize, datagram_bytes: u16) -> usize {
        match self.proof {
            PathProof::Proved => most,
            PathProof::ByHandshake { received, sent } | PathProof::ByChallenge { received, sent, .. } => {
                let left = (FACTOR * received).saturating_sub(sent) / u64::from(datagram_bytes);
                usize::try_from(left).map_or(most, |left| left.min(most))
            }
        }
    }

    /// Counts bytes that were sent. After a change of address, some go to the earlier one.
    pub(super) fn note_sent(&mut self, to: SocketAddr, bytes: usize) {
        match &mut self.proof {
            PathProof::ByHandshake { sent, .. } | PathProof::ByChallenge { sent, .. }
                if to == self.address =>
            {
                *sent += bytes as u64;
            }
            PathProof::Proved | PathProof::ByHandshake { .. } | PathProof::ByChallenge { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(received: usize) -> PathBudget {
        PathBudget::new(SocketAddr::from(([192, 0, 2, 1], 1)), received, false)
    }

    #[test]
    fn an_address_that_proved_nothing_gets_whole_datagrams_within_three_times_what_it_sent() {
        let mut path = budget(1_250);
        assert_eq!(path.datagrams(10, 1_200), 3);
        path.note_sent(path.address, 2_400);
        assert_eq!(path.datagrams(10, 1_200), 1);
        path.note_sent(SocketAddr::from(([192, 0, 2, 2], 1)), 1_200);
        assert_eq!(path.datagrams(10, 1_200), 1);
        path.note_sent(path.address, 1_200);
        assert_eq!(path.datagrams(10, 1_200), 0);
        assert_eq!(budget(399).datagrams(10, 1_200), 0);
        assert_eq!(budget(100_000).datagrams(10, 1_200), 10);
    }

    #[test]
    fn a_proved_address_has_no_budget_and_a_wanderer_is_stopped() {
        let mut path = PathBudget::new(SocketAddr::from(([192, 0, 2, 1], 1)), 1, true);
        path.note_sent(path.address, 1_000_000);
        assert_eq!(path.datagrams(10, 1_200), 10);
        let other = SocketAddr::from(([192, 0, 2, 2], 1));
        assert!(path.accepts(other));
        path.migrations = MIGRATIONS_MAX;
        assert!(!path.accepts(other) && path.accepts(path.address));
    }
}
