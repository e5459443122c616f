//! Which stream of which connection of a worker something is for.

use quinn_proto::StreamId;

/// A stream of a connection of a worker. The generation tells a slot's connections apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamKey {
    /// The connection's slot.
    pub slot: u32,
    /// Which connection of the slot.
    pub generation: u32,
    /// The stream.
    pub stream: StreamId,
}
