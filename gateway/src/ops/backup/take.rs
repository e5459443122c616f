//! Takes a backup of an open data folder.

use super::archive::ArchiveWriter;
use super::contents::RowStore;
use super::files;
use super::manifest::{BackupHead, BackupManifest};
use anyhow::{Context as _, ensure};
use scangate_core::check_in::CheckIn;
use scangate_storage::journal::{Journal, JournalFiles, Sequence};
use scangate_storage::raw_store::RawSnapshot;
use scangate_storage::registry::Registry;
use scangate_storage::trail::TrailStore;
use std::io::Write;
use std::path::Path;

/// Records in a frame: half a mebibyte, and a group of a restored journal.
const RECORDS_A_FRAME: usize = 8_192;

/// The open parts of a data folder.
pub(super) struct BackupSource<'a> {
    pub(super) data: &'a Path,
    /// The stores, where the folder has them.
    pub(super) registry: Option<&'a Registry>,
    pub(super) trails: Option<&'a dyn TrailStore>,
    /// The journal of a running gateway; `None` where nothing is written to it.
    pub(super) journal: Option<&'a Journal>,
}

/// Writes a backup to `out`, which has the magic already. **Cost**: reads everything, and holds a segment of
/// the journal and some frames in memory. **Errors**: the disk's or the peer's; the source is unchanged.
pub(super) fn take<W: Write>(
    source: &BackupSource<'_>,
    head: &BackupHead,
    out: W,
) -> anyhow::Result<(BackupManifest, W)> {
    let files = JournalFiles::open(&source.data.join("journal"))
        .with_context(|| format!("{} is not the data folder of a gateway", source.data.display()))?;
    let hold = match source.journal {
        Some(journal) => Some(journal.hold().context("the journal is held by another backup")?),
        None => None,
    };
    // The order of these reads makes the backup consistent: see the module `backup`.
    let checkpoint = files.checkpoint();
    let registry = source.registry.map(Registry::snapshot).transpose()?.flatten();
    let trails = source.trails.map(TrailStore::snapshot).transpose()?.flatten();
    let mark = source.journal.map(Journal::durable_end);

    let mut archive = ArchiveWriter::begin(out, head)?;
    let mut records = RecordRun { archive: &mut archive, first: checkpoint, check_ins: Vec::new(), count: 0 };
    let wanted = checkpoint..mark.unwrap_or(Sequence(u64::MAX));
    let survey =
        files.survey(
            |sequence, check_in| {
                if wanted.contains(&sequence) { records.push(sequence, check_in) } else { Ok(()) }
            },
        )?;
    records.flush()?;
    let (count, mark) = (records.count, mark.unwrap_or(survey.end));
    let is_whole = hold.as_ref().is_none_or(|hold| hold.is_whole());
    ensure!(is_whole, "the journal needed the space of records that the backup had not read; try again");
    drop(hold);

    files::visit(source.data, &mut |name, bytes| archive.file(name, bytes))?;
    copy_rows(RowStore::Registry, registry.as_ref(), &mut archive)?;
    copy_rows(RowStore::Trails, trails.as_ref(), &mut archive)?;
    archive.finish(checkpoint, mark, mark.0.saturating_sub(checkpoint.0).saturating_sub(count))
}

/// Writes the rows of a store.
fn copy_rows<W: Write>(
    store: RowStore,
    snapshot: Option<&RawSnapshot>,
    archive: &mut ArchiveWriter<W>,
) -> anyhow::Result<()> {
    snapshot
        .map_or(Ok(()), |snapshot| snapshot.rows(|table, key, value| archive.row(store, table, key, value)))
}

/// Consecutive records that make one frame.
struct RecordRun<'a, W> {
    archive: &'a mut ArchiveWriter<W>,
    first: Sequence,
    check_ins: Vec<CheckIn>,
    /// All records so far.
    count: u64,
}

impl<W: Write> RecordRun<'_, W> {
    fn push(&mut self, sequence: Sequence, check_in: CheckIn) -> anyhow::Result<()> {
        let is_next = sequence == self.first.plus(self.check_ins.len() as u64);
        if !is_next || self.check_ins.len() == RECORDS_A_FRAME {
            self.flush()?;
        }
        if self.check_ins.is_empty() {
            self.first = sequence;
        }
        self.check_ins.push(check_in);
        self.count += 1;
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        if !self.check_ins.is_empty() {
            self.archive.records(self.first, &self.check_ins)?;
            self.check_ins.clear();
        }
        Ok(())
    }
}
