//! The operators' view: admin listener, reloads, logs and metrics.

pub mod admin;
mod metrics;
pub mod reload;
pub mod telemetry;
