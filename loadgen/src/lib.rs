//! Load for a gateway, as its users make it, and the reckoning afterwards: whatever was acknowledged is read
//! back, and every co-presence answer is compared with one worked out here.

pub mod city;
pub mod client;
pub mod compare;
pub mod cpu;
pub mod doctor;
pub mod drive;
pub mod html;
pub mod plan;
pub mod reckon;
pub mod replay;
pub mod report;
pub mod sample;
pub mod sessions;
pub mod slo;
pub mod trails;
pub mod verify;
