//! The rules of Scangate. Values in, values out: nothing here asks for the time, randomness, a file,
//! a socket or a thread; whoever calls brings `now`, the keys and the facts.
//!
//! The nouns a scan becomes on its way are in [`scan`] and [`check_in`]; what a city decides is in
//! [`policy`]; what tracers ask is in [`visit`] and [`co_presence`]. Every bound is in [`limits`].

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
pub mod time;
pub mod token;
pub mod venue;
pub mod visit;

pub use evidence::{fact, report};
