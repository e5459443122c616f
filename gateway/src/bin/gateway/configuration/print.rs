//! `gateway print-config`: the configuration in force as TOML, with the origin of each value.

use crate::serve::ServeOptions;
use std::io::Write as _;

/// Prints the configuration. **Errors**: it is wrong, or the output is closed.
pub(crate) fn print(options: &ServeOptions) -> anyhow::Result<()> {
    let sources = options.sources();
    let printed = sources.read()?.printed(&sources);
    Ok(std::io::stdout().write_all(printed.as_bytes())?)
}
