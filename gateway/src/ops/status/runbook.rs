//! The sections of the operations page's advice: each is a page of the runbooks.

use crate::ops::runbooks::RunbookPage;
use serde::{Serialize, Serializer};

/// What an operator reads up about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunbookSection {
    /// No fault.
    AllWell,
    /// The gateway stops.
    Draining,
    /// The store does not answer or does not accept check-ins.
    StoreDown,
    /// The journal has no room.
    JournalFull,
    /// Scans are refused.
    ScansShed,
    /// The back office has no free place.
    OfficeFull,
    /// The colour table is not complete.
    ColoursLoading,
    /// The certificate has a fault or expires soon.
    Certificate,
    /// Another gateway does not report.
    GatewayBehind,
    /// A rule pack waits for a second approver.
    PackWaiting,
    /// A list of facts, areas or a feed waits for a second approver.
    ListsWaiting,
    /// Duties are past their deadline.
    DutiesOverdue,
}

impl RunbookSection {
    /// Every section.
    #[cfg(test)]
    const ALL: [Self; 12] = [
        Self::AllWell,
        Self::Draining,
        Self::StoreDown,
        Self::JournalFull,
        Self::ScansShed,
        Self::OfficeFull,
        Self::ColoursLoading,
        Self::Certificate,
        Self::GatewayBehind,
        Self::PackWaiting,
        Self::ListsWaiting,
        Self::DutiesOverdue,
    ];

    /// The code of its page.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::AllWell => "all-is-well",
            Self::Draining => "draining",
            Self::StoreDown => "store-down",
            Self::JournalFull => "journal-full",
            Self::ScansShed => "scans-refused",
            Self::OfficeFull => "office-full",
            Self::ColoursLoading => "colours-loading",
            Self::Certificate => "certificate",
            Self::GatewayBehind => "gateway-behind",
            Self::PackWaiting => "pack-waiting",
            Self::ListsWaiting => "lists-waiting",
            Self::DutiesOverdue => "duties-overdue",
        }
    }

    /// The title of its page.
    pub(super) fn heading(self) -> &'static str {
        RunbookPage::find(self.code()).map_or("", RunbookPage::title)
    }

    /// The first line of its page: what to do.
    pub(super) fn line(self) -> &'static str {
        RunbookPage::find(self.code()).map_or("", RunbookPage::advice)
    }
}

impl Serialize for RunbookSection {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.heading())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_section_has_a_page() {
        for section in RunbookSection::ALL {
            assert!(!section.heading().is_empty() && !section.line().is_empty(), "{}", section.code());
        }
    }
}
