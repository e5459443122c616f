//! `loadgen doctor`: whether this machine, a data folder and a target are fit for a run. Each finding that is
//! not fine says what to do.

mod certificate;
mod clock;
mod files;
mod limits;
mod network;
mod target;

use crate::client::LoadTarget;
use scangate_core::time::Timestamp;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingLevel {
    /// Nothing is to do.
    Ok,
    /// A run is possible, and its figures may suffer.
    Warning,
    /// A run would fail.
    Error,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorFinding {
    /// The name of the check.
    pub check: &'static str,
    /// How much it matters.
    pub level: FindingLevel,
    /// What was found.
    pub text: String,
    /// What the operator can do; none if the finding is fine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl DoctorFinding {
    fn ok(check: &'static str, text: impl Into<String>) -> Self {
        Self { check, level: FindingLevel::Ok, text: text.into(), remedy: None }
    }

    fn warning(check: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, level: FindingLevel::Warning, text: text.into(), remedy: Some(remedy.into()) }
    }

    /// A finding with which a run would fail.
    pub fn error(check: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, level: FindingLevel::Error, text: text.into(), remedy: Some(remedy.into()) }
    }
}

impl fmt::Display for DoctorFinding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.level {
            FindingLevel::Ok => "ok",
            FindingLevel::Warning => "warning",
            FindingLevel::Error => "error",
        };
        write!(out, "{word:<8} {:<12} {}", self.check, self.text)?;
        self.remedy.as_ref().map_or(Ok(()), |remedy| write!(out, ": {remedy}"))
    }
}

/// The run for which the machine is examined.
#[derive(Debug, Clone)]
pub struct IntendedRun {
    /// The gateway's data folder.
    pub data: PathBuf,
    /// The rate. **Units**: scans a second.
    pub rate: f64,
    /// The length.
    pub length: Duration,
    /// The number of residents.
    pub residents: u32,
    /// The connections of gates over TCP, each with a descriptor and a local port.
    pub tcp_connections: u32,
}

/// The findings of an examination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorReport {
    /// Whether no finding is an error.
    pub is_fit: bool,
    /// The findings.
    pub findings: Vec<DoctorFinding>,
}

/// Examines the machine and the data folder for a run.
#[must_use]
pub fn examine(run: &IntendedRun, host: &str, now: Timestamp) -> Vec<DoctorFinding> {
    let mut findings = files::check(&run.data, now);
    findings.extend(certificate::check(&run.data, host, now));
    findings.extend([limits::descriptors(run), limits::ports(run), limits::memory(run)]);
    findings.extend([network::receive_buffer(run), network::send_buffer(run), network::segmentation()]);
    findings.extend([clock::resolution(), clock::synchronisation()]);
    findings
}

/// Examines a target: whether a gateway answers there, accepts the tokens, and has the same time of day.
pub async fn examine_target(target: &LoadTarget, run: &IntendedRun, now: Timestamp) -> Vec<DoctorFinding> {
    target::check(target, &run.data, now).await
}

impl DoctorReport {
    /// The report of these findings.
    #[must_use]
    pub fn new(findings: Vec<DoctorFinding>) -> Self {
        let is_fit = findings.iter().all(|finding| finding.level != FindingLevel::Error);
        Self { is_fit, findings }
    }
}

impl fmt::Display for DoctorReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.findings.iter().try_for_each(|finding| writeln!(out, "{finding}"))
    }
}
