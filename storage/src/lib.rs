//! Durable state: the write-ahead journal, the trails and the registry.

pub mod copying;
pub mod cql;
mod disk_space;
pub mod journal;
pub mod registry;
pub mod trail;
