//! `loadgen doctor`: checks whether this machine and a data folder are fit for a run.

use std::path::Path;

/// The files in the gateway's data folder that a run needs.
const FILES: [&str; 3] = ["certificate.pem", "authority.token", "tracer.token"];
/// The smallest limit on open files with which the gateway fails before a run of phones does.
const OPEN_FILES_MIN: u64 = 4_096;

/// Prints one line for each check. Returns whether a run is possible.
#[must_use]
pub fn look(data: &Path) -> bool {
    let mut is_fit = true;
    for file in FILES {
        let path = data.join(file);
        let is_there = path.is_file();
        is_fit &= is_there;
        println!("{}  {}", if is_there { "ok     " } else { "error  " }, path.display());
    }
    match open_files() {
        Some(limit) if limit >= OPEN_FILES_MIN => println!("ok       {limit} open files"),
        Some(limit) => println!("warning  {limit} open files: raise the limit to {OPEN_FILES_MIN} or more"),
        None => println!("warning  the limit on open files cannot be read"),
    }
    is_fit
}

fn open_files() -> Option<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    line.split_ascii_whitespace().nth(3)?.parse().ok()
}
