//! Reads the JSON of a report, if it has the schema of this version.

use crate::report::{RunReport, SCHEMA};
use serde::Deserialize;

/// The error for a file that is not a report of this version's schema.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The text is not a report.
    #[error("it is not a report of loadgen")]
    Malformed(#[from] serde_json::Error),
    /// The report has another schema.
    #[error("its schema is {0}, and this loadgen reads {SCHEMA}: make both reports with one version")]
    OtherSchema(u32),
}

#[derive(Deserialize)]
struct SchemaNumber {
    /// Reports had no number before schema 2.
    #[serde(default = "first_schema")]
    schema: u32,
}

fn first_schema() -> u32 {
    1
}

/// Reads the JSON of a report. **Errors**: the schema is another; the text is not a report.
pub fn read(json: &[u8]) -> Result<RunReport, ReportError> {
    let SchemaNumber { schema } = serde_json::from_slice(json)?;
    if schema == SCHEMA { Ok(serde_json::from_slice(json)?) } else { Err(ReportError::OtherSchema(schema)) }
}
