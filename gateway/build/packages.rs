//! The packages of other authors that a page loads, from npm at the versions of the lock file.

use std::path::Path;
use std::process::Command;

/// npm gives up after this time. **Units**: milliseconds.
const FETCH_MS: u32 = 20_000;

/// Installs the packages into the web folder, unless they are there. Without npm or a connection to it the
/// gateway is built all the same: the page that needs a package says that it is missing.
pub(crate) fn install(web: &Path) {
    if web.join("node_modules/.package-lock.json").exists() {
        return;
    }
    let npm = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"])
        .arg(format!("--fetch-timeout={FETCH_MS}"))
        .arg("--prefix")
        .arg(web)
        .output();
    let fault = match npm {
        Ok(done) if done.status.success() => return,
        Ok(done) => String::from_utf8_lossy(&done.stderr).lines().next().unwrap_or_default().to_owned(),
        Err(fault) => format!("npm: {fault}"),
    };
    println!("cargo::warning=the staff's terminal reads codes by camera only where the browser can: {fault}");
}
