//! Residents' own requests, for themselves and for their dependants.

mod arrivals;
mod bookings;
mod certificates;
mod colours;
mod erasure;
mod guardians;
pub(crate) mod keys;
mod letters;
mod overview;
mod own;
mod reasons;
