//! What operators see: the admin listener, logs and metrics.

pub mod admin;
pub mod telemetry;
