//! `gateway config-schema`: the JSON Schema of the configuration, for editors.

use scangate_gateway::config::config_schema;
use std::io::Write as _;

/// Prints the schema. **Errors**: the output is closed.
pub(crate) fn print() -> anyhow::Result<()> {
    let mut schema = serde_json::to_vec_pretty(&config_schema())?;
    schema.push(b'\n');
    Ok(std::io::stdout().write_all(&schema)?)
}
