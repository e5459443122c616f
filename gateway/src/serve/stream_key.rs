//! The address of a stream within a worker.

use quinn_proto::StreamId;

/// A stream of a connection of a worker. The generation distinguishes the successive connections of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamKey {
    /// The connection's slot.
    pub slot: u32,
    /// The connection's generation in the slot.
    pub generation: u32,
    /// The stream.
    pub stream: StreamId,
}
