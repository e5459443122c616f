//! Duties with a clock: how many are overdue is a number that operators see, and more of them is said in the log.

use crate::clock;
use crate::office::Office;
use scangate_core::paper::{Paper, is_overdue};
use scangate_storage::registry::RegistryError;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked.
const TICK: Duration = Duration::from_secs(10);
/// The duties, by the words of the metric.
const DUTIES: [&str; 3] = ["arrival", "appeal", "question"];

/// Watches what is overdue, for as long as the gateway runs.
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
            Ok(Err(error)) => tracing::warn!(%error, "what is overdue was not counted; trying again"),
            // A panic is logged by the one who hits it.
            Err(_) => {}
        }
    }
}

/// How many of each duty are overdue now.
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
