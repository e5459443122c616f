//! The workers: a thread a core, each with its own sockets, its own front desk and its own lane of the
//! journal. A connection lives and dies on its thread.

mod bell;
mod connection_ids;
pub mod front_desk;
pub mod phase;
pub mod quic;
pub mod sessions;
pub mod socket;
pub mod stream_key;
mod tally;
pub mod tcp;
pub mod tls;
pub mod worker;

pub use bell::Bell;
pub use tally::LATENCY_BOUNDS_US;
