//! The rules of Scangate. Values in, values out: nothing here asks for the time, randomness, a file,
//! a socket or a thread; whoever calls brings `now`, the keys and the facts.
//!
//! The nouns a scan becomes on its way are in [`scan`] and [`check_in`]; who may do what is in [`token`].

pub mod check_in;
pub mod code;
pub mod colour;
pub mod id;
pub mod keys;
pub mod limits;
pub mod refusal;
pub mod scan;
pub mod time;
pub mod token;
pub mod venue;
