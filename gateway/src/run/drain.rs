//! The last phase: waits for a reason to stop, and stops the gateway's parts in an order that loses nothing.

use super::snapshots::write_snapshot;
use super::start::{RunningGateway, StopSignals};
use crate::config::Config;
use crate::drain::headroom::Headroom;
use crate::ops::supervisor;
use crate::serve::deadlines::{DRAIN_MAX, WORKER_CLOSE_MAX, WORKER_FAILURE_MAX};
use crate::serve::life::phase::Phase;
use scangate_storage::journal::Journal;
use std::process;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The interval of health checks.
const HEALTH_TICK: Duration = Duration::from_millis(100);
/// The interval at which the end of a worker is looked for. Workers end once.
const JOIN_TICK: Duration = Duration::from_millis(5);
/// Time limit of the back office for its last calls, whose clients are gone when the workers have ended.
const OFFICE_DRAIN_MAX: Duration = Duration::from_millis(500);
/// Time left for the journal and the snapshot after the last drain.
const CLOSE_MAX: Duration = Duration::from_millis(250);

type WorkerThreads = Vec<JoinHandle<anyhow::Result<()>>>;

/// Waits until the gateway is signalled to stop or cannot continue, and ends it. **Errors**: it could not
/// continue.
pub(super) fn drain_when_stopped(config: &Config, mut running: RunningGateway) -> anyhow::Result<()> {
    let RunningGateway { runtime, stop, journal, workers, .. } = &mut running;
    match runtime.block_on(until_stopped(stop, journal, workers)) {
        Ok(()) => drain(config, running),
        Err(error) => {
            fail(running);
            Err(error)
        }
    }
}

/// Drains within [`DRAIN_MAX`], whatever peers and stores do. A second signal ends the process immediately:
/// what was acknowledged is on disk.
fn drain(config: &Config, running: RunningGateway) -> anyhow::Result<()> {
    let RunningGateway { runtime, workers, phase, answering, batcher, journal, tables, office, mut stop } =
        running;
    let until = Instant::now() + DRAIN_MAX;
    tracing::info!(event = "draining", "draining");
    supervisor::tell_stopping();
    phase.send_replace(Phase::Draining);
    runtime.spawn(async move {
        stop.next().await;
        tracing::warn!(
            event = "drain-aborted",
            "a second signal: the drain is cut short; nothing acknowledged is lost"
        );
        process::exit(1);
    });
    let mut ended = Ok(());
    for worker in workers {
        ended = worker.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a worker panicked"))).and(ended);
    }
    // The workers held the last senders of calls: the back office ends with its last call.
    let _ = runtime.block_on(async { tokio::time::timeout(OFFICE_DRAIN_MAX, answering).await });
    batcher.stop(until - CLOSE_MAX);
    // What still reads the store may be filling the tables, of which the snapshot is written.
    runtime.shutdown_timeout((until - CLOSE_MAX).saturating_duration_since(Instant::now()));
    if Instant::now() < until
        && let Err(error) = write_snapshot(&config.data, &tables)
    {
        tracing::warn!(event = "snapshot-unwritten", %error, "the last snapshot was not written");
    }
    drop(office);
    match Arc::try_unwrap(journal) {
        Ok(journal) => journal.close(),
        Err(_) => tracing::info!(
            event = "journal-unclosed",
            "the journal is still in use; the next start recovers it"
        ),
    }
    ended
}

/// Ends a gateway that cannot go on, within a second, so that its supervisor starts it again. Whoever waits
/// for the disk is refused. Nothing else is waited for: the next start recovers the journal.
fn fail(running: RunningGateway) {
    let RunningGateway { runtime, workers, phase, batcher, journal, .. } = running;
    phase.send_replace(Phase::Failed);
    let until = Instant::now() + WORKER_FAILURE_MAX + WORKER_CLOSE_MAX;
    while !workers.iter().all(JoinHandle::is_finished) && Instant::now() < until {
        thread::sleep(JOIN_TICK);
    }
    runtime.shutdown_background();
    // Dropping these would wait for their threads.
    std::mem::forget((batcher, journal));
}

/// Waits for a signal. **Errors**: the journal is poisoned, or a worker ended.
async fn until_stopped(
    stop: &mut StopSignals,
    journal: &Journal,
    workers: &WorkerThreads,
) -> anyhow::Result<()> {
    let mut health = tokio::time::interval(HEALTH_TICK);
    let mut headroom = Headroom::new(Instant::now(), journal.durable_end());
    loop {
        tokio::select! {
            () = stop.next() => return Ok(()),
            _ = health.tick() => {
                anyhow::ensure!(!journal.is_poisoned(), "the journal is poisoned: start again to recover");
                let ended = workers.iter().any(JoinHandle::is_finished);
                anyhow::ensure!(!ended, "a worker ended");
                let seconds = headroom.seconds(Instant::now(), journal.durable_end(), journal.space_left());
                metrics::gauge!("scangate_journal_room_seconds").set(seconds);
            }
        }
    }
}
