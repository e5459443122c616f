//! The commands on a data folder, beside a gateway or without one.

pub(super) mod backup;
pub(super) mod journal;
pub(super) mod sunset;
pub(super) mod upgrade;
