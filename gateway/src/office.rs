//! The back office: everything that is not a scan. It runs on a runtime of its own behind a bounded door,
//! so that a slow trace never delays a check-in. A file a noun; who may ask is in `bearer`.

mod bearer;
pub mod call;
mod cases;
mod check_ins;
mod clerk;
mod csv;
pub mod dispatch;
mod facts;
mod held;
mod json;
mod keys;
mod ndjson;
mod pages;
mod people;
mod policies;
mod recolour;
mod router;
mod trails;
mod venues;
mod wrong;

pub use keys::SETTING as KIDS;
pub use recolour::{load, recolour_when_due};
pub use router::router;

use crate::batcher::Drains;
use crate::clock;
use crate::gate::Gate;
use crate::intake::Intake;
use recolour::Due;
use scangate_core::time::Timestamp;
use scangate_core::token::{Claims, Role};
use scangate_storage::registry::{Act, Registry};
use scangate_storage::trail::TrailStore;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use wrong::Wrong;

/// Trace queries that are worked out at once; others wait. Each may hold a city's contacts in memory.
const TRACES_AT_ONCE_MAX: usize = 4;
/// How long an answer waits for the batcher.
const CATCH_UP_MAX: Duration = Duration::from_secs(2);

/// What the back office works with.
pub struct Office {
    /// What the workers share with it.
    pub gate: Arc<Gate>,
    /// People, venues, facts, cases, audit.
    pub registry: Registry,
    /// The trails.
    pub trails: Arc<dyn TrailStore>,
    /// Asks the batcher to catch up.
    pub drains: Drains,
    /// Its own way into the journal, for imported and late check-ins.
    pub intake: Intake,
    /// What it answers at most, and where it says it is.
    pub settings: OfficeSettings,
    due: Due,
    tracing: Semaphore,
}

/// Settings of the back office.
#[derive(Debug, Clone)]
pub struct OfficeSettings {
    /// The origin that posters and door screens point to, such as `https://localhost:8443`.
    pub origin: String,
    /// Cases a tracer may open a day.
    pub tracer_cases_max: u64,
    /// Persons in a tracer's answers a day.
    pub tracer_persons_max: u64,
    /// How long trails are kept. **Units**: days.
    pub retention_days: u16,
}

impl Office {
    /// An office that has loaded nothing yet: see [`load`].
    #[must_use]
    pub fn new(
        gate: Arc<Gate>,
        registry: Registry,
        trails: Arc<dyn TrailStore>,
        drains: Drains,
        intake: Intake,
        settings: OfficeSettings,
    ) -> Self {
        let tracing = Semaphore::new(TRACES_AT_ONCE_MAX);
        Self { gate, registry, trails, drains, intake, settings, due: Due::default(), tracing }
    }

    /// Writes to the audit. What it speaks of may be done only after this.
    fn audit(&self, who: &Claims, act: &str, object: String, detail: Value) -> Result<(), Wrong> {
        let (subject, role) = (who.subject.clone(), role(who.role).to_owned());
        let act = Act { at: clock::now(), subject, role, act: act.to_owned(), object, detail };
        Ok(self.registry.audit(&act).map(drop)?)
    }

    /// Waits until the trails hold what was acknowledged before now. Returns up to when they are complete.
    async fn caught_up(&self) -> Timestamp {
        self.drains.caught_up(CATCH_UP_MAX).await
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Terminal => "terminal",
        Role::Authority => "authority",
        Role::Tracer => "tracer",
        Role::Operator => "operator",
    }
}

/// Does what may take long apart from the runtime's own threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Wrong> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a request of the back office panicked");
        Wrong::StoreUnavailable
    })
}
