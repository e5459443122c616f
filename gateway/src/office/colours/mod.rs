//! The computation of colours: recolouring, following the changes of other gateways, overdue duties,
//! announced arrivals in memory, and a standing as JSON.

mod announced;
pub(super) mod cpu_throttle;
pub(super) mod duties;
pub(super) mod follow;
pub(super) mod recolour;
pub(super) mod standing;
