//! What survives: the write-ahead journal, the trails and the registry.

pub mod copying;
pub mod cql;
pub mod journal;
pub mod registry;
mod room;
pub mod trail;
