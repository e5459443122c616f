//! The batcher: follows the journal and drains it to the trail store, on its own thread. The journal is
//! authoritative until the store has acknowledged. A drain that fails is repeated unchanged; readers
//! deduplicate by id.

use super::backoff::Backoff;
use super::fever_facts::FeverRecorder;
use super::gate_duties::GateRecorder;
use super::requests::{BatcherRequests, Drains, Publisher};
use crate::clock;
use crate::tables::Tables;
use scangate_core::check_in::CheckIn;
use scangate_core::time::{DAY_MS, Timestamp};
use scangate_storage::journal::{Journal, Reader, Sequence};
use scangate_storage::registry::{Registry, RegistryError};
use scangate_storage::trail::TrailStore;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Check-ins in one drain. A larger drain makes fewer and larger values in the store; this one takes some 8
/// MB of memory.
pub const ROWS_MAX: usize = 65_536;
/// The longest wait of a check-in for others in its drain, and the interval at which `complete_through`
/// moves.
const WAIT_MAX: Duration = Duration::from_secs(1);
/// Time limit of the last drain when the gateway stops; the rest is drained after the next start.
const LAST_DRAIN_MAX: Duration = Duration::from_secs(1);

/// The pause before the removal of expired trails is retried.
const RETAIN_PAUSE: Duration = Duration::from_secs(60);

/// The parts from which the batcher is made.
pub struct BatcherParts {
    /// The journal to drain.
    pub journal: Arc<Journal>,
    /// The first record that the store does not have.
    pub from: Sequence,
    /// The trail store.
    pub trails: Arc<dyn TrailStore>,
    /// The retention of trails. **Units**: days.
    pub retention_days: u16,
    /// The registry, where other gateways read the time before which this gateway's trails are complete.
    pub registry: Registry,
    /// This gateway's number in the registry.
    pub gateway: u64,
    /// The recorder of fevers.
    pub fevers: FeverRecorder,
    /// The recorder of arrivals at the gates of the city.
    pub gates: GateRecorder,
    /// The tables, which know the people who were erased.
    pub tables: Arc<Tables>,
}

/// The handle that stops the batcher.
pub struct BatcherHandle {
    requests: Arc<BatcherRequests>,
    thread: JoinHandle<()>,
    /// Closes when the thread ends.
    ended: Receiver<()>,
}

impl BatcherHandle {
    /// Drains the journal once more, and ends the thread. A store that does not answer until `until` is left
    /// alone: writing to it is idempotent, and the next start drains again.
    pub fn stop(self, until: Instant) {
        self.requests.stop();
        let left = until.saturating_duration_since(Instant::now());
        if self.ended.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
            tracing::info!(
                event = "last-drain-unanswered",
                "the trail store did not answer the last drain; the next start drains again"
            );
        } else if self.thread.join().is_err() {
            tracing::error!(
                event = "batcher-panicked",
                "the batcher panicked; the journal keeps the check-ins that were not drained"
            );
        }
    }
}

/// Starts the thread.
pub fn start(batcher: BatcherParts) -> io::Result<(BatcherHandle, Drains)> {
    let (drains, progress) = Drains::new(Arc::clone(&batcher.journal));
    let requests = drains.requests();
    let mut batcher = Batcher::new(batcher, Arc::clone(&requests), progress);
    let (running, ended) = mpsc::sync_channel::<()>(0);
    let thread = thread::Builder::new().name("batcher".into()).spawn(move || {
        let _running = running;
        batcher.run();
    })?;
    Ok((BatcherHandle { requests, thread, ended }, drains))
}

/// The state of the batcher's thread.
struct Batcher {
    journal: Arc<Journal>,
    reader: Reader,
    trails: Arc<dyn TrailStore>,
    retention_days: u16,
    registry: Registry,
    gateway: u64,
    fevers: FeverRecorder,
    gates: GateRecorder,
    tables: Arc<Tables>,
    retained_from: u32,
    retain_after: Option<Instant>,
    requests: Arc<BatcherRequests>,
    progress: Publisher,
    rows: Vec<CheckIn>,
    backoff: Backoff,
    /// When the trail store last had everything.
    complete_at: Timestamp,
}

impl Batcher {
    fn new(batcher: BatcherParts, requests: Arc<BatcherRequests>, progress: Publisher) -> Self {
        let BatcherParts { journal, from, trails, retention_days, registry, gateway, fevers, gates, tables } =
            batcher;
        Self {
            reader: journal.reader(from),
            journal,
            trails,
            retention_days,
            registry,
            gateway,
            fevers,
            gates,
            tables,
            retained_from: 0,
            retain_after: None,
            requests,
            progress,
            rows: Vec::new(),
            backoff: Backoff::default(),
            complete_at: clock::now(),
        }
    }

    fn run(&mut self) {
        let mut drained_at = Instant::now();
        while !self.requests.is_stopping() {
            self.retain(clock::now());
            let backlog = self.backlog();
            let left = WAIT_MAX.saturating_sub(drained_at.elapsed());
            if backlog < ROWS_MAX as u64 && !left.is_zero() && !self.requests.wait(left) {
                continue;
            }
            drained_at = Instant::now();
            self.catch_up(None);
        }
        self.catch_up(Some(Instant::now() + LAST_DRAIN_MAX));
        if self.reader.next() >= self.journal.durable_end() && self.rows.is_empty() {
            self.announce(|registry, gateway| registry.report_empty(gateway));
        }
    }

    /// Check-ins in the journal that the store does not have yet.
    fn backlog(&self) -> u64 {
        let read = self.reader.next().0.saturating_sub(self.rows.len() as u64);
        let backlog = self.journal.durable_end().0.saturating_sub(read);
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        metrics::gauge!("scangate_backlog").set(backlog as f64);
        let behind_ms = if backlog == 0 { 0 } else { clock::now().since_ms(self.complete_at) };
        metrics::gauge!("scangate_backlog_seconds").set(Duration::from_millis(behind_ms).as_secs_f64());
        backlog
    }

    /// Drains up to the journal's present end.
    fn catch_up(&mut self, deadline: Option<Instant>) {
        let seen_at = clock::now();
        let end = self.journal.durable_end();
        while self.reader.next() < end || !self.rows.is_empty() {
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return;
            }
            let is_drained = self.drain();
            self.progress.publish_failing(!is_drained);
            if !is_drained {
                self.backlog();
                let pause = self.backoff.next();
                if self.requests.is_stopping() && deadline.is_none() {
                    return;
                }
                self.requests.pause(pause);
            }
        }
        self.complete_at = seen_at;
        self.progress.publish(self.reader.next(), seen_at);
        self.announce(|registry, gateway| registry.report_drained(gateway, seen_at));
    }

    /// Announces the progress to other gateways, on a cluster only.
    fn announce(&self, tell: impl FnOnce(&Registry, u64) -> Result<(), RegistryError>) {
        if self.registry.is_shared()
            && let Err(error) = tell(&self.registry, self.gateway)
        {
            // Until the next success, other gateways treat this one as behind.
            tracing::debug!(event = "progress-unannounced", %error, "the progress was not announced to the other gateways");
        }
    }

    /// Drains the rows of a failed drain again, or the next rows. Returns whether the drain succeeded.
    fn drain(&mut self) -> bool {
        if self.rows.is_empty()
            && let Err(error) = self.reader.read(ROWS_MAX, &mut self.rows)
        {
            tracing::warn!(event = "journal-unreadable", %error, "the journal cannot be read; retrying");
            return false;
        }
        if self.tables.colours.has_tombstones() {
            // Check-ins that were acknowledged before their person was erased.
            self.rows.retain(|check_in| !self.tables.colours.is_erased(check_in.person));
        }
        if let Err(error) = self.trails.write(&self.rows) {
            metrics::counter!("scangate_drain_failures_total").increment(1);
            if !self.backoff.is_pausing() {
                tracing::warn!(event = "drain-failed", %error, rows = self.rows.len(), "the trail store rejected a drain; retrying");
            }
            return false;
        }
        if let Err(error) = self.fevers.record(&self.rows).and_then(|()| self.gates.record(&self.rows)) {
            // The rows are drained again with the fevers and arrivals.
            if !self.backoff.is_pausing() {
                tracing::warn!(event = "fevers-unrecorded", %error, "fevers at doors or arrivals at gates were not recorded; retrying");
            }
            return false;
        }
        if self.backoff.is_pausing() {
            tracing::info!(event = "drain-recovered", "the trail store accepts drains again");
        }
        metrics::counter!("scangate_drained_total").increment(self.rows.len() as u64);
        self.rows.clear();
        self.backoff.reset();
        if let Err(error) = self.journal.checkpoint(self.reader.next(), clock::now()) {
            // The rows are stored; after a restart they are drained again, which changes nothing.
            tracing::warn!(event = "checkpoint-unwritten", %error, "the checkpoint was not written");
        }
        true
    }

    /// Removes trails older than the retention, once a day.
    fn retain(&mut self, now: Timestamp) {
        let today = u32::try_from(now.0 / DAY_MS).unwrap_or(u32::MAX);
        let from = today.saturating_sub(u32::from(self.retention_days));
        if from > self.retained_from && self.retain_after.is_none_or(|at| Instant::now() >= at) {
            match self.trails.retain_from(from) {
                Ok(()) => (self.retained_from, self.retain_after) = (from, None),
                Err(error) => {
                    tracing::warn!(event = "trails-unexpired", %error, "expired trails were not removed; retrying");
                    self.retain_after = Some(Instant::now() + RETAIN_PAUSE);
                }
            }
        }
    }
}
