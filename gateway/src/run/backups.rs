//! Tells the metrics when the last backup was made.

use crate::ops::backup::last::unsaved_since;
use scangate_core::time::Timestamp;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::sleep;

const PAUSE: Duration = Duration::from_secs(60);

/// Sets the metric of the last backup while the gateway runs.
pub(super) async fn watch_backups(data: PathBuf) {
    loop {
        if let Some(Timestamp(since_ms)) = unsaved_since(&data) {
            let since = Duration::from_millis(since_ms).as_secs_f64();
            metrics::gauge!("scangate_last_backup_timestamp_seconds").set(since);
        }
        sleep(PAUSE).await;
    }
}
