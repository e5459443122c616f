//! The status as one value: what `GET /v1/status` answers as JSON and the operations page shows.

use super::history::{SpanTotals, StatusHistory};
use super::limits::SAMPLE_INTERVAL;
use super::reading::{ByKind, KINDS};
use super::sample::{StatusReading, StatusSample};
use super::state::{ServiceFault, StateWord};
use crate::office::http::dispatch::places;
use crate::office::waiting::{DUTIES, HELD_KINDS, WaitingWork};
use crate::tables::colours::colour_counts::ByColour;
use crate::wire::route::OfficeKind;
use scangate_core::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// The status of a gateway.
#[derive(Debug, Clone, Serialize)]
pub(super) struct StatusReport {
    pub(super) at: Timestamp,
    /// The gateway's number, as `gateway store gateways` prints it.
    pub(super) gateway: String,
    pub(super) version: &'static str,
    pub(super) state: StateWord,
    /// Why the state is what it is, in one sentence.
    pub(super) reason: String,
    /// The section of the runbook for the state.
    pub(super) runbook: &'static str,
    /// The first line of that section.
    pub(super) advice: &'static str,
    pub(super) faults: Vec<ServiceFault>,
    pub(super) check_ins: CheckInFigures,
    pub(super) colours: ColourFigures,
    pub(super) journal: JournalFigures,
    pub(super) store: StoreFigures,
    pub(super) office: Vec<OfficeFigures>,
    pub(super) certificate: CertificateFigures,
    pub(super) policy: PolicyInForce,
    /// None until the registry was read.
    pub(super) waiting: Option<WaitingFigures>,
    pub(super) gateways: GatewayFigures,
    pub(super) hour: HourFigures,
}

/// Check-ins and refusals.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CheckInFigures {
    /// None until a first sample was taken.
    pub(super) per_s: Option<f64>,
    pub(super) p99_ms: Option<f64>,
    /// Refused requests of the scan path, by problem code.
    pub(super) refused_last_minute: BTreeMap<String, u64>,
    pub(super) refused_last_hour: BTreeMap<String, u64>,
}

/// People by colour.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ColourFigures {
    pub(super) is_loaded: bool,
    pub(super) people: BTreeMap<&'static str, u64>,
    /// People who turned to each colour from another one.
    pub(super) turned_last_minute: BTreeMap<&'static str, u64>,
    pub(super) turned_last_hour: BTreeMap<&'static str, u64>,
}

/// The journal.
#[derive(Debug, Clone, Serialize)]
pub(super) struct JournalFigures {
    pub(super) is_full: bool,
    /// Check-ins that the trail store does not have yet.
    pub(super) backlog: u64,
    /// Check-ins for which there is room.
    pub(super) room: u64,
    pub(super) used_bytes: u64,
    pub(super) bytes_max: u64,
    /// None without check-ins.
    pub(super) full_in_s: Option<u64>,
    pub(super) fsync_p99_ms: Option<f64>,
}

/// The store.
#[derive(Debug, Clone, Serialize)]
pub(super) struct StoreFigures {
    pub(super) is_shared: bool,
    pub(super) is_registry_up: bool,
    pub(super) are_drains_accepted: bool,
    /// All check-ins before this time are in the trails, those of every gateway.
    pub(super) complete_through: Option<Timestamp>,
    /// The age of the newest check-in of this gateway that is certainly in the trails.
    pub(super) behind_s: f64,
}

/// A kind of work of the back office.
#[derive(Debug, Clone, Serialize)]
pub(super) struct OfficeFigures {
    pub(super) kind: &'static str,
    pub(super) places_used: u64,
    pub(super) places_max: u64,
    /// How long no place has been free.
    pub(super) full_for_s: u64,
    pub(super) refused_last_minute: u64,
    pub(super) refused_last_hour: u64,
}

/// The certificate.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CertificateFigures {
    pub(super) expires: Timestamp,
    /// Whole days; zero once it has expired.
    pub(super) days_left: u64,
}

/// The rule pack in force.
#[derive(Debug, Clone, Serialize)]
pub(super) struct PolicyInForce {
    pub(super) label: String,
    pub(super) number: u32,
    pub(super) since: Timestamp,
}

/// What waits for people.
#[derive(Debug, Clone, Serialize)]
pub(super) struct WaitingFigures {
    /// The time at which the registry was read.
    pub(super) known_at: Timestamp,
    /// Whether that was a moment ago.
    pub(super) is_current: bool,
    /// Lists that wait for a second approver, by kind.
    pub(super) held: BTreeMap<&'static str, u32>,
    pub(super) reviews: u32,
    /// Extensions of cases that wait for another tracer.
    pub(super) extensions: u32,
    /// Overdue duties, by kind.
    pub(super) overdue: BTreeMap<&'static str, u32>,
}

/// The gateways of the city.
#[derive(Debug, Clone, Serialize)]
pub(super) struct GatewayFigures {
    /// The time at which the other gateways' reports were read; none where there are no other gateways.
    pub(super) known_at: Option<Timestamp>,
    pub(super) is_current: bool,
    pub(super) list: Vec<CityGateway>,
}

/// A gateway of the city.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CityGateway {
    pub(super) gateway: String,
    pub(super) is_self: bool,
    /// All check-ins of this gateway before this time are in the trails.
    pub(super) complete_through: Option<Timestamp>,
    pub(super) behind_s: Option<f64>,
}

/// The last hour, oldest sample first.
#[derive(Debug, Clone, Serialize)]
pub(super) struct HourFigures {
    pub(super) interval_s: u64,
    /// The end of the oldest sample.
    pub(super) from: Option<Timestamp>,
    /// The end of the newest sample.
    pub(super) to: Option<Timestamp>,
    pub(super) check_ins_per_s: Vec<f64>,
    /// Null where no check-in was answered.
    pub(super) p99_ms: Vec<Option<f64>>,
    pub(super) refused: Vec<u64>,
    pub(super) behind_s: Vec<f64>,
}

/// A number of a gateway as operators read it.
pub(super) fn gateway_number(number: u64) -> String {
    format!("{number:016x}")
}

/// A time that was reported; none for the time zero, which stands for no report.
pub(super) fn reported(time: Timestamp) -> Option<Timestamp> {
    Some(time).filter(|time| time.0 > 0)
}

/// Milliseconds of microseconds.
fn ms(us: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a figure to read")]
    let us = us as f64;
    us / 1_000.0
}

/// Seconds of milliseconds.
pub(super) fn seconds(ms: u64) -> f64 {
    self::ms(ms)
}

fn by_colour(numbers: &ByColour) -> BTreeMap<&'static str, u64> {
    numbers.iter().map(|(colour, number)| (colour.word(), number)).collect()
}

impl CheckInFigures {
    pub(super) fn of(newest: Option<&StatusSample>, minute: &SpanTotals, hour: &SpanTotals) -> Self {
        Self {
            per_s: newest.map(StatusSample::check_ins_per_s),
            p99_ms: newest.and_then(|sample| sample.p99_us).map(ms),
            refused_last_minute: minute.refusals.clone(),
            refused_last_hour: hour.refusals.clone(),
        }
    }
}

impl ColourFigures {
    pub(super) fn of(is_loaded: bool, people: &ByColour, minute: &SpanTotals, hour: &SpanTotals) -> Self {
        Self {
            is_loaded,
            people: by_colour(people),
            turned_last_minute: by_colour(&minute.turns),
            turned_last_hour: by_colour(&hour.turns),
        }
    }
}

impl OfficeFigures {
    /// The figures of every kind of work. `full_for_s` has how long each had no free place.
    pub(super) fn of(used: &ByKind, full_for_s: ByKind, minute: &ByKind, hour: &ByKind) -> Vec<Self> {
        let figures = |at: usize| Self {
            kind: OfficeKind::ALL[at].label(),
            places_used: used[at],
            places_max: places(OfficeKind::ALL[at]) as u64,
            full_for_s: full_for_s[at],
            refused_last_minute: minute[at],
            refused_last_hour: hour[at],
        };
        (0..KINDS).map(figures).collect()
    }
}

impl WaitingFigures {
    pub(super) fn of(waiting: &WaitingWork, is_current: bool) -> Self {
        let WaitingWork { at, overdue, reviews, held, extensions } = *waiting;
        Self {
            known_at: at,
            is_current,
            held: HELD_KINDS.into_iter().zip(held).collect(),
            reviews,
            extensions,
            overdue: DUTIES.into_iter().zip(overdue).collect(),
        }
    }
}

impl HourFigures {
    pub(super) fn of(history: &StatusHistory) -> Self {
        let samples = || history.samples();
        Self {
            interval_s: SAMPLE_INTERVAL.as_secs(),
            from: samples().next().map(|sample| sample.at),
            to: history.newest().map(|sample| sample.at),
            check_ins_per_s: samples().map(StatusSample::check_ins_per_s).collect(),
            p99_ms: samples().map(|sample| sample.p99_us.map(ms)).collect(),
            refused: samples().map(StatusSample::refused).collect(),
            behind_s: samples().map(|sample| seconds(sample.behind_ms)).collect(),
        }
    }
}

impl JournalFigures {
    /// The p99 of the fsyncs in the newest sample. **Units**: milliseconds.
    pub(super) fn fsync_p99_ms(newest: Option<&StatusSample>) -> Option<f64> {
        newest.and_then(|sample| sample.fsync_p99_us).map(ms)
    }

    /// The whole seconds until the journal is full.
    pub(super) fn full_in_s(reading: &StatusReading) -> Option<u64> {
        let seconds = reading.metrics.journal_full_in_s?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is cast to the nearest"
        )]
        let seconds = seconds as u64;
        Some(seconds)
    }
}
