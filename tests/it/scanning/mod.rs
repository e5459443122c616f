//! Check-ins: scans, the codes in them, refusals, and the answers at the doors.

mod batches;
pub(crate) mod certificates;
mod channels;
mod codes;
mod doors;
mod holders;
mod late;
mod later_checks;
mod refusals;
mod scans;
