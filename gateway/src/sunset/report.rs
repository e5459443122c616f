//! The report: what there was, what is left, and what the command could not see to. It names nobody.

use super::inventory::{Before, Held};
use super::signature::{self, PublicKey};
use crate::deployment::ENDED_MARKER;
use anyhow::{Context as _, ensure};
use indicatif::{HumanBytes, HumanCount};
use scangate_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// The format of a report's body.
const FORMAT: &str = "scangate-sunset/1";

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The format of all this.
    pub format: String,
    /// The program that did it, with its version.
    pub program: String,
    /// When it began.
    pub begun: Timestamp,
    /// When all was gone.
    pub ended: Timestamp,
    /// What there was.
    #[serde(flatten)]
    pub before: Before,
    /// What was found afterwards.
    pub found: Found,
    /// What is left on purpose in the data folder: the marker that no gateway starts there.
    pub kept: Vec<String>,
    /// What a reader has to know, and what is for others to do.
    pub remarks: Vec<String>,
}

/// What was found after all was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Files in the data folder.
    pub files: Vec<String>,
    /// Tables in the keyspace.
    pub tables: Vec<String>,
}

impl Found {
    /// Whether nothing was.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.files.is_empty() && self.tables.is_empty()
    }
}

impl Report {
    /// The report of an end.
    pub(super) fn new(begun: Timestamp, ended: Timestamp, before: Before, found: Found) -> Self {
        let remarks = remarks(&before);
        Self {
            format: FORMAT.to_owned(),
            program: concat!("scangate gateway ", env!("CARGO_PKG_VERSION")).to_owned(),
            begun,
            ended,
            before,
            found,
            kept: vec![ENDED_MARKER.to_owned()],
            remarks,
        }
    }

    /// What is signed.
    pub(super) fn body(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    /// Reads a signed report. **Errors**: it was changed, or is none.
    pub(super) fn open(text: &str) -> anyhow::Result<(Self, PublicKey)> {
        let (body, key) = signature::open(text)?;
        let report: Self =
            serde_json::from_str(&body).context("it is signed, and no report of this version")?;
        ensure!(
            report.format == FORMAT,
            "it is of format {}, which this version does not read",
            report.format
        );
        Ok((report, key))
    }
}

/// What is for others to do.
fn remarks(before: &Before) -> Vec<String> {
    let mut remarks = vec![
        "Files were removed by name, after keys, tokens and the secret in the folder had been written over once. A \
         disk may keep what a removed file held until it uses the place again; names, phones and document numbers \
         in there are sealed under the secret."
            .to_owned(),
        "Backups, copies of the secret, and what tracers have exported are beyond this command: whoever keeps them \
         must destroy them."
            .to_owned(),
    ];
    if !before.elsewhere.is_empty() {
        remarks.push(format!(
            "Named by the configuration or the command line, and lying elsewhere: {}. Whoever keeps them must destroy \
             them.",
            before.elsewhere.join(", ")
        ));
    }
    if !before.links.is_empty() {
        remarks.push(format!(
            "Links that were removed: {}. A folder that a link led to was emptied; a file was left alone, and is for \
             whoever keeps it to destroy.",
            before.links.join(", ")
        ));
    }
    if let Some(keyspace) = &before.keyspace {
        remarks.push(format!(
            "ScyllaDB and Cassandra keep a snapshot of each dropped table on every node unless `auto_snapshot` is \
             false. Run on every node `nodetool clearsnapshot {name}` (ScyllaDB) or `nodetool clearsnapshot --all \
             {name}` (Cassandra), and see that the folder {name} among the node's data holds no file. Commit logs \
             keep what they hold until the node recycles them.",
            name = keyspace.name
        ));
        remarks.push(
            "Every other gateway of the city has a data folder with a journal, a snapshot and perhaps the secret: \
             each is ended by a sunset of its own."
                .to_owned(),
        );
        if keyspace.nodes_away > 0 {
            remarks.push(format!(
                "{} of {} nodes could not be reached: each has its copy until it is back and hears of the end.",
                keyspace.nodes_away, keyspace.nodes
            ));
        }
    }
    remarks
}

/// The report in words.
impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, begun, ended, before, found, kept, remarks, .. } = self;
        writeln!(out, "ended by    {program}")?;
        writeln!(out, "begun       {begun}\nended       {ended}")?;
        write!(out, "{before}")?;
        if found.is_nothing() {
            writeln!(out, "left        nothing; {} in the folder says that it ended", kept.join(", "))?;
        } else {
            writeln!(out, "left        {}", [&found.files[..], &found.tables].concat().join(", "))?;
        }
        remarks.iter().try_for_each(|remark| writeln!(out, "\n{remark}"))
    }
}

/// What there was, in words.
impl fmt::Display for Before {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "folder      {}", self.folder)?;
        if let Some(keyspace) = &self.keyspace {
            writeln!(out, "keyspace    {}: {}", keyspace.name, keyspace.tables.join(", "))?;
        }
        self.held.iter().try_for_each(|held| write!(out, "{held}"))?;
        let journal = &self.journal;
        writeln!(
            out,
            "journal     {} records, {} of them not in the trails",
            HumanCount(journal.records),
            HumanCount(journal.undrained)
        )?;
        writeln!(out, "files       {}, {}", HumanCount(self.files.len() as u64), HumanBytes(self.bytes()))
    }
}

/// What a store held, in words.
impl fmt::Display for Held {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |number: u64| HumanCount(number);
        writeln!(
            out,
            "{:<11} {} people, {} venues, {} facts, {} daily reports, {} cases",
            self.store,
            count(self.people),
            count(self.venues),
            count(self.facts),
            count(self.daily_reports),
            count(self.cases)
        )?;
        write!(out, "audit       {} entries", count(self.audit.entries))?;
        if let Some(hash) = &self.audit.last_hash {
            write!(out, ", the last of hash {hash}")?;
        }
        if let Some(number) = self.audit.broken_at {
            write!(out, "; entry {number} is missing or was changed")?;
        }
        let sum = self.check_ins.values().sum();
        write!(out, "\ncheck-ins   {}", count(sum))?;
        if let (Some((first, _)), Some((last, _))) =
            (self.check_ins.first_key_value(), self.check_ins.last_key_value())
        {
            write!(out, ", from {first} to {last}")?;
        }
        writeln!(out)
    }
}

/// Where a report is written.
pub(super) struct Place(PathBuf);

impl Place {
    /// A place outside the data folder.
    pub(super) fn outside(data: &Path, path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let name = path.file_name().with_context(|| format!("--report {shown} names no file"))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.canonicalize().with_context(|| format!("--report {shown}"))?;
        ensure!(
            !folder.starts_with(data),
            "--report {shown} lies in the data folder, where everything is deleted: name a file elsewhere"
        );
        Ok(Self(folder.join(name)))
    }

    /// Finds out that nothing is there yet.
    pub(super) fn ensure_free(&self) -> anyhow::Result<()> {
        ensure!(
            !self.0.exists(),
            "{} exists and is not written over: name another file by --report",
            self.0.display()
        );
        Ok(())
    }

    /// Writes a report there, unless it is there already. It is on disk when this returns.
    pub(super) fn write(&self, text: &str) -> anyhow::Result<()> {
        let write = || -> std::io::Result<()> {
            let mut file = match OpenOptions::new().write(true).create_new(true).open(&self.0) {
                Err(error)
                    if error.kind() == ErrorKind::AlreadyExists && fs::read(&self.0)? == text.as_bytes() =>
                {
                    return Ok(());
                }
                opened => opened?,
            };
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::File::open(self.0.parent().unwrap_or(Path::new(".")))?.sync_all()
        };
        write().with_context(|| {
            format!(
                "all is deleted, but {} cannot be written: name another file by --report",
                self.0.display()
            )
        })
    }

    /// The path.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}
