//! The last phase: waits for a reason to stop, and stops the gateway's parts in an order that loses nothing.

use super::snapshots::write_snapshot;
use super::start::{RunningGateway, StopSignals};
use crate::config::Config;
use crate::drain::headroom::Headroom;
use crate::serve::phase::Phase;
use scangate_storage::journal::Journal;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// The interval of health checks.
const HEALTH_TICK: Duration = Duration::from_millis(100);
/// Time limit of the back office for its last calls.
const OFFICE_DRAIN_MAX: Duration = Duration::from_secs(5);

/// Waits until the gateway is signalled to stop or cannot continue, and drains it. **Errors**: it could not
/// continue.
pub(super) fn drain_when_stopped(config: &Config, running: RunningGateway) -> anyhow::Result<()> {
    let RunningGateway { runtime, workers, phase, answering, batcher, journal, tables, office, stop } =
        running;
    let ended = runtime.block_on(until_stopped(stop, &journal, &workers));
    tracing::info!("draining");
    phase.send_replace(Phase::Draining);
    for worker in workers {
        worker.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a worker panicked")))?;
    }
    // The workers held the last senders of calls: the back office ends with its last call.
    let _ = runtime.block_on(async { tokio::time::timeout(OFFICE_DRAIN_MAX, answering).await });
    batcher.stop();
    runtime.shutdown_timeout(OFFICE_DRAIN_MAX);
    if let Err(error) = write_snapshot(&config.data, &tables) {
        tracing::warn!(%error, "the last snapshot was not written");
    }
    drop(office);
    match Arc::try_unwrap(journal) {
        Ok(journal) => journal.close(),
        Err(_) => tracing::info!("the journal is still in use; the next start recovers it"),
    }
    ended
}

/// Waits for a signal. **Errors**: the journal is poisoned, or a worker ended.
async fn until_stopped(
    StopSignals { mut terminate, mut interrupt }: StopSignals,
    journal: &Journal,
    workers: &[thread::JoinHandle<anyhow::Result<()>>],
) -> anyhow::Result<()> {
    let mut health = tokio::time::interval(HEALTH_TICK);
    let mut headroom = Headroom::new(Instant::now(), journal.durable_end());
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            _ = health.tick() => {
                anyhow::ensure!(!journal.is_poisoned(), "the journal is poisoned: start again to recover");
                let ended = workers.iter().any(thread::JoinHandle::is_finished);
                anyhow::ensure!(!ended, "a worker ended");
                let seconds = headroom.seconds(Instant::now(), journal.durable_end(), journal.space_left());
                metrics::gauge!("scangate_journal_room_seconds").set(seconds);
            }
        }
    }
}
