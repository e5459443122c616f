//! Why an outside party did not do what it was asked.

/// A fault. Nothing of the question or the answer is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFault {
    /// As many questions are under way as may be at once. Nothing was asked.
    #[error("as many questions are under way as may be at once")]
    Busy,
    /// No connection came about. Nothing was asked.
    #[error("no connection came about")]
    Unreachable,
    /// No answer in time. It may have done what it was asked.
    #[error("no answer came in time")]
    Late,
    /// The connection broke. It may have done what it was asked.
    #[error("the connection broke before an answer")]
    Broken,
    /// An answer with a status that says no.
    #[error("it answered with status {0}")]
    Refused(u16),
    /// An answer that is not what was agreed.
    #[error("its answer is not what is agreed")]
    Unreadable,
}

impl ProviderFault {
    /// Whether it is known that nothing was done.
    pub(crate) fn is_undone(self) -> bool {
        match self {
            Self::Busy | Self::Unreachable | Self::Refused(_) => true,
            Self::Late | Self::Broken | Self::Unreadable => false,
        }
    }

    /// A metric's label.
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
