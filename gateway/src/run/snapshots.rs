//! Writes snapshots of the colours and the reference data, periodically and when the gateway stops.

use crate::deployment::reference::ReferenceData;
use crate::deployment::snapshot;
use crate::office::run_blocking;
use crate::tables::Tables;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The pause after a snapshot, as a multiple of the time that it took; the two bounds below clamp it.
const SNAPSHOT_SHARE: u32 = 20;
const SNAPSHOT_PAUSE_MIN: Duration = Duration::from_secs(5);
const SNAPSHOT_PAUSE_MAX: Duration = Duration::from_secs(40);

/// Writes snapshots while the gateway runs, on a cluster only. Snapshots use at most 1/20 of the disk's time,
/// as long as that keeps them younger than a minute.
pub(super) async fn write_snapshots(data: PathBuf, tables: Arc<Tables>) {
    loop {
        let began = Instant::now();
        let (folder, shared) = (data.clone(), Arc::clone(&tables));
        match run_blocking(move || write_snapshot(&folder, &shared)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(event = "snapshot-unwritten", %error, "the snapshot was not written; retrying")
            }
            Err(error) => tracing::error!(event = "snapshot-panicked", %error, "writing a snapshot panicked"),
        }
        let pause = began.elapsed() * SNAPSHOT_SHARE;
        tokio::time::sleep(pause.clamp(SNAPSHOT_PAUSE_MIN, SNAPSHOT_PAUSE_MAX)).await;
    }
}

pub(super) fn write_snapshot(data: &Path, tables: &Tables) -> io::Result<()> {
    match tables.colours.followed() {
        Some(followed) if tables.colours.is_loaded() && tables.colours.snapshot() < Some(followed) => {
            snapshot::write(data, followed, &ReferenceData::of(tables), &tables.colours)?;
            tables.colours.set_snapshot(followed);
            Ok(())
        }
        Some(_) | None => Ok(()),
    }
}
