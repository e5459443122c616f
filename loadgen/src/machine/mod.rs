//! The machine that a run is made on: the gateway's process and its CPU time, and whether the limits fit.

pub mod cpu;
pub mod doctor;
