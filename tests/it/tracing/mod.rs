//! Contact tracers' queries: cases and co-presence.

mod answers;
mod cases;
pub(crate) mod co_presence;
mod extensions;
mod limits;
pub(crate) mod random_cities;
mod records;
mod traced;
