//! The error of a cluster request.

use std::error::Error;

/// The error of a cluster request.
#[derive(Debug, thiserror::Error)]
#[error("the CQL cluster: {cause}")]
pub struct ClusterError {
    cause: Box<dyn Error + Send + Sync>,
    is_final: bool,
}

impl ClusterError {
    /// Wraps a driver error or a message.
    pub(crate) fn of(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: error.into(), is_final: false }
    }

    /// Wraps an error that no retry changes.
    pub(crate) fn last(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: error.into(), is_final: true }
    }

    /// The driver's error.
    pub(super) fn cause(&self) -> &(dyn Error + Send + Sync) {
        &*self.cause
    }

    /// Whether retrying is pointless.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.is_final
    }
}
