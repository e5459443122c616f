//! HTTP/3 (RFC 9114) and QPACK (RFC 9204) as a state machine: bytes of streams in, requests out, answers to
//! bytes. It knows no socket and no clock, neither the QUIC beneath nor the rooms above; `serve` joins them.
//!
//! A connection has a [`Control`]. A request that arrives in one chunk with its FIN goes through [`whole`],
//! any other through a [`RequestReader`], and both give the same [`Head`] and body. What is written back is
//! made by [`answer`]. What a peer does wrong is a [`Fault`], which says whether it costs the stream or the
//! connection.
//!
//! The dynamic table has no capacity on either side: a check-in's head is a hundred bytes, a phone sends one
//! on a connection, and without a table no request waits for another and no memory is held for it. Server
//! push does not exist.

mod allowance;
pub mod answer;
mod control;
mod control_stream;
mod error_code;
mod fault;
mod fields;
mod frame;
mod head;
mod limits;
mod qpack;
mod request;
mod settings;
#[cfg(test)]
mod tests;
mod uni;
mod varint;

pub use control::Control;
pub use error_code::ErrorCode;
pub use fault::{Fault, FaultScope};
pub use head::Head;
pub use limits::Limits;
pub use request::{Part, RequestReader, whole};
pub use uni::UniStreamAction;
