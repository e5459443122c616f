//! The peers of the gateway's figures, which are measured in the same run.

pub(crate) mod floor;
pub(crate) mod plain;
