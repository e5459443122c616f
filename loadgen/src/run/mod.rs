//! The steps of a run in their order: `plan` fixes every scan, `drive` sends them, `sample` records the
//! answers, and `verify` reads every acknowledged check-in back.

pub mod drive;
pub mod plan;
pub mod sample;
pub mod verify;
