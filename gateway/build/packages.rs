//! The packages of other authors that a page loads, from npm at the versions of the lock file.

use anyhow::ensure;
use std::path::Path;
use std::process::Command;

/// Installs the packages into the web folder, unless they are there. Without npm the gateway is built all the
/// same: the page that needs a package says that it is missing.
pub(crate) fn install(web: &Path) -> anyhow::Result<()> {
    if !web.join("package-lock.json").exists() || web.join("node_modules/.package-lock.json").exists() {
        return Ok(());
    }
    let npm = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"])
        .arg(web)
        .output();
    match npm {
        Ok(done) => {
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            ensure!(done.status.success(), "npm ci failed in {}: {said}", web.display());
        }
        Err(fault) => {
            println!("cargo::warning=without npm ({fault}) the staff's terminal cannot read codes by camera");
        }
    }
    Ok(())
}
