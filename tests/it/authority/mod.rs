//! The authority's side: facts, feeds from another level, rule packs, areas, notices, what is printed,
//! tokens, and their roles.

mod areas;
mod audit;
pub(crate) mod facts;
pub(crate) mod feeds;
mod notices;
pub(crate) mod packs;
mod prints;
mod roles;
pub(crate) mod tokens;
