//! Everything behind the journal: the batcher that writes check-ins to the trail store, requests to catch up
//! with the journal, and facts from fevers measured at doors. It also follows the duty to report of people
//! who pass a gate of the city. It reads the journal and knows nothing of HTTP.

mod backoff;
pub mod batcher;
pub mod fever_facts;
pub mod gate_duties;
pub mod headroom;
mod requests;

pub(crate) use backoff::Backoff;
pub use requests::Drains;
