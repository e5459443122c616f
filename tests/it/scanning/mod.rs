//! Check-ins: scans, the codes in them, refusals, and the answers at the doors.

mod batches;
mod channels;
mod codes;
mod doors;
mod late;
mod refusals;
mod scans;
