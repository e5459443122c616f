//! Colours as they are worked out: recolouring, following what other gateways change, duties with a clock, and a
//! standing in words.

pub(super) mod cpu_throttle;
pub(super) mod duties;
pub(super) mod follow;
pub(super) mod recolour;
pub(super) mod standing;
