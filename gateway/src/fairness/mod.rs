//! How the sources of requests share what is scarce: connections, bytes of unfinished requests, places in the
//! back office. A source is an address, and behind one address may be a whole district. A source is therefore
//! limited only where little is left for the others.

mod places;
mod shares;
mod source;

pub use places::{FairPlaces, NoPlace, Place};
pub use shares::{HeldShare, SourceShares};
pub use source::Source;
