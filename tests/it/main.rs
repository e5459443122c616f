//! The integration tests: one binary, the real server on loopback.

mod attack;
mod authority;
mod cluster;
mod conformance;
mod equipment;
mod keeping;
mod lives;
mod load;
mod operation;
mod protocol;
mod registration;
mod repository;
mod residents;
mod scanning;
mod tracing;
