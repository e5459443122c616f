//! Check-ins that come by way of the back office: registers kept elsewhere, scans of doors without a link,
//! and checks that staff make after the scan.

pub(in crate::office) mod imports;
pub(in crate::office) mod late_scans;
pub(in crate::office) mod later_checks;
