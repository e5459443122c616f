//! The steps of a run in their order: `plan` fixes every scan, `drive` opens the carriers, `pace` sends the
//! scans, `sample` records each with its outcome, and `verify` reads every acknowledged check-in back.
//! `watch` shows the run meanwhile.

pub(crate) mod carriers;
pub mod drive;
pub mod interrupt;
pub mod limits;
pub mod outcome;
pub(crate) mod pace;
pub mod plan;
pub mod sample;
pub mod verify;
pub mod watch;
