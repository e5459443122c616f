//! Residents' own requests, for themselves and for their dependants.

mod arrivals;
mod bookings;
mod certificates;
mod colours;
mod guardians;
mod letters;
mod overview;
mod own;
