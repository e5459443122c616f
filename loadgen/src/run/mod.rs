//! A run in the order of its steps: `plan` decides every scan beforehand, `drive` sends them, `sample` records the
//! answers, and `verify` reads every acknowledged check-in back.

pub mod drive;
pub mod plan;
pub mod sample;
pub mod verify;
