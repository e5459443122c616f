//! The pages of the runbook that the status names, each with its first line. `deploy/runbooks` has the same
//! lines with the details; a test compares the two.

use serde::{Serialize, Serializer};

/// A section of the runbook.
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

    /// The title of the page.
    pub(super) const fn heading(self) -> &'static str {
        match self {
            Self::AllWell => "All is well",
            Self::Draining => "The gateway drains",
            Self::StoreDown => "The store is down",
            Self::JournalFull => "The journal is full",
            Self::ScansShed => "Scans are refused",
            Self::OfficeFull => "The back office is full",
            Self::ColoursLoading => "The colours are loading",
            Self::Certificate => "The certificate",
            Self::GatewayBehind => "A gateway is behind",
            Self::PackWaiting => "A rule pack waits",
            Self::ListsWaiting => "A list waits",
            Self::DutiesOverdue => "Duties are overdue",
        }
    }

    /// The first line of the page: what to do.
    pub(super) const fn line(self) -> &'static str {
        match self {
            Self::AllWell => "Nothing needs to be done.",
            Self::Draining => {
                "Wait for the process to end. If it was not stopped on purpose, read the end of its log."
            }
            Self::StoreDown => {
                "Bring the store back before the journal is full. Check-ins go on until then and drain by themselves."
            }
            Self::JournalFull => {
                "Bring the store back, or raise `journal.disk_mib_max` and restart the gateway."
            }
            Self::ScansShed => {
                "Send phones to another gateway, and look for a slow disk with `gateway doctor`."
            }
            Self::OfficeFull => {
                "Look at `scangate_office_seconds` for the slow route, and at the store. Scans are not affected."
            }
            Self::ColoursLoading => "Wait for the load to end. It takes seconds for a million residents.",
            Self::Certificate => "Replace the files of `certificate` and `key`, and reload the gateway.",
            Self::GatewayBehind => {
                "Start the gateway on its own data folder. Retire it only if the folder is lost."
            }
            Self::PackWaiting => "Ask another person of the authority to approve or reject the pack.",
            Self::ListsWaiting => "Ask another person of the authority to approve or reject the lists.",
            Self::DutiesOverdue => {
                "Inform the authority. `GET /v1/arrivals/overdue`, `/v1/appeals`, `/v1/questions` and `/v1/reviews` list them."
            }
        }
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
    use std::fs;
    use std::path::{Path, PathBuf};

    /// The texts of all pages in a folder and the folders below it.
    fn pages(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let texts = |path: PathBuf| {
            if path.is_dir() { pages(&path) } else { vec![fs::read_to_string(path).unwrap()] }
        };
        entries.flat_map(texts).collect()
    }

    #[test]
    fn each_section_has_a_page_that_begins_with_its_line() {
        let pages = pages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/runbooks"));
        for section in RunbookSection::ALL {
            let head = format!("# {}\n\n{}\n\n", section.heading(), section.line());
            assert!(pages.iter().any(|page| page.starts_with(&head)), "no page begins with {head}");
        }
    }
}
