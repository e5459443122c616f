//! The status of this gateway for its operators: the word, the faults, the figures, and the last hour. The
//! page and `GET /v1/status` answer from memory. A task takes a sample every ten seconds from the metrics,
//! and parts of the back office keep what they last read from the registry.

mod history;
mod limits;
mod page;
mod reading;
mod report;
mod runbook;
mod sample;
mod sparkline;
mod state;

use crate::clock;
use crate::office::Office;
use crate::office::http::dispatch::WAIT_MAX;
use crate::serve::life::phase::Phase;
use crate::serve::tls::CurrentIdentity;
use crate::wire::route::OfficeKind;
use history::{SpanTotals, StatusHistory};
use limits::{GATEWAY_AGE_MAX, REGISTRY_AGE_MAX, SAMPLE_INTERVAL};
use metrics_exporter_prometheus::PrometheusHandle;
pub(super) use page::{PageRenewal, page, page_headers};
use reading::MetricReading;
use report::{
    CertificateFigures, CheckInFigures, CityGateway, ColourFigures, GatewayFigures, HourFigures,
    JournalFigures, OfficeFigures, PolicyInForce, StatusReport, StoreFigures, WaitingFigures, gateway_number,
    reported, seconds,
};
use runbook::RunbookSection;
use sample::StatusReading;
use scangate_core::time::{DAY_MS, Timestamp};
use scangate_storage::journal::Journal;
use serde::Serialize;
use state::{JournalCondition, LifePhase, StateEvidence, StoreCondition, faults, word};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

/// The problem codes of scans that are refused for want of room.
const SHED_CODES: [&str; 2] = ["overloaded", "journal-full"];

/// The parts from which the status is made.
pub struct StatusBoard {
    office: Arc<Office>,
    journal: Arc<Journal>,
    metrics: PrometheusHandle,
    phase: watch::Receiver<Phase>,
    identity: Arc<CurrentIdentity>,
    started: Timestamp,
    history: Mutex<StatusHistory>,
}

/// Takes a sample of the status every ten seconds, for as long as the gateway runs.
pub async fn keep_sampling(board: Arc<StatusBoard>) {
    let mut ticks = tokio::time::interval(SAMPLE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let reading = board.read();
        board.history().take(reading);
    }
}

impl StatusBoard {
    /// A board without samples.
    #[must_use]
    pub fn new(
        office: Arc<Office>,
        journal: Arc<Journal>,
        metrics: PrometheusHandle,
        phase: watch::Receiver<Phase>,
        identity: Arc<CurrentIdentity>,
    ) -> Self {
        let (started, history) = (clock::now(), Mutex::default());
        Self { office, journal, metrics, phase, identity, started, history }
    }

    fn history(&self) -> MutexGuard<'_, StatusHistory> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> StatusReading {
        let at = clock::now();
        let behind_ms = at.since_ms(self.office.drains.so_far().max(self.started));
        let metrics = MetricReading::of(&self.metrics.render());
        StatusReading { at, metrics, turns: self.office.tables.colours.turns(), behind_ms }
    }

    /// The status, as `GET /v1/status` answers it in JSON.
    pub(super) fn answer(&self) -> impl Serialize + use<> {
        self.report()
    }

    fn report(&self) -> StatusReport {
        let reading = self.read();
        let history = self.history();
        let (minute, hour) = (history.last_minute(&reading), history.last_hour(&reading));
        let (newest, hour_figures) = (history.newest().cloned(), HourFigures::of(&history));
        drop(history);
        let colours = &self.office.tables.colours;
        let (waiting, gateways) = (self.waiting(reading.at), self.gateways(reading.at));
        let faults = faults(&self.evidence(&reading, &minute, waiting.as_ref(), &gateways));
        let (reason, section) = faults.first().map_or_else(
            || ("Check-ins are answered, and no fault is known.".to_owned(), RunbookSection::AllWell),
            |fault| (fault.reason.clone(), fault.runbook),
        );
        let in_force = self.office.tables.policies.in_force();
        let full_for_s = OfficeKind::ALL.map(|kind| self.office.places.full_for(kind).as_secs());
        StatusReport {
            at: reading.at,
            gateway: gateway_number(self.office.settings.gateway),
            version: env!("CARGO_PKG_VERSION"),
            state: word(&faults),
            reason,
            runbook: section.heading(),
            advice: section.line(),
            faults,
            check_ins: CheckInFigures::of(newest.as_ref(), &minute, &hour),
            colours: ColourFigures::of(colours.is_loaded(), &colours.people(), &minute, &hour),
            journal: self.journal(&reading, JournalFigures::fsync_p99_ms(newest.as_ref())),
            store: self.store(&reading),
            office: OfficeFigures::of(
                &reading.metrics.places,
                full_for_s,
                &minute.office_refusals,
                &hour.office_refusals,
            ),
            certificate: self.certificate(reading.at),
            policy: PolicyInForce {
                label: in_force.policy.label().to_owned(),
                number: in_force.number.0,
                since: in_force.since,
            },
            waiting,
            gateways,
            hour: hour_figures,
        }
    }

    fn evidence(
        &self,
        reading: &StatusReading,
        minute: &SpanTotals,
        waiting: Option<&WaitingFigures>,
        gateways: &GatewayFigures,
    ) -> StateEvidence {
        let shed = SHED_CODES.iter().filter_map(|&code| minute.refusals.get(code)).sum();
        let is_full = |kind: &OfficeKind| self.office.places.full_for(*kind) > WAIT_MAX;
        // While the store is away, the other gateways' reports are not read.
        let late = |gateway: &&CityGateway| {
            gateways.is_current
                && !gateway.is_self
                && gateway.behind_s.is_none_or(|behind_s| behind_s > GATEWAY_AGE_MAX.as_secs_f64())
        };
        let held = |is_counted: fn(&str) -> bool| {
            let held = waiting.map(|waiting| waiting.held.iter()).into_iter().flatten();
            held.filter(|(kind, _)| is_counted(kind)).map(|(_, count)| count).sum()
        };
        StateEvidence {
            phase: match *self.phase.borrow() {
                Phase::Serving => LifePhase::Serving,
                Phase::Draining => LifePhase::Draining,
                Phase::Failed => LifePhase::Failed,
            },
            store: self.store_condition(),
            journal: if self.journal.is_full() { JournalCondition::Full } else { JournalCondition::Open },
            journal_full_in_s: JournalFigures::full_in_s(reading),
            shed,
            office_full: OfficeKind::ALL.into_iter().filter(is_full).collect(),
            office_refused: minute.office_refusals.iter().sum(),
            certificate: self.identity.load().faults(reading.at).iter().map(ToString::to_string).collect(),
            gateways_behind: gateways.list.iter().filter(late).map(|late| late.gateway.clone()).collect(),
            packs_waiting: held(|kind| kind == "policy"),
            lists_waiting: held(|kind| kind != "policy"),
            overdue: waiting.map_or(0, |waiting| waiting.overdue.values().sum()),
        }
    }

    fn store_condition(&self) -> StoreCondition {
        let office = &self.office;
        if office.drains.is_failing() {
            StoreCondition::Rejecting
        } else if office.is_store_silent() {
            StoreCondition::Silent
        } else if office.is_store_up() {
            StoreCondition::Up
        } else {
            StoreCondition::Loading
        }
    }

    fn journal(&self, reading: &StatusReading, fsync_p99_ms: Option<f64>) -> JournalFigures {
        let (is_full, bytes_max) = (self.journal.is_full(), self.journal.bytes_max());
        JournalFigures {
            is_full,
            backlog: reading.metrics.backlog,
            room: if is_full { 0 } else { self.journal.space_left() },
            used_bytes: bytes_max.saturating_sub(self.journal.bytes_left()),
            bytes_max,
            full_in_s: if is_full { Some(0) } else { JournalFigures::full_in_s(reading) },
            fsync_p99_ms,
        }
    }

    fn store(&self, reading: &StatusReading) -> StoreFigures {
        StoreFigures {
            is_shared: self.office.registry.is_shared(),
            is_registry_up: self.office.is_store_up(),
            are_drains_accepted: !self.office.drains.is_failing(),
            complete_through: reported(self.office.complete_so_far()),
            behind_s: seconds(reading.behind_ms),
        }
    }

    fn certificate(&self, now: Timestamp) -> CertificateFigures {
        let expires = self.identity.load().leaf_expires();
        CertificateFigures { expires, days_left: expires.since_ms(now) / DAY_MS }
    }

    fn waiting(&self, now: Timestamp) -> Option<WaitingFigures> {
        let waiting = self.office.waiting.load_full()?;
        Some(WaitingFigures::of(&waiting, is_recent(waiting.at, now, REGISTRY_AGE_MAX)))
    }

    fn gateways(&self, now: Timestamp) -> GatewayFigures {
        let own = (self.office.settings.gateway, self.office.drains.so_far());
        let known_at = self.office.tables.colours.followed();
        let gateway = |(number, through): (u64, Timestamp)| {
            let complete_through = reported(through);
            CityGateway {
                gateway: gateway_number(number),
                is_self: number == own.0,
                complete_through,
                behind_s: complete_through.map(|through| seconds(now.since_ms(through))),
            }
        };
        GatewayFigures {
            known_at,
            is_current: known_at.is_none_or(|at| is_recent(at, now, REGISTRY_AGE_MAX)),
            list: [own].into_iter().chain(self.office.other_gateways()).map(gateway).collect(),
        }
    }
}

/// Whether a time is at most this long ago.
fn is_recent(at: Timestamp, now: Timestamp, age_max: Duration) -> bool {
    u128::from(now.since_ms(at)) <= age_max.as_millis()
}
