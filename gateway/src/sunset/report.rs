//! The report: what was deleted, what is left, and what the operator must still do. It names no person.

use super::inventory::{Inventory, StoreInventory};
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

/// The report of a sunset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SunsetReport {
    /// The format's name and version.
    pub format: String,
    /// The program and its version.
    pub program: String,
    /// The time at which the sunset began.
    pub begun: Timestamp,
    /// The time at which everything was deleted.
    pub ended: Timestamp,
    /// The contents before deletion.
    #[serde(flatten)]
    pub inventory: Inventory,
    /// The files and tables found after deletion.
    pub found: Leftovers,
    /// The files that stay in the data folder on purpose: the marker, with which no gateway starts there.
    pub kept: Vec<String>,
    /// Limits of the deletion, and duties that the command cannot do.
    pub remarks: Vec<String>,
}

/// The files and tables found after deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftovers {
    /// Files in the data folder.
    pub files: Vec<String>,
    /// Tables in the keyspace.
    pub tables: Vec<String>,
}

impl Leftovers {
    /// Whether nothing was left.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.files.is_empty() && self.tables.is_empty()
    }
}

impl SunsetReport {
    /// Makes the report of a completed sunset.
    pub(super) fn new(begun: Timestamp, ended: Timestamp, inventory: Inventory, found: Leftovers) -> Self {
        let remarks = remarks(&inventory);
        Self {
            format: FORMAT.to_owned(),
            program: concat!("scangate gateway ", env!("CARGO_PKG_VERSION")).to_owned(),
            begun,
            ended,
            inventory,
            found,
            kept: vec![ENDED_MARKER.to_owned()],
            remarks,
        }
    }

    /// The text that is signed.
    pub(super) fn body(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    /// Reads a signed report. **Errors**: the text was changed, or is not a report.
    pub(super) fn open(text: &str) -> anyhow::Result<(Self, PublicKey)> {
        let (body, key) = signature::open(text)?;
        let report: Self = serde_json::from_str(&body)
            .context("the signature is valid, but the text is not a report of this version")?;
        ensure!(report.format == FORMAT, "its format is {}, which this version does not read", report.format);
        Ok((report, key))
    }
}

/// Limits of the deletion, and duties that the command cannot do.
fn remarks(inventory: &Inventory) -> Vec<String> {
    let mut remarks = vec![
        "Keys, tokens and the secret in the folder were overwritten once; then all files were removed by name. A \
         disk may keep the content of a removed file until it reuses the blocks; names, phones and document numbers \
         in that content are sealed under the secret."
            .to_owned(),
        "This command cannot reach backups, copies of the secret, or exports of tracers: their keepers must destroy \
         them."
            .to_owned(),
    ];
    if !inventory.elsewhere.is_empty() {
        remarks.push(format!(
            "Outside the data folder, and not deleted: {}. Their keepers must destroy them.",
            inventory.elsewhere.join(", ")
        ));
    }
    if !inventory.links.is_empty() {
        remarks.push(format!(
            "Links that were removed: {}. The target of a link to a folder was emptied. The target of a link to a file \
             was not changed: its keeper must destroy it.",
            inventory.links.join(", ")
        ));
    }
    if let Some(keyspace) = &inventory.keyspace {
        remarks.push(format!(
            "ScyllaDB and Cassandra keep a snapshot of each dropped table on every node unless `auto_snapshot` is \
             false. Run on every node `nodetool clearsnapshot {name}` (ScyllaDB) or `nodetool clearsnapshot --all \
             {name}` (Cassandra), and check that the folder {name} in the node's data folder holds no file. Commit logs \
             keep what they hold until the node recycles them.",
            name = keyspace.name
        ));
        remarks.push(
            "Every other gateway of the city has a data folder with a journal, a snapshot and perhaps the secret: \
             run `gateway sunset` on each."
                .to_owned(),
        );
        if keyspace.nodes_away > 0 {
            remarks.push(format!(
                "{} of {} nodes could not be reached: each keeps its copy until it rejoins and learns of the drop.",
                keyspace.nodes_away, keyspace.nodes
            ));
        }
    }
    remarks
}

/// The report as text.
impl fmt::Display for SunsetReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, begun, ended, inventory, found, kept, remarks, .. } = self;
        writeln!(out, "ended by    {program}")?;
        writeln!(out, "begun       {begun}\nended       {ended}")?;
        write!(out, "{inventory}")?;
        if found.is_nothing() {
            writeln!(out, "left        nothing; {} in the folder says that it ended", kept.join(", "))?;
        } else {
            writeln!(out, "left        {}", [&found.files[..], &found.tables].concat().join(", "))?;
        }
        remarks.iter().try_for_each(|remark| writeln!(out, "\n{remark}"))
    }
}

/// The inventory as text.
impl fmt::Display for Inventory {
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

/// The contents of a store as text.
impl fmt::Display for StoreInventory {
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

/// The file of a report, outside the data folder.
pub(super) struct ReportFile(PathBuf);

impl ReportFile {
    /// The file at a path. **Errors**: it is in the data folder, or its folder does not exist.
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

    /// Checks that the file does not exist yet.
    pub(super) fn ensure_free(&self) -> anyhow::Result<()> {
        ensure!(
            !self.0.exists(),
            "{} exists and is not overwritten: name another file by --report",
            self.0.display()
        );
        Ok(())
    }

    /// Writes the report, unless the file already holds it. It is on disk when this returns.
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
                "everything is deleted, but {} cannot be written: name another file by --report",
                self.0.display()
            )
        })
    }

    /// The path.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}
