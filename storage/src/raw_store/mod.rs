//! The rows of an embedded store as it stores them, for backups: read at one moment beside its writers, and
//! written to a new store. Nothing here knows what a row means.

mod fill;
mod snapshot;

pub use fill::RawFill;
pub use snapshot::RawSnapshot;
