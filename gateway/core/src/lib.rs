//! The rules of Scangate. Values in, values out: nothing here reads a clock, a random source, a file or a
//! socket, or starts a thread. The caller passes `now`, the keys and the facts.
//!
//! A scan is in [`scan`] and the check-in that it becomes in [`check_in`]. [`policy`] holds the decisions of
//! a city, [`visit`] and [`co_presence`] the answers to tracers, and [`limits`] every bound.

pub mod booking;
pub mod certificate;
pub mod check_in;
pub mod co_presence;
pub mod code;
pub mod colour;
pub mod document;
pub mod evidence;
pub mod id;
pub mod keys;
pub mod kin;
pub mod limits;
pub mod paper;
pub mod person;
pub mod policy;
pub mod refusal;
pub mod scan;
pub mod sms;
pub mod test_site;
pub mod text;
pub mod time;
pub mod token;
pub mod venue;
pub mod visit;
pub mod words;

pub use evidence::{fact, report};
pub use words::notice;
