//! Compares a restored data folder with the list of its backup.

use super::contents::RowStore;
use super::files;
use super::manifest::{BackupManifest, PartSum};
use super::sums::PartSums;
use anyhow::{Context as _, ensure};
use scangate_storage::journal::{JournalFiles, RECORD_BYTES, Sequence, pack_records};
use scangate_storage::raw_store::RawSnapshot;
use scangate_storage::trail::{BUCKETS, EmbeddedTrails};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// The parts that were read back and agreed with the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The number of parts: files, tables and the journal.
    pub parts: usize,
    /// Rows of the registry.
    pub registry_rows: u64,
    /// Rows of the trails.
    pub trail_rows: u64,
    /// The check-ins in those rows, as many by person as by venue.
    pub check_ins: u64,
    /// Records of the journal.
    pub records: u64,
    /// The sequence up to which trails and journal have every check-in.
    pub mark: u64,
}

impl fmt::Display for Comparison {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parts, registry_rows, trail_rows, check_ins, records, mark } = self;
        writeln!(out, "compared    {parts} parts by count and SHA-256: all equal")?;
        writeln!(out, "            {registry_rows} rows of the registry, {trail_rows} of the trails")?;
        write!(
            out,
            "            {check_ins} check-ins in the trails by person and by venue, {records} in the journal, up \
             to mark {mark}"
        )
    }
}

/// Reads a folder back, and compares it. **Cost**: reads everything, and the trails twice. **Errors**: the
/// first part that differs.
pub(super) fn compare(data: &Path, manifest: &BackupManifest) -> anyhow::Result<Comparison> {
    let mut sums = PartSums::default();
    files::visit(data, &mut |name, bytes| {
        sums.add_file(name, bytes);
        Ok(())
    })?;
    for (store, name) in [(RowStore::Registry, "registry"), (RowStore::Trails, "trails")] {
        let folder = data.join(name);
        if folder.is_dir() {
            RawSnapshot::open(&folder)?.rows(|table, key, value| {
                sums.add(&store.part(table), &[key, value]);
                Ok::<_, anyhow::Error>(())
            })?;
        }
    }
    let (end, checkpoint) = sum_journal(data, &mut sums)?;
    ensure_equal(&manifest.parts, &sums.finish())?;
    ensure!(
        (checkpoint, end) == (manifest.from(), manifest.to()),
        "the restored journal does not end at the backup's mark"
    );
    let trails = data.join("trails");
    let [by_person, by_venue] =
        if trails.is_dir() { EmbeddedTrails::open(&trails, BUCKETS)?.count_both()? } else { [0; 2] };
    ensure!(
        by_person == by_venue,
        "the restored trails have {by_person} check-ins by person and {by_venue} by venue"
    );
    Ok(Comparison {
        parts: manifest.parts.len(),
        registry_rows: manifest.count("registry/").1,
        trail_rows: manifest.count("trails/").1,
        check_ins: by_person,
        records: manifest.count("journal").1,
        mark: manifest.mark,
    })
}

/// Adds the records of the journal. Returns its end and its checkpoint.
fn sum_journal(data: &Path, sums: &mut PartSums) -> anyhow::Result<(Sequence, Sequence)> {
    let mut slot = Vec::with_capacity(RECORD_BYTES);
    let survey = JournalFiles::open(&data.join("journal"))?.survey(|sequence, check_in| {
        slot.clear();
        pack_records(sequence, &[check_in], &mut slot);
        sums.add_records(1, &slot);
        Ok::<_, anyhow::Error>(())
    })?;
    ensure!(survey.damaged.is_empty() && survey.torn_tail.is_none(), "the restored journal is damaged");
    Ok((survey.end, survey.checkpoint))
}

fn ensure_equal(listed: &BTreeMap<String, PartSum>, found: &BTreeMap<String, PartSum>) -> anyhow::Result<()> {
    for (part, sum) in listed {
        let restored =
            found.get(part).with_context(|| format!("{part} is missing in the restored folder"))?;
        ensure!(restored == sum, "{part} differs from the backup in the restored folder");
    }
    let surplus = found.keys().find(|part| !listed.contains_key(*part));
    ensure!(surplus.is_none(), "the restored folder has a part that the backup has not: {surplus:?}");
    Ok(())
}
