//! A service worker's script, after the constants that it needs: the files to keep, and a version that
//! changes with any of them.

use super::output::{Output, OutputFile, hash};
use super::shorten::shorten_script;
use anyhow::Context as _;
use std::path::Path;

/// Builds the service worker at an address, which keeps these files. `venue_page` is the address under which
/// it keeps the page of all venues.
pub(crate) fn build(
    web: &Path,
    path: &str,
    files: &[String],
    venue_page: &str,
    output: &Output,
) -> anyhow::Result<OutputFile> {
    let file = web.join("worker/worker.js");
    let own = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let version = hash(format!("{}{own}", output.version(files)).as_bytes());
    let script =
        format!("const VERSION = {version:?}, FILES = {files:?}, VENUE_PAGE = {venue_page:?};\n{own}");
    Ok(OutputFile::script(path, shorten_script(&script)?.into_bytes()))
}
