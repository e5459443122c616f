//! The operators' view: admin listener, status, reloads, logs and metrics.

pub mod admin;
mod metrics;
pub mod reload;
pub mod status;
pub mod telemetry;
