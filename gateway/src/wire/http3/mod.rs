//! HTTP/3 (RFC 9114) and QPACK (RFC 9204) as a state machine: stream bytes become requests, and answers
//! become bytes. It knows no socket, no clock, no QUIC library and none of the rooms; `serve` joins them.
//!
//! A connection has a [`Control`]. [`whole`] reads a request that arrives in one chunk with its FIN, a
//! [`RequestReader`] any other; both return the same [`Head`] and body. [`answer`] writes the answers. A
//! [`Fault`] is a peer's violation, with the stream or the connection as its scope.
//!
//! The dynamic table has no capacity on either side. A check-in's head is a hundred bytes, and a phone
//! sends one on a connection. Without a table, no request waits for another and no memory is held. Server
//! push does not exist.

mod allowance;
pub mod answer;
mod control;
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
