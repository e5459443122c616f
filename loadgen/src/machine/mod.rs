//! The local machine: the gateway's process with its CPU time, and the checks of `loadgen doctor`.

pub mod cpu;
pub mod doctor;
