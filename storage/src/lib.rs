//! Durable state: the write-ahead journal, the trails and the registry.

pub mod copying;
pub mod cql;
mod disk_space;
#[cfg(test)]
mod example;
pub mod journal;
pub mod raw_store;
pub mod registry;
pub mod trail;
