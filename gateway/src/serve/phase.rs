//! The phase of a gateway, which its workers follow.

/// The phase of a server's life that the loop follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Serving.
    Serving,
    /// Going away: no new connections, no new requests.
    Draining,
}
