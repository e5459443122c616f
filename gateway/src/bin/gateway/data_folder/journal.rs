//! `gateway journal`: looks at a journal's files, beside a running gateway too, and changes nothing.

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use scangate_core::check_in::{CheckIn, Direction};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::time::Timestamp;
use scangate_storage::journal::{Damage, JournalFiles, JournalSurvey, SegmentFile, Sequence};
use serde::Serialize;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(crate) enum JournalCommand {
    /// Prints segments, their records, the checkpoint, the end and the backlog.
    Inspect(FolderOptions),
    /// Checks every record, and names the first damaged place.
    Verify(FolderOptions),
    /// Prints check-ins as NDJSON: ids, times, and no names.
    Export(ExportOptions),
}

#[derive(Args)]
pub(crate) struct FolderOptions {
    /// The data folder.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
}

#[derive(Args)]
pub(crate) struct ExportOptions {
    #[command(flatten)]
    folder: FolderOptions,
    /// Leaves out check-ins before this time, such as 2022-01-04T08:00:00Z.
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Leaves out check-ins at this time or later.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
}

/// A line of an export.
#[derive(Serialize)]
struct ExportLine {
    sequence: u64,
    check_in: CheckInId,
    person: PersonId,
    venue: VenueId,
    at: Timestamp,
    direction: Direction,
    evidence: &'static str,
}

/// Runs a command.
pub(crate) fn run(command: JournalCommand) -> anyhow::Result<()> {
    let out = &mut BufWriter::new(io::stdout().lock());
    match command {
        JournalCommand::Inspect(FolderOptions { data }) => inspect(&data, out)?,
        JournalCommand::Verify(FolderOptions { data }) => verify(&data, out)?,
        JournalCommand::Export(options) => export(&options, out)?,
    }
    Ok(out.flush()?)
}

/// Reads a data folder's journal, and visits its records.
fn survey(
    data: &Path,
    each: impl FnMut(Sequence, CheckIn) -> anyhow::Result<()>,
) -> anyhow::Result<JournalSurvey> {
    let folder = data.join("journal");
    JournalFiles::open(&folder).with_context(|| folder.display().to_string())?.survey(each)
}

fn inspect(data: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let survey = survey(data, |_, _| Ok(()))?;
    for segment in &survey.segments {
        let SegmentFile { bytes, first, end, records, is_sealed, .. } = segment;
        write!(out, "{}  {bytes} bytes, {records} records, {} to {}", segment.name(), first.0, end.0)?;
        if let Some((from, to)) = segment.times {
            write!(out, ", {from} to {to}")?;
        }
        writeln!(out, "{}", if *is_sealed { ", closed" } else { "" })?;
    }
    let JournalSurvey { checkpoint, end, .. } = survey;
    let bytes: u64 = survey.segments.iter().map(|segment| segment.bytes).sum();
    writeln!(out, "segments    {}, {bytes} bytes", survey.segments.len())?;
    writeln!(out, "checkpoint  {}: the store has everything before it", checkpoint.0)?;
    writeln!(out, "end         {}", end.0)?;
    writeln!(out, "backlog     {} records", end.0.saturating_sub(checkpoint.0))?;
    writeln!(out, "damaged     {} slots", survey.damaged.len())?;
    Ok(())
}

fn verify(data: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let survey = survey(data, |_, _| Ok(()))?;
    let records: u64 = survey.segments.iter().map(|segment| segment.records).sum();
    let place = |damage: &Damage| {
        let (file, offset) = damage.place();
        format!("{} at byte {offset}", data.join("journal").join(file).display())
    };
    if let Some(first) = survey.damaged.first() {
        anyhow::bail!(
            "damaged: {}, and {} slots in total; {records} records are intact",
            place(first),
            survey.damaged.len()
        );
    }
    writeln!(out, "ok: {records} records in {} segments", survey.segments.len())?;
    if let Some(torn) = &survey.torn_tail {
        writeln!(
            out,
            "the last group is unfinished, {}: a gateway writes it now, or a crash cut it off unacknowledged",
            place(torn)
        )?;
    }
    Ok(())
}

fn export(options: &ExportOptions, out: &mut impl Write) -> anyhow::Result<()> {
    let ExportOptions { folder, from, until } = options;
    let survey = survey(&folder.data, |sequence, check_in| {
        let is_wanted =
            from.is_none_or(|from| check_in.at >= from) && until.is_none_or(|until| check_in.at < until);
        if is_wanted { write_line(out, sequence, &check_in) } else { Ok(()) }
    })?;
    out.flush()?;
    ensure!(
        survey.damaged.is_empty(),
        "{} slots of the journal are damaged, and their check-ins are not in the export",
        survey.damaged.len()
    );
    Ok(())
}

fn write_line(out: &mut impl Write, sequence: Sequence, check_in: &CheckIn) -> anyhow::Result<()> {
    let line = ExportLine {
        sequence: sequence.0,
        check_in: check_in.id,
        person: check_in.person,
        venue: check_in.venue,
        at: check_in.at,
        direction: check_in.direction,
        evidence: check_in.mode.evidence(),
    };
    serde_json::to_writer(&mut *out, &line)?;
    Ok(writeln!(out)?)
}
