//! Crashes, rot and full disks.

#![expect(clippy::cast_possible_truncation, reason = "offsets of files in memory")]

mod crashes;
mod disk;
mod full;
pub(super) mod rig;
mod starts;
mod version_before;
