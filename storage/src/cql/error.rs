//! Why a cluster did not answer.

use std::error::Error;

/// Why a cluster did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the CQL cluster: {cause}")]
pub struct ClusterError {
    cause: Box<dyn Error + Send + Sync>,
    is_final: bool,
}

impl ClusterError {
    /// Of any of the driver's errors, or of a message.
    pub(crate) fn of(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: error.into(), is_final: false }
    }

    /// One that no repetition changes.
    pub(crate) fn last(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: error.into(), is_final: true }
    }

    /// What the driver said.
    pub(super) fn cause(&self) -> &(dyn Error + Send + Sync) {
        &*self.cause
    }

    /// Whether no repetition changes it.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.is_final
    }
}
