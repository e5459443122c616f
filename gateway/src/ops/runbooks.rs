//! The pages of the runbooks. Alerts, the operations page, `gateway doctor` and log events name them by code,
//! and `gateway explain` prints them.

/// A page of `deploy/runbooks`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunbookPage {
    /// Its code, which is the name of its file.
    pub code: &'static str,
    /// The folder of its file.
    folder: &'static str,
    /// Its text in Markdown.
    pub text: &'static str,
}

macro_rules! page {
    ($folder:literal, $code:literal) => {
        RunbookPage {
            code: $code,
            folder: $folder,
            text: include_str!(concat!("../../../deploy/runbooks/", $folder, "/", $code, ".md")),
        }
    };
}

/// Every page.
const PAGES: [RunbookPage; 50] = [
    page!("authority", "duties-overdue"),
    page!("authority", "extensions-waiting"),
    page!("authority", "lists-waiting"),
    page!("authority", "pack-waiting"),
    page!("authority", "packs-differ"),
    page!("authority", "reviews-waiting"),
    page!("connections", "certificate"),
    page!("connections", "channel-quota"),
    page!("connections", "connections-full"),
    page!("connections", "handshake-flood"),
    page!("connections", "load-uneven"),
    page!("connections", "unfinished-memory"),
    page!("gateway", "all-is-well"),
    page!("gateway", "draining"),
    page!("gateway", "gateway-behind"),
    page!("gateway", "gateway-down"),
    page!("gateway", "not-ready"),
    page!("gateway", "restart-loop"),
    page!("gateway", "versions-differ"),
    page!("gateway", "worker-stuck"),
    page!("journal", "backlog"),
    page!("journal", "drain-failures"),
    page!("journal", "journal-full"),
    page!("journal", "journal-room"),
    page!("machine", "backup-old"),
    page!("machine", "clock"),
    page!("machine", "descriptors"),
    page!("machine", "disk-room"),
    page!("machine", "disk-slow"),
    page!("machine", "memory"),
    page!("machine", "ports"),
    page!("machine", "secret"),
    page!("machine", "segmentation-offload"),
    page!("machine", "socket-buffers"),
    page!("machine", "udp-path"),
    page!("office", "office-errors"),
    page!("office", "office-full"),
    page!("office", "provider-faults"),
    page!("office", "tracer-budget"),
    page!("service-level", "check-ins-missing"),
    page!("service-level", "codes-refused"),
    page!("service-level", "error-budget"),
    page!("service-level", "scans-refused"),
    page!("store", "colours-loading"),
    page!("store", "colours-old"),
    page!("store", "snapshot-old"),
    page!("store", "store-copies"),
    page!("store", "store-down"),
    page!("store", "store-latency"),
    page!("store", "store-schema"),
];

impl RunbookPage {
    /// The page with this code.
    #[must_use]
    pub fn find(code: &str) -> Option<&'static Self> {
        PAGES.iter().find(|page| page.code == code)
    }

    /// Every page.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &PAGES
    }

    /// Its file in the repository.
    #[must_use]
    pub fn path(&self) -> String {
        format!("deploy/runbooks/{}/{}.md", self.folder, self.code)
    }

    /// Its heading.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches("# ")
    }

    /// Its first line: what to do.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        self.text.lines().nth(2).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::log_events;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    #[test]
    fn every_file_of_the_runbooks_is_a_page() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folders = fs::read_dir(root.join("deploy/runbooks")).unwrap().map(|entry| entry.unwrap().path());
        let files = folders.filter(|path| path.is_dir()).flat_map(|folder| fs::read_dir(folder).unwrap());
        let files: BTreeSet<_> = files.map(|file| file.unwrap().path().canonicalize().unwrap()).collect();
        let pages: BTreeSet<_> =
            PAGES.iter().map(|page| root.join(page.path()).canonicalize().unwrap()).collect();
        assert_eq!(files, pages);
        let codes: BTreeSet<_> = PAGES.iter().map(|page| page.code).collect();
        assert_eq!(codes.len(), PAGES.len(), "two pages have the same code");
    }

    #[test]
    fn a_page_has_a_title_a_line_of_advice_and_five_sections() {
        let sections = ["Meaning", "Impact", "Check", "Fix", "Escalate"];
        for page in &PAGES {
            let lines: Vec<_> = page.text.lines().take(4).collect();
            assert!(
                lines[0].starts_with("# ") && lines[1].is_empty() && lines[3].is_empty(),
                "{}",
                page.code
            );
            assert!(page.advice().ends_with('.'), "{}", page.code);
            let headings: Vec<_> = page.text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
            assert_eq!(headings, sections, "{}", page.code);
        }
    }

    #[test]
    fn the_pages_that_log_events_name_exist() {
        for event in log_events::all().filter(|event| !event.page.is_empty()) {
            assert!(RunbookPage::find(event.page).is_some(), "{} names {}", event.code, event.page);
        }
    }
}
