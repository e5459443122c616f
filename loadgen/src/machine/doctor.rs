//! `loadgen doctor`: whether this machine and this data folder are fit for a run.

use std::path::Path;

/// Files that a run needs of the gateway's data folder.
const FILES: [&str; 3] = ["certificate.pem", "authority.token", "tracer.token"];
/// Open files below which a run of phones fails before the gateway does.
const OPEN_FILES_MIN: u64 = 4_096;

/// Looks, and prints a line a finding. Returns whether a run can be made.
#[must_use]
pub fn look(data: &Path) -> bool {
    let mut is_fit = true;
    for file in FILES {
        let path = data.join(file);
        let is_there = path.is_file();
        is_fit &= is_there;
        println!("{}  {}", if is_there { "well " } else { "wrong" }, path.display());
    }
    match open_files() {
        Some(limit) if limit >= OPEN_FILES_MIN => println!("well   {limit} open files"),
        Some(limit) => println!("poor   {limit} open files: raise the limit to {OPEN_FILES_MIN} or more"),
        None => println!("poor   the limit on open files cannot be read"),
    }
    is_fit
}

fn open_files() -> Option<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    line.split_ascii_whitespace().nth(3)?.parse().ok()
}
