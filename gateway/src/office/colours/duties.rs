//! Overdue duties: their number is a metric, and the log reports an increase.

use crate::clock;
use crate::office::Office;
use scangate_core::paper::{Paper, is_overdue};
use scangate_storage::registry::RegistryError;
use std::sync::Arc;
use std::time::Duration;

/// The interval between two counts.
const TICK: Duration = Duration::from_secs(10);
/// The duties, as the metric's labels.
const DUTIES: [&str; 3] = ["arrival", "appeal", "question"];

/// Counts overdue duties for as long as the gateway runs.
pub async fn watch_duties(office: Arc<Office>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut before = [0; DUTIES.len()];
    loop {
        ticks.tick().await;
        let office = Arc::clone(&office);
        match crate::office::blocking(move || overdue(&office)).await {
            Ok(Ok(now)) => {
                tell(before, now);
                before = now;
            }
            Ok(Err(error)) => tracing::warn!(%error, "overdue duties were not counted; trying again"),
            // The panic was logged in `blocking`.
            Err(_) => {}
        }
    }
}

/// The number of overdue duties of each kind.
fn overdue(office: &Office) -> Result<[u32; DUTIES.len()], RegistryError> {
    let now = clock::now();
    let mut counts = [0; DUTIES.len()];
    for filed in office.registry.open_papers()? {
        if is_overdue(filed.paper.open_until(), now) {
            match filed.paper {
                Paper::Arrival(_) => counts[0] += 1,
                Paper::Appeal(_) => counts[1] += 1,
                Paper::Question(_) => counts[2] += 1,
                Paper::Declaration(_) => {}
            }
        }
    }
    Ok(counts)
}

fn tell(before: [u32; DUTIES.len()], now: [u32; DUTIES.len()]) {
    for (duty, (before, now)) in DUTIES.into_iter().zip(before.into_iter().zip(now)) {
        metrics::gauge!("scangate_overdue", "duty" => duty).set(now);
        if now > before {
            tracing::warn!(duty, overdue = now, "duties are overdue");
        }
    }
}
