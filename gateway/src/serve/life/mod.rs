//! The life of a gateway: the phase that its workers follow, and the signs of life that they leave.

pub mod heartbeat;
pub mod phase;
