//! Endpoints of tracers: cases, and the reads of trails that answer them.

pub(super) mod cases;
pub(super) mod trails;
