//! The operators' view: admin listener, status, reloads, logs, metrics, and messages to systemd.

pub mod admin;
pub mod backup;
pub mod log_events;
mod metrics;
pub mod reload;
pub mod runbooks;
#[cfg(test)]
mod sources;
pub mod status;
pub mod supervisor;
pub mod telemetry;
pub mod upgrade;
