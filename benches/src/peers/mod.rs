//! The peers of the gateway's figures, which are measured in the same run.

pub(crate) mod caddy;
pub(crate) mod floor;
mod identity;
pub(crate) mod nginx;
pub(crate) mod plain;

/// The constant answer of the servers that only answer.
const ANSWER: &str = r#"{"answer":"fine"}"#;
