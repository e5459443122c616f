//! What the authority sends and decides: facts, feeds from another level, rule packs, and the roles of tokens.

mod facts;
pub(crate) mod feeds;
mod packs;
mod roles;
