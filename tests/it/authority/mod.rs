//! The authority's side: facts, feeds from another level, rule packs, what is printed, and the roles of
//! tokens.

pub(crate) mod facts;
pub(crate) mod feeds;
mod packs;
mod prints;
mod roles;
