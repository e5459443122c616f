//! The workers: one thread a core, each with its own sockets, front desk and lane of the journal. A
//! connection stays on its thread from the handshake to the close.

mod bell;
pub mod budget;
mod connection_ids;
pub mod deadlines;
pub mod front_desk;
pub mod life;
mod pages;
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
