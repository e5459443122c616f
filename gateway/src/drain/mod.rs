//! Everything behind the journal: the batcher that writes check-ins to the trail store, the requests to catch up
//! with it, and the fevers that go on record. It reads the journal and knows no request.

mod backoff;
pub mod batcher;
mod drains;
pub mod fevers;
pub mod headroom;

pub(crate) use backoff::Backoff;
pub use drains::Drains;
