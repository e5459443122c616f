//! The authority's side: facts, feeds from another level, rule packs, areas, notices, districts, what is
//! printed, tokens, and their roles.

mod areas;
mod audit;
mod districts;
pub(crate) mod facts;
pub(crate) mod feeds;
mod notices;
pub(crate) mod packs;
pub(crate) mod prints;
mod roles;
pub(crate) mod tokens;
