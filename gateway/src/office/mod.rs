//! The back office: every endpoint but the scan path. It runs on a runtime of its own behind a bounded
//! channel, so a slow trace never delays a check-in. Each file has one noun of the contract; `http::auth`
//! checks the roles.

mod areas;
mod authority;
mod blocking;
mod budgets;
mod calendar;
mod colours;
mod districts;
pub mod http;
mod notices;
pub mod poster;
pub mod registration;
mod residents;
mod tracers;
mod venues;
pub mod waiting;

pub use authority::tokens::{NewTokens, keep_token_list};
pub use blocking::run_blocking;
pub use colours::duties::watch_duties;
pub use colours::follow::keep_in_step;
pub use colours::recolour::{recolour_feverish, recolour_when_due};
pub use http::idempotency::sweep_answers;
pub use http::router::router;
pub use registration::service::RegistrationService;
pub use residents::erasure::erase_when_due;

use crate::clock;
use crate::config::{Origin, ShownCity, TracerConfig};
use crate::deployment::PosterSettings;
use crate::drain::Drains;
use crate::rooms::intake::Intake;
use crate::tables::Tables;
use crate::tables::keyring::Kids;
use arc_swap::{ArcSwap, ArcSwapOption};
use blocking::blocking;
use colours::duties::ColourTurns;
use colours::recolour::RecolourSchedule;
use http::dispatch::OfficePlaces;
use http::error::OfficeError;
use scangate_core::certificate::Issuer;
use scangate_core::text::OneLine;
use scangate_core::time::Timestamp;
use scangate_core::token::{Claims, Role};
use scangate_storage::registry::{Act, Registry, RegistryError};
use scangate_storage::trail::TrailStore;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use waiting::WaitingWork;

/// Trace queries that run at the same time; others wait. Each may hold a city's contacts in memory.
const TRACES_AT_ONCE_MAX: usize = 4;
/// People whose rows one store read covers.
const PEOPLE_AT_ONCE: usize = 256;
/// The longest wait of an answer for the batcher.
const CATCH_UP_MAX: Duration = Duration::from_secs(2);
/// The longest wait for the drain positions of the other gateways.
const OTHERS_MAX: Duration = Duration::from_secs(1);

/// The state that the back office's handlers share.
pub struct Office {
    /// The tables that the back office shares with the workers.
    pub tables: Arc<Tables>,
    /// People, venues, facts, cases, audit.
    pub registry: Registry,
    /// The trail store.
    pub trails: Arc<dyn TrailStore>,
    /// The handle that makes the batcher catch up.
    pub drains: Drains,
    /// The back office's own lane into the journal, for imported and late check-ins.
    pub intake: Intake,
    /// Signs certificates, declarations and outward feeds.
    pub issuer: Issuer,
    /// The self-registration of residents.
    pub registration: RegistrationService,
    /// Quotas, retention and the public origin.
    pub settings: OfficeSettings,
    new_tokens: NewTokens,
    schedule: RecolourSchedule,
    turns: ColourTurns,
    tracing: Semaphore,
    /// The places of each kind of work.
    pub places: OfficePlaces,
    /// The drain position of each gateway of the city, as last read.
    drained: Mutex<Vec<(u64, Timestamp)>>,
    /// Whether the registry answered the last request of the follower.
    store_up: AtomicBool,
    /// Whether it did not. Before the first request it neither answered nor failed to.
    store_silent: AtomicBool,
    /// What waits for people, as last read.
    pub waiting: ArcSwapOption<WaitingWork>,
    /// The turn to write the file with the settings of posters.
    poster_file: Mutex<()>,
}

/// The services of the back office that the start-up makes.
pub struct OfficeServices {
    /// The self-registration of residents.
    pub registration: RegistrationService,
    /// Signs certificates, declarations and outward feeds.
    pub issuer: Issuer,
    /// The tokens that are not listed yet.
    pub new_tokens: NewTokens,
}

/// Settings of the back office.
#[derive(Debug)]
pub struct OfficeSettings {
    /// The number that identifies this gateway within the city.
    pub gateway: u64,
    /// The origin that posters and door screens point to.
    pub origin: Origin,
    /// The data folder, in which `gateway poster` finds the settings of posters.
    pub data: PathBuf,
    /// The daily budget of a tracer, the purposes of cases, and when the persons in answers learn of them. A
    /// reload swaps them.
    pub tracer: ArcSwap<TracerConfig>,
    /// The retention of trails. **Units**: days.
    pub retention_days: u16,
    /// The city's name and mark, for the residents' pages.
    pub city: ShownCity,
}

impl Office {
    /// An office whose tables are not loaded yet: see [`keep_in_step`].
    #[must_use]
    pub fn new(
        tables: Arc<Tables>,
        registry: Registry,
        trails: Arc<dyn TrailStore>,
        drains: Drains,
        intake: Intake,
        services: OfficeServices,
        settings: OfficeSettings,
    ) -> Self {
        let (tracing, schedule) = (Semaphore::new(TRACES_AT_ONCE_MAX), RecolourSchedule::default());
        let drained = Mutex::default();
        let OfficeServices { registration, issuer, new_tokens } = services;
        Self {
            tables,
            registry,
            trails,
            drains,
            intake,
            issuer,
            registration,
            new_tokens,
            settings,
            schedule,
            turns: ColourTurns::default(),
            tracing,
            places: OfficePlaces::default(),
            drained,
            store_up: AtomicBool::new(false),
            store_silent: AtomicBool::new(false),
            waiting: ArcSwapOption::empty(),
            poster_file: Mutex::default(),
        }
    }

    /// Whether the registry answered the last time that its changes were read.
    #[must_use]
    pub fn is_store_up(&self) -> bool {
        self.store_up.load(Ordering::Relaxed)
    }

    /// Whether the registry did not answer the last time that its changes were read. A gateway that has just
    /// started has not read them yet.
    #[must_use]
    pub fn is_store_silent(&self) -> bool {
        self.store_silent.load(Ordering::Relaxed)
    }

    /// Replaces the kids. Codes are sealed under the new current one from now on, and posters that
    /// `gateway poster` draws.
    fn swap_kids(&self, kids: Kids) {
        self.tables.keyring.swap(kids);
        self.write_poster_settings();
    }

    /// Writes the settings of posters into the data folder. It blocks.
    pub fn write_poster_settings(&self) {
        let _turn = self.poster_file.lock().unwrap_or_else(PoisonError::into_inner);
        let (kids, origin) = (self.tables.keyring.kids(), self.settings.origin.clone());
        if let Err(error) = (PosterSettings { kids, origin }).write(&self.settings.data) {
            tracing::warn!(
                event = "poster-settings-unwritten",
                error = %OneLine(error.as_ref()),
                "the settings of posters were not written: `gateway poster` uses the earlier ones"
            );
        }
    }

    /// Appends an audit entry. The audited action may start only after this returns. It blocks: on the
    /// runtime use [`audit_first`].
    fn audit(&self, who: &Claims, act: &str, object: String, detail: Value) -> Result<(), OfficeError> {
        let (subject, role) = (who.subject.clone(), role(who.role).to_owned());
        let act = Act { at: clock::now(), subject, role, act: act.to_owned(), object, detail };
        Ok(self.registry.audit(&act).map(drop)?)
    }

    /// Waits until the trails hold every check-in that this gateway acknowledged before now. Returns the time
    /// up to which the trails are complete: the oldest drain position of the city's gateways.
    async fn caught_up(self: &Arc<Self>) -> Timestamp {
        self.drains.caught_up(CATCH_UP_MAX).await;
        if self.registry.is_shared() {
            let office = Arc::clone(self);
            let look = run_blocking(move || office.look_at_drained());
            // After a timeout the last positions are used: they are old, so the returned time is too early
            // but never too late.
            let _ = tokio::time::timeout(OTHERS_MAX, look).await;
        }
        self.complete_so_far()
    }

    /// The time up to which the trails are complete, without waiting.
    #[must_use]
    pub fn complete_so_far(&self) -> Timestamp {
        let others = self.other_gateways().into_iter();
        others.map(|(_, through)| through).fold(self.drains.so_far(), Timestamp::min)
    }

    /// The other gateways of the city, each with the time up to which its check-ins are in the trails.
    #[must_use]
    pub fn other_gateways(&self) -> Vec<(u64, Timestamp)> {
        let drained = self.drained.lock().unwrap_or_else(PoisonError::into_inner);
        drained.iter().copied().filter(|(gateway, _)| *gateway != self.settings.gateway).collect()
    }

    /// Reads the drain positions of the gateways.
    fn look_at_drained(&self) -> Result<(), RegistryError> {
        let drained = self.registry.drained()?;
        *self.drained.lock().unwrap_or_else(PoisonError::into_inner) = drained;
        Ok(())
    }
}

/// Appends an audit entry from an async task.
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
