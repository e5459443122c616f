//! Load for a gateway, as its users make it, and the reckoning afterwards: whatever was acknowledged is read
//! back, and every co-presence answer is compared with one worked out here.

pub mod city;
pub mod client;
pub mod machine;
pub mod replay;
pub mod report;
mod run;

pub use run::{drive, plan, sample, verify};
