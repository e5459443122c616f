//! `gateway store copy`: copies an embedded deployment from its data folder to a cluster, then reads it back
//! and compares. The copy may be interrupted anywhere and resumed; every write is idempotent.
//! `scangate-storage` reads and writes the stores piece by piece.

mod progress;
mod progress_bar;
mod target;

use crate::clock;
use crate::config::Config;
use crate::deployment::store::{self, RetryBudget};
use crate::deployment::{self, FolderFormat};
use anyhow::{Context as _, bail, ensure};

use progress::{CopyProgress, CopySource, CopyStage, ProgressFile};
use progress_bar::StageBar;
use scangate_core::keys::Secret;
use scangate_storage::copying::Difference;
use scangate_storage::cql::{Address, Cluster, FillState, Schema};
use scangate_storage::journal::{self, RealDisk, Sequence};
use scangate_storage::registry::{Registry, RegistryCopy};
use scangate_storage::trail::{BUCKETS, Index, TrailCopy, TrailError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Timeout of the cluster's first answer. It includes the time to create the schema.
const CONNECT_MAX: Duration = Duration::from_secs(120);

/// A copy to be made: source, target and settings.
pub struct CopyJob {
    /// The data folder of a gateway that has been stopped.
    pub from: PathBuf,
    /// The cluster and the keyspace.
    pub to: Address,
    /// The connection settings of the cluster, and its retention.
    pub config: Config,
}

/// The counts of a verified copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopySummary {
    /// Registry rows that are equal on both sides.
    pub rows: u64,
    /// Check-ins that are equal on both sides.
    pub check_ins: u64,
    /// Check-ins past their retention, which were not copied.
    pub expired: u64,
}

/// Copies a deployment and compares the copy with it. **Errors**: the source is not ready, or the keyspace
/// belongs to another city (nothing was written); the cluster was unavailable for too long; the copy differs
/// from the source.
pub fn copy(job: &CopyJob) -> anyhow::Result<CopySummary> {
    let CopyJob { from, to, config } = job;
    // The journal's lock covers the whole folder, as for a gateway.
    let (_lock, journal_end) = lock_source(from)?;
    FolderFormat::ensure_known(from)?;
    let secret = deployment::existing_secret(from, config.secret.as_deref())?;
    let cluster = Arc::new(store::cluster(to, &config.cql, Schema::Make)?);
    let registry = RegistryCopy::open(&from.join("registry"), Arc::clone(&cluster))?;
    registry.check(&secret).with_context(|| format!("the registry of {}", from.display()))?;
    let buckets = config.cql.buckets.unwrap_or(BUCKETS);
    let trails =
        TrailCopy::open(&from.join("trails"), BUCKETS, Arc::clone(&cluster), buckets, config.retention_days)?;
    let source = CopySource { journal_end: journal_end.0, registry: registry.sum()? };
    let mut retry = RetryBudget::default();
    retry.run(progress_bar::print, || cluster.connect(CONNECT_MAX))?;
    let file = ProgressFile::of(from);
    let mut copier = Copier { job, cluster, registry, trails, file, retry, was_complete: false };
    let progress = copier.resume(&secret, source)?;
    copier.copy(progress)
}

/// Locks a data folder whose journal has been drained to its trails. Returns the lock and the journal's end.
fn lock_source(folder: &Path) -> anyhow::Result<(RealDisk, Sequence)> {
    let shown = folder.display();
    deployment::ensure_not_ended(folder)?;
    for part in ["journal", "registry", "trails"] {
        ensure!(
            folder.join(part).is_dir(),
            "{shown} is not the data folder of a gateway with embedded stores: it has no `{part}`"
        );
    }
    let disk = RealDisk::open(folder.join("journal"))
        .with_context(|| format!("{shown} cannot be copied: stop its gateway first"))?;
    let found = journal::inspect(&disk)?;
    let backlog = found.end.0.saturating_sub(found.checkpoint.0);
    ensure!(
        backlog == 0,
        "{backlog} check-ins in the journal of {shown} are not in its trails yet: start the gateway once more \
         and stop it in order"
    );
    Ok((disk, found.end))
}

/// Both sides of a copy, its progress file and its retries.
struct Copier<'a> {
    job: &'a CopyJob,
    cluster: Arc<Cluster>,
    registry: RegistryCopy,
    trails: TrailCopy,
    file: ProgressFile,
    retry: RetryBudget,
    /// Whether an earlier run completed the copy: gateways may have served it since.
    was_complete: bool,
}

impl Copier<'_> {
    /// Checks that the keyspace may be copied into. Returns the progress from which to resume.
    fn resume(&mut self, secret: &Secret, source: CopySource) -> anyhow::Result<CopyProgress> {
        let Copier { job, cluster, registry, trails, file, retry, was_complete } = self;
        let checked = retry.run(progress_bar::print, || match trails.check() {
            Err(error @ TrailError::Buckets { .. }) => Ok(Err(error)),
            checked => checked.map(Ok),
        })?;
        checked.context("cql.buckets")?;
        let served = Registry::clustered(Arc::clone(cluster), secret)?;
        let gateways = retry.run(progress_bar::print, || served.drained())?.len();
        ensure!(
            gateways == 0,
            "gateways at work on {}: {gateways}; `gateway store gateways` lists them",
            job.to
        );
        let target = target::TargetKeyspace {
            folder: &job.from,
            to: &job.to,
            file: file.path(),
            filling: retry.run(progress_bar::print, || cluster.filling())?,
            is_empty: retry.run(progress_bar::print, || registry.is_target_empty())?
                && retry.run(progress_bar::print, || trails.is_target_empty())?,
        };
        let progress = target.resume(file.read()?, source)?;
        *was_complete = matches!(target.filling, FillState::Whole(_));
        // The file is written before the keyspace: whatever a later run finds there then has a progress file.
        file.write(&progress)?;
        let is_ours = retry.run(progress_bar::print, || cluster.begin_filling(progress.copy))?;
        ensure!(is_ours, "another copy to {} started at the same time", job.to);
        Ok(progress)
    }

    fn copy(mut self, mut progress: CopyProgress) -> anyhow::Result<CopySummary> {
        self.copy_rows(&mut progress)?;
        self.copy_check_ins(&mut progress)?;
        let rows = self.compare_rows(&progress.source)?;
        let check_ins = self.compare_check_ins()?;
        self.retry.run(progress_bar::print, || self.cluster.end_filling(progress.copy))?;
        Ok(CopySummary { rows, check_ins, expired: self.trails.count_before(self.first_day())? })
    }

    fn copy_rows(&mut self, progress: &mut CopyProgress) -> anyhow::Result<()> {
        let CopyStage::Rows { at, done } = &progress.stage else { return Ok(()) };
        let mut bar = StageBar::new("copying the registry", progress.source.registry.rows, *done);
        let (mut next, mut done) = (Some(at.clone()), *done);
        while let Some(at) = next {
            let piece = self.retry.run(|text| bar.print(text), || self.registry.copy(&at))?;
            done += piece.rows;
            bar.advance(done, piece.rows);
            if let Some(at) = piece.next.clone() {
                progress.stage = CopyStage::Rows { at, done };
                self.file.write_when_due(progress)?;
            }
            next = piece.next;
        }
        bar.end();
        progress.stage = self.trails.first(self.first_day()).map_or(CopyStage::Copied, CopyStage::CheckIns);
        self.file.write(progress)
    }

    fn copy_check_ins(&mut self, progress: &mut CopyProgress) -> anyhow::Result<()> {
        let CopyStage::CheckIns(at) = progress.stage else { return Ok(()) };
        let (done, all) = self.trails.extent(Some(at));
        let mut bar = StageBar::new("copying the trails", all, done);
        // The retention of some days may have ended since the interruption.
        let mut next = self.trails.first(self.first_day()).map(|first| first.max(at));
        while let Some(at) = next {
            let piece = self.retry.run(|text| bar.print(text), || self.trails.copy(at))?;
            bar.advance(self.trails.extent(piece.next).0, piece.rows);
            if let Some(at) = piece.next {
                progress.stage = CopyStage::CheckIns(at);
                self.file.write_when_due(progress)?;
            }
            next = piece.next;
        }
        bar.end();
        progress.stage = CopyStage::Copied;
        self.file.write(progress)
    }

    /// Compares every row. Returns the number of rows.
    fn compare_rows(&mut self, source: &CopySource) -> anyhow::Result<u64> {
        let mut bar = StageBar::new("comparing the registry", RegistryCopy::ring(), 0);
        let (mut next, mut rows) = (Some(0), 0);
        while let Some(at) = next {
            let (piece, difference) = self.retry.run(|text| bar.print(text), || self.registry.compare(at))?;
            self.ensure_equal(difference)?;
            rows += piece.rows;
            bar.advance(piece.next.map_or(RegistryCopy::ring(), u64::from), piece.rows);
            next = piece.next;
        }
        if rows < source.registry.rows {
            self.find_missing()?;
            bail!("{} returned {rows} of {} rows: run the command again", self.job.to, source.registry.rows);
        }
        bar.end();
        Ok(rows)
    }

    /// Returns an error at the first row that is missing on the cluster.
    fn find_missing(&mut self) -> anyhow::Result<()> {
        let mut next = Some(RegistryCopy::first());
        while let Some(at) = next {
            let (piece, difference) = self.retry.run(progress_bar::print, || self.registry.missing(&at))?;
            self.ensure_equal(difference)?;
            next = piece.next;
        }
        Ok(())
    }

    /// Compares every check-in under both indexes. Returns the number of check-ins.
    fn compare_check_ins(&mut self) -> anyhow::Result<u64> {
        let mut bar = StageBar::new("comparing the trails", self.trails.extent(None).1, 0);
        let (mut next, mut check_ins) = (self.trails.first(self.first_day()), 0);
        while let Some(at) = next {
            let (piece, difference) = self.retry.run(|text| bar.print(text), || self.trails.compare(at))?;
            // The cluster expires a day whose retention ends during the comparison.
            if self.trails.first(self.first_day()).is_some_and(|first| first <= at) {
                self.ensure_equal(difference)?;
            }
            if self.trails.index(at) == Index::Persons {
                check_ins += piece.rows;
            }
            bar.advance(self.trails.extent(piece.next).0, piece.rows);
            next = piece.next;
        }
        bar.end();
        Ok(check_ins)
    }

    fn ensure_equal(&self, difference: Option<Difference>) -> anyhow::Result<()> {
        let Some(difference) = difference else { return Ok(()) };
        let (from, to) = (self.job.from.display(), &self.job.to);
        if self.was_complete {
            bail!(
                "{to} had a complete copy of {from} and differs from it since gateways have served it: {difference}"
            );
        }
        bail!(
            "the copy on {to} differs from {from}: {difference}. No gateway will serve it; drop the keyspace and copy \
             again"
        )
    }

    /// The first day whose check-ins are retained.
    fn first_day(&self) -> u32 {
        clock::now().utc_day().saturating_sub(u32::from(self.job.config.retention_days))
    }
}
