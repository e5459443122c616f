//! The operators' view: admin listener, reloads, logs and metrics.

pub mod admin;
mod deadlines;
mod metrics;
pub mod reload;
pub mod telemetry;
