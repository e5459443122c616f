//! The phase of a gateway, which its workers follow.

/// The phase of a gateway's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Serving.
    Serving,
    /// Draining: no new connections and no new requests.
    Draining,
    /// The gateway cannot go on: as draining, but for a moment only.
    Failed,
}
