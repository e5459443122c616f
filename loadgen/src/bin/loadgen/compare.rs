//! `loadgen compare`: the figures of two reports side by side, as a table or as JSON.

use crate::options::CompareOptions;
use anyhow::Context as _;
use scangate_core::text::without_mark;
use scangate_loadgen::report::RunReport;
use scangate_loadgen::report::compare::{ComparisonError, compare, read};
use std::path::Path;
use std::process::ExitCode;

/// The exit code of a figure that regressed.
const REGRESSED: u8 = 3;
/// The exit code of runs that are unlike, which is that of wrong usage.
const UNLIKE: u8 = 2;
/// The exit code of an invalid report, which is that of the run itself.
const INVALID: u8 = 4;

/// Prints the comparison of two reports.
pub(crate) fn compare_files(options: &CompareOptions) -> anyhow::Result<ExitCode> {
    let (before, after) = (read_report(&options.before)?, read_report(&options.after)?);
    let comparison = match compare(&before, &after, options.threshold) {
        Ok(comparison) => comparison,
        Err(error) => {
            eprintln!("loadgen: {error}");
            return Ok(ExitCode::from(match error {
                ComparisonError::Unlike(_) => UNLIKE,
                ComparisonError::Invalid { .. } => INVALID,
            }));
        }
    };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&comparison)?);
    } else {
        print!("{}", comparison.text());
    }
    Ok(if comparison.has_regressed() { ExitCode::from(REGRESSED) } else { ExitCode::SUCCESS })
}

fn read_report(path: &Path) -> anyhow::Result<RunReport> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    read(without_mark(text.as_bytes())).with_context(|| path.display().to_string())
}
