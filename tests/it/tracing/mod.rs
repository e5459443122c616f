//! Contact tracers' queries: cases and co-presence.

mod cases;
pub(crate) mod co_presence;
