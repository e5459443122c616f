//! The operators' view: admin listener, logs and metrics.

pub mod admin;
mod metrics;
pub mod telemetry;
