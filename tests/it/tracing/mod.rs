//! What contact tracers query: cases and co-presence.

mod cases;
pub(crate) mod co_presence;
