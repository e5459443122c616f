//! One finding: a sentence, how bad it is, and the page of the runbooks that says what to do.

use scangate_gateway::ops::runbooks::RunbookPage;
use serde_json::{Value, json};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    /// Not at all.
    Ok,
    /// The gateway serves, but not as it should.
    Warning,
    /// The gateway would not start, could lose check-ins, or would be refused by phones.
    Error,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DoctorFinding {
    pub(super) severity: Severity,
    /// The code of the page about it.
    page: &'static str,
    text: String,
}

impl DoctorFinding {
    pub(super) fn ok(page: &'static str, text: impl Into<String>) -> Self {
        Self { severity: Severity::Ok, page, text: text.into() }
    }

    pub(super) fn warning(page: &'static str, text: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, page, text: text.into() }
    }

    pub(super) fn error(page: &'static str, text: impl Into<String>) -> Self {
        Self { severity: Severity::Error, page, text: text.into() }
    }

    fn word(&self) -> &'static str {
        match self.severity {
            Severity::Ok => "ok",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }

    fn remedy(&self) -> Option<&'static str> {
        let page = RunbookPage::find(self.page).filter(|_| self.severity != Severity::Ok);
        page.map(RunbookPage::advice)
    }

    /// The finding for a terminal; a fault has its remedy in a second line.
    pub(super) fn lines(&self) -> String {
        let line = format!("{:8} {}\n", self.word(), self.text);
        let remedy =
            self.remedy().map(|remedy| format!("         {remedy} (gateway explain {})\n", self.page));
        line + &remedy.unwrap_or_default()
    }

    /// The finding for a program.
    pub(super) fn json(&self) -> Value {
        let link = RunbookPage::find(self.page).map(RunbookPage::path);
        json!({
            "result": self.word(),
            "code": self.page,
            "text": self.text,
            "remedy": self.remedy(),
            "link": link,
        })
    }
}
