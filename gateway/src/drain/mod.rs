//! Everything behind the journal: the batcher that writes check-ins to the trail store, the requests to catch up
//! with it, and the fevers that go on record. It reads the journal and knows no request.

mod backoff;
pub mod batcher;
pub mod fever_facts;
pub mod headroom;
mod requests;

pub(crate) use backoff::Backoff;
pub use requests::Drains;
