//! The local machine: its description, the gateway's process with its CPU time and metrics, and the checks of
//! `loadgen doctor`.

pub mod cpu;
pub mod doctor;
pub mod gateway;
pub mod host;
