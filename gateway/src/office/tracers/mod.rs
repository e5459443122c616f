//! Endpoints of tracers: cases, and the reads of trails that answer them. A person in an answer learns of it
//! through `traced`.

pub(super) mod cases;
pub(super) mod traced;
pub(super) mod trails;
