//! What tracers ask: cases, and the trails from which they are answered.

pub(super) mod cases;
pub(super) mod trails;
