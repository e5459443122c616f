//! What the gateway's figures stand beside, measured in the same run.

pub(crate) mod floor;
pub(crate) mod plain;
