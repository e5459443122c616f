//! The computation of colours: recolouring, following the changes of other gateways, overdue duties, and a
//! standing as JSON.

pub(super) mod cpu_throttle;
pub(super) mod duties;
pub(super) mod follow;
pub(super) mod recolour;
pub(super) mod standing;
