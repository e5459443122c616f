//! Sends a gateway the load that its users make, then checks the result. Every acknowledged check-in is read
//! back, and every co-presence answer is compared with a brute-force calculation.

pub mod city;
pub mod client;
pub mod machine;
pub mod probe;
pub mod replay;
pub mod report;
mod run;
pub mod scenario;
pub mod workers;

pub use run::{beside, drive, interrupt, limits, outcome, part, plan, sample, verify, watch};
pub(crate) use run::{carriers, pace};
