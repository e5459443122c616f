//! The back office: everything that is not a scan. It runs on a runtime of its own behind a bounded door,
//! so that a slow trace never delays a check-in. A file a noun; who may ask is in `bearer`.

mod authority;
mod calendar;
mod colours;
pub mod http;
mod pages;
pub mod poster;
pub mod registration;
mod residents;
mod tracers;

pub use colours::duties::watch_duties;
pub use colours::follow::keep_in_step;
pub use colours::recolour::{recolour_feverish, recolour_when_due};
pub use http::router::router;
pub use registration::service::RegistrationService;

use crate::clock;
use crate::drain::Drains;
use crate::rooms::intake::Intake;
use crate::tables::Tables;
use colours::recolour::RecolourSchedule;
use http::error::OfficeError;
use scangate_core::certificate::Issuer;
use scangate_core::time::Timestamp;
use scangate_core::token::{Claims, Role};
use scangate_storage::registry::{Act, Registry, RegistryError};
use scangate_storage::trail::TrailStore;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Trace queries that are worked out at once; others wait. Each may hold a city's contacts in memory.
const TRACES_AT_ONCE_MAX: usize = 4;
/// People whose rows are read at once.
const PEOPLE_AT_ONCE: usize = 256;
/// How long an answer waits for the batcher.
const CATCH_UP_MAX: Duration = Duration::from_secs(2);
/// How long it waits to hear how far the other gateways are.
const OTHERS_MAX: Duration = Duration::from_secs(1);

/// What the back office works with.
pub struct Office {
    /// What the workers share with it.
    pub tables: Arc<Tables>,
    /// People, venues, facts, cases, audit.
    pub registry: Registry,
    /// The trails.
    pub trails: Arc<dyn TrailStore>,
    /// Asks the batcher to catch up.
    pub drains: Drains,
    /// Its own way into the journal, for imported and late check-ins.
    pub intake: Intake,
    /// Signs what others are to rely on: certificates, declarations.
    pub issuer: Issuer,
    /// Where people register by themselves.
    pub registration: RegistrationService,
    /// What it answers at most, and where it says it is.
    pub settings: OfficeSettings,
    schedule: RecolourSchedule,
    tracing: Semaphore,
    /// How far the gateways of the city have drained, as it was read last.
    drained: Mutex<Vec<(u64, Timestamp)>>,
}

/// Who deals with residents by the deployment's keys.
pub struct ResidentServices {
    /// Where people register by themselves.
    pub registration: RegistrationService,
    /// Signs what others are to rely on.
    pub issuer: Issuer,
}

/// Settings of the back office.
#[derive(Debug, Clone)]
pub struct OfficeSettings {
    /// The number by which the other gateways of a city know this one.
    pub gateway: u64,
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
    /// An office that has loaded nothing yet: see [`keep_in_step`].
    #[must_use]
    pub fn new(
        tables: Arc<Tables>,
        registry: Registry,
        trails: Arc<dyn TrailStore>,
        drains: Drains,
        intake: Intake,
        services: ResidentServices,
        settings: OfficeSettings,
    ) -> Self {
        let (tracing, schedule) = (Semaphore::new(TRACES_AT_ONCE_MAX), RecolourSchedule::default());
        let drained = Mutex::default();
        let ResidentServices { registration, issuer } = services;
        Self {
            tables,
            registry,
            trails,
            drains,
            intake,
            issuer,
            registration,
            settings,
            schedule,
            tracing,
            drained,
        }
    }

    /// Writes to the audit. What it speaks of may be done only after this. Not for a task of the runtime: see
    /// [`audit_first`].
    fn audit(&self, who: &Claims, act: &str, object: String, detail: Value) -> Result<(), OfficeError> {
        let (subject, role) = (who.subject.clone(), role(who.role).to_owned());
        let act = Act { at: clock::now(), subject, role, act: act.to_owned(), object, detail };
        Ok(self.registry.audit(&act).map(drop)?)
    }

    /// Waits until the trails hold what this gateway acknowledged before now. Returns up to when they are
    /// complete: as far as every gateway of the city has drained.
    async fn caught_up(self: &Arc<Self>) -> Timestamp {
        self.drains.caught_up(CATCH_UP_MAX).await;
        if self.registry.is_shared() {
            let office = Arc::clone(self);
            let look = tokio::task::spawn_blocking(move || office.look_at_drained());
            // Without an answer in time what was read last is not too late, only too early.
            let _ = tokio::time::timeout(OTHERS_MAX, look).await;
        }
        self.complete_so_far()
    }

    /// The same without waiting for anything.
    fn complete_so_far(&self) -> Timestamp {
        let drained = self.drained.lock().unwrap_or_else(PoisonError::into_inner);
        let others = drained.iter().filter(|(gateway, _)| *gateway != self.settings.gateway);
        others.map(|(_, through)| *through).fold(self.drains.so_far(), Timestamp::min)
    }

    /// Reads how far the gateways have drained.
    fn look_at_drained(&self) -> Result<(), RegistryError> {
        let drained = self.registry.drained()?;
        *self.drained.lock().unwrap_or_else(PoisonError::into_inner) = drained;
        Ok(())
    }
}

/// Writes to the audit, from a task of the runtime.
async fn audit_first(
    office: &Arc<Office>,
    who: &Claims,
    act: &'static str,
    object: String,
    detail: Value,
) -> Result<(), OfficeError> {
    let (office, who) = (Arc::clone(office), who.clone());
    blocking(move || office.audit(&who, act, object, detail)).await?
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
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, OfficeError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a request of the back office panicked");
        OfficeError::StoreUnavailable
    })
}
