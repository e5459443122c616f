//! The faults of providers.

/// Why a provider did not answer. A fault has no part of the question or the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFault {
    /// The concurrency limit is reached. No request was sent.
    #[error("the limit of concurrent requests is reached")]
    Busy,
    /// No connection was established. No request was sent.
    #[error("no connection was established")]
    Unreachable,
    /// The provider did not answer in time. It may have done its work.
    #[error("no answer came in time")]
    Late,
    /// The connection broke before an answer. The provider may have done its work.
    #[error("the connection broke before an answer")]
    Broken,
    /// The provider rejected the request with this status.
    #[error("the provider answered with status {0}")]
    Refused(u16),
    /// The answer does not have the agreed shape.
    #[error("the answer does not have the agreed shape")]
    Unreadable,
}

impl ProviderFault {
    /// Whether the provider certainly did nothing.
    pub(crate) fn is_undone(self) -> bool {
        match self {
            Self::Busy | Self::Unreachable | Self::Refused(_) => true,
            Self::Late | Self::Broken | Self::Unreadable => false,
        }
    }

    /// The label of the metric.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Unreachable => "unreachable",
            Self::Late => "late",
            Self::Broken => "broken",
            Self::Refused(_) => "refused",
            Self::Unreadable => "unreadable",
        }
    }
}
