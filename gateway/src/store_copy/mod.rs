//! Moving house: a whole embedded deployment copied from its data folder to a cluster, then read back and
//! compared. It may be interrupted anywhere and run again; what it writes, it may write twice. How the stores are
//! read and written piece by piece is in `scangate-storage`.

mod progress;
mod progress_bar;
mod retry;
mod target;

use crate::clock;
use crate::config::Config;
use crate::deployment::{self, store};
use anyhow::{Context as _, bail, ensure};

use progress::{Progress, ProgressFile, Source, Stage};
use progress_bar::Bar;
use retry::Patience;
use scangate_core::keys::Secret;
use scangate_storage::copying::Difference;
use scangate_storage::cql::{Address, Cluster, FillState, Schema};
use scangate_storage::journal::{self, RealDisk, Sequence};
use scangate_storage::registry::{Registry, RegistryCopy};
use scangate_storage::trail::{BUCKETS, Index, TrailCopy, TrailError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long the first answer of the cluster is waited for: the schema may have to be made.
const CONNECT_MAX: Duration = Duration::from_secs(120);

/// What is to be copied where.
pub struct Order {
    /// The data folder of a gateway that has been stopped.
    pub from: PathBuf,
    /// The cluster and the keyspace.
    pub to: Address,
    /// How to talk to the cluster, and how long trails are kept there.
    pub config: Config,
}

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Rows of the registry that are on both sides, and equal.
    pub rows: u64,
    /// The same of check-ins.
    pub check_ins: u64,
    /// Check-ins that are not kept any more, and were left out.
    pub left_out: u64,
}

/// Copies and compares. **Errors**: the source is not ready, or the keyspace another's: nothing was written then;
/// the cluster was away for too long; the copy is unlike the source.
pub fn copy(order: &Order) -> anyhow::Result<Copied> {
    let Order { from, to, config } = order;
    // The lock on the journal is the one on the whole folder, as for a gateway.
    let (_lock, journal_end) = hold(from)?;
    let secret = deployment::existing_secret(from, config.secret.as_deref())?;
    let cluster = Arc::new(store::cluster(to, &config.cql, Schema::Make)?);
    let registry = RegistryCopy::open(&from.join("registry"), Arc::clone(&cluster))?;
    registry.check(&secret).with_context(|| format!("the registry of {}", from.display()))?;
    let buckets = config.cql.buckets.unwrap_or(BUCKETS);
    let trails =
        TrailCopy::open(&from.join("trails"), BUCKETS, Arc::clone(&cluster), buckets, config.retention_days)?;
    let source = Source { journal_end: journal_end.0, registry: registry.sum()? };
    let mut patience = Patience::default();
    patience.until_done(progress_bar::say, || cluster.connect(CONNECT_MAX))?;
    let file = ProgressFile::of(from);
    let mut house = House { order, cluster, registry, trails, file, patience, was_whole: false };
    let progress = house.enter(&secret, source)?;
    house.copy(progress)
}

/// Takes the lock of a data folder whose trails have everything that its journal has. Returns the journal's end.
fn hold(folder: &Path) -> anyhow::Result<(RealDisk, Sequence)> {
    let shown = folder.display();
    deployment::ensure_living(folder)?;
    for part in ["journal", "registry", "trails"] {
        ensure!(
            folder.join(part).is_dir(),
            "{shown} is not the data folder of a gateway that keeps its stores there: it has no `{part}`"
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

/// Both sides, and how far it is from one to the other.
struct House<'a> {
    order: &'a Order,
    cluster: Arc<Cluster>,
    registry: RegistryCopy,
    trails: TrailCopy,
    file: ProgressFile,
    patience: Patience,
    /// Whether the copy was whole before: gateways may have served it since.
    was_whole: bool,
}

impl House<'_> {
    /// Finds out that the keyspace may be copied into, and where to go on.
    fn enter(&mut self, secret: &Secret, source: Source) -> anyhow::Result<Progress> {
        let House { order, cluster, registry, trails, file, patience, was_whole } = self;
        let checked = patience.until_done(progress_bar::say, || match trails.check() {
            Err(error @ TrailError::Buckets { .. }) => Ok(Err(error)),
            checked => checked.map(Ok),
        })?;
        checked.context("cql.buckets")?;
        let served = Registry::clustered(Arc::clone(cluster), secret)?;
        let gateways = patience.until_done(progress_bar::say, || served.drained())?.len();
        ensure!(
            gateways == 0,
            "gateways at work on {}: {gateways}; `gateway store gateways` lists them",
            order.to
        );
        let ground = target::Ground {
            folder: &order.from,
            to: &order.to,
            file: file.path(),
            filling: patience.until_done(progress_bar::say, || cluster.filling())?,
            is_empty: patience.until_done(progress_bar::say, || registry.is_target_empty())?
                && patience.until_done(progress_bar::say, || trails.is_target_empty())?,
        };
        let progress = ground.enter(file.read()?, source)?;
        *was_whole = matches!(ground.filling, FillState::Whole(_));
        // Before anything is written there, so that whatever is found there later has a file that tells of it.
        file.write(&progress)?;
        let is_ours = patience.until_done(progress_bar::say, || cluster.begin_filling(progress.copy))?;
        ensure!(is_ours, "another copy to {} has begun at the same time", order.to);
        Ok(progress)
    }

    fn copy(mut self, mut progress: Progress) -> anyhow::Result<Copied> {
        self.copy_rows(&mut progress)?;
        self.copy_check_ins(&mut progress)?;
        let rows = self.compare_rows(&progress.source)?;
        let check_ins = self.compare_check_ins()?;
        self.patience.until_done(progress_bar::say, || self.cluster.end_filling(progress.copy))?;
        Ok(Copied { rows, check_ins, left_out: self.trails.count_before(self.first_day())? })
    }

    fn copy_rows(&mut self, progress: &mut Progress) -> anyhow::Result<()> {
        let Stage::Rows { at, done } = &progress.stage else { return Ok(()) };
        let mut bar = Bar::new("copying the registry", progress.source.registry.rows, *done);
        let (mut next, mut done) = (Some(at.clone()), *done);
        while let Some(at) = next {
            let piece = self.patience.until_done(|text| bar.say(text), || self.registry.copy(&at))?;
            done += piece.rows;
            bar.advance(done, piece.rows);
            if let Some(at) = piece.next.clone() {
                progress.stage = Stage::Rows { at, done };
                self.file.write_when_due(progress)?;
            }
            next = piece.next;
        }
        bar.end();
        progress.stage = self.trails.first(self.first_day()).map_or(Stage::Copied, Stage::CheckIns);
        self.file.write(progress)
    }

    fn copy_check_ins(&mut self, progress: &mut Progress) -> anyhow::Result<()> {
        let Stage::CheckIns(at) = progress.stage else { return Ok(()) };
        let (done, all) = self.trails.extent(Some(at));
        let mut bar = Bar::new("copying the trails", all, done);
        // Days may have ended since it was interrupted.
        let mut next = self.trails.first(self.first_day()).map(|first| first.max(at));
        while let Some(at) = next {
            let piece = self.patience.until_done(|text| bar.say(text), || self.trails.copy(at))?;
            bar.advance(self.trails.extent(piece.next).0, piece.rows);
            if let Some(at) = piece.next {
                progress.stage = Stage::CheckIns(at);
                self.file.write_when_due(progress)?;
            }
            next = piece.next;
        }
        bar.end();
        progress.stage = Stage::Copied;
        self.file.write(progress)
    }

    /// Compares every row. Returns how many there are.
    fn compare_rows(&mut self, source: &Source) -> anyhow::Result<u64> {
        let mut bar = Bar::new("comparing the registry", RegistryCopy::ring(), 0);
        let (mut next, mut rows) = (Some(0), 0);
        while let Some(at) = next {
            let (piece, difference) =
                self.patience.until_done(|text| bar.say(text), || self.registry.compare(at))?;
            self.ensure_equal(difference)?;
            rows += piece.rows;
            bar.advance(piece.next.map_or(RegistryCopy::ring(), u64::from), piece.rows);
            next = piece.next;
        }
        if rows < source.registry.rows {
            self.find_missing()?;
            bail!("{} gave {rows} of {} rows: run the command again", self.order.to, source.registry.rows);
        }
        bar.end();
        Ok(rows)
    }

    /// Ends with the first row that is missing on the cluster.
    fn find_missing(&mut self) -> anyhow::Result<()> {
        let mut next = Some(RegistryCopy::first());
        while let Some(at) = next {
            let (piece, difference) =
                self.patience.until_done(progress_bar::say, || self.registry.missing(&at))?;
            self.ensure_equal(difference)?;
            next = piece.next;
        }
        Ok(())
    }

    /// Compares every check-in under either index. Returns how many there are.
    fn compare_check_ins(&mut self) -> anyhow::Result<u64> {
        let mut bar = Bar::new("comparing the trails", self.trails.extent(None).1, 0);
        let (mut next, mut check_ins) = (self.trails.first(self.first_day()), 0);
        while let Some(at) = next {
            let (piece, difference) =
                self.patience.until_done(|text| bar.say(text), || self.trails.compare(at))?;
            // Of a day that ended meanwhile the cluster keeps nothing.
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
        let (from, to) = (self.order.from.display(), &self.order.to);
        if self.was_whole {
            bail!(
                "{to} had all of {from} once, and is unlike it since gateways have served it: {difference}"
            );
        }
        bail!(
            "the copy on {to} is unlike {from}: {difference}. No gateway will serve it; drop the keyspace and copy \
             again"
        )
    }

    /// The first day whose check-ins are kept.
    fn first_day(&self) -> u32 {
        clock::now().utc_day().saturating_sub(u32::from(self.order.config.retention_days))
    }
}
