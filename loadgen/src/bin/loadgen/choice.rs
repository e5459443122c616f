//! The scenario that a command line chooses.

use crate::options::ScenarioOptions;
use anyhow::Context as _;
use scangate_core::text::without_mark;
use scangate_loadgen::scenario::{self, Scenario};
use std::path::Path;

/// The exit code of wrong usage, which is also clap's.
pub(crate) const USAGE: u8 = 2;
/// The scenario of a command line that names none.
const DEFAULT: &str = "gate";

/// The scenario with its name, as the options change it. **Errors**: its file cannot be read, or is wrong at
/// a line and column.
pub(crate) fn scenario(
    name: Option<&str>,
    file: Option<&Path>,
    changes: &ScenarioOptions,
) -> anyhow::Result<(String, Scenario)> {
    let (name, scenario) = match file {
        Some(path) => (path.display().to_string(), read(path)?),
        None => {
            let name = name.unwrap_or(DEFAULT);
            let file = scenario::file(name).with_context(|| format!("`{name}` is not a scenario"))?;
            (name.to_owned(), Scenario::parse(file).with_context(|| name.to_owned())?)
        }
    };
    Ok((name, scenario.changed(&changes.changes())))
}

fn read(path: &Path) -> anyhow::Result<Scenario> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let text = std::str::from_utf8(without_mark(text.as_bytes()))?;
    Scenario::parse(text).map_err(|error| anyhow::anyhow!("{}:{error}", path.display()))
}
