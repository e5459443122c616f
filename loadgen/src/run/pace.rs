//! The pace of a run: one thread sleeps until each intended time and hands the scan to the runtime. A timer
//! of tokio has a resolution of one millisecond, which would be part of every latency.

use crate::carriers::{OpenCarrier, ScanProgress};
use crate::city::LoadCity;
use crate::drive::now;
use crate::interrupt::Interruption;
use crate::limits::{BACKLOG_MAX, RunWaits, SLEEP_MAX, TIMER_SLACK_NS};
use crate::outcome::ScanOutcome;
use crate::plan::{PlannedScan, ScanPlan, SplitMix64};
use crate::sample::{Samples, SettledScan};
use crate::watch::RunBoard;
use bytes::Bytes;
use http::Request;
use nix::sys::prctl::set_timerslack;
use scangate_core::time::Step;
use serde_json::json;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

/// The parts of a run that its scans share.
pub(crate) struct RunningLoad {
    pub(crate) start: Instant,
    pub(crate) city: Arc<LoadCity>,
    /// The carriers with their shares of the scans, which add up to 1.
    pub(crate) carriers: Vec<(OpenCarrier, f64)>,
    pub(crate) samples: Arc<Samples>,
    pub(crate) waits: RunWaits,
    pub(crate) board: Arc<RunBoard>,
}

/// Sends the plan's scans at their intended times, until the plan or an interruption ends it. Returns once
/// every scan is settled, which is at most `answer_max` later.
pub(crate) async fn send_all(
    load: RunningLoad,
    plan: Box<dyn ScanPlan>,
    interruption: Interruption,
) -> anyhow::Result<()> {
    let (load, backlog) = (Arc::new(load), Arc::new(Semaphore::new(BACKLOG_MAX as usize)));
    let runtime = Handle::current();
    let places = Arc::clone(&backlog);
    let (board, most) = (Arc::clone(&load.board), load.waits.answer_max);
    tokio::task::spawn_blocking(move || pace(&load, plan, &interruption, &places, &runtime)).await?;
    board.begin_waiting(most);
    // Each scan holds its place until it is settled.
    backlog.acquire_many(BACKLOG_MAX).await?.forget();
    Ok(())
}

fn pace(
    load: &Arc<RunningLoad>,
    mut plan: Box<dyn ScanPlan>,
    interruption: &Interruption,
    backlog: &Arc<Semaphore>,
    runtime: &Handle,
) {
    // A kernel that refuses wakes the thread later, which the lag shows.
    let _ = set_timerslack(TIMER_SLACK_NS);
    let mut choice = SplitMix64(!plan.seed());
    let (length, mut offered) = (plan.length(), Vec::new());
    let mut number = 0;
    let (not_due, took) = loop {
        let Some(scan) = plan.next() else { break (0, length) };
        if !sleep_until(load.start + scan.at, interruption) {
            break (plan.left() + 1, load.start.elapsed());
        }
        count(&mut offered, scan.at);
        load.board.meter.offer();
        let carrier = carrier(&load.carriers, choice.share());
        match Arc::clone(backlog).try_acquire_owned() {
            Ok(place) => {
                drop(runtime.spawn(run_scan(Arc::clone(load), number, carrier, scan, place)));
            }
            Err(_) => {
                let lag = (load.start + scan.at).elapsed();
                settle(load, scan, ScanOutcome::NotSent, lag, None, lag);
            }
        }
        number += 1;
    };
    load.samples.end_plan(offered, not_due, took);
}

/// Sleeps until a time. Returns false if an interruption comes before. The kernel wakes the thread a little
/// late, which the lag of the run shows.
fn sleep_until(at: Instant, interruption: &Interruption) -> bool {
    loop {
        if interruption.has_come() {
            return false;
        }
        let left = at.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        thread::sleep(left.min(SLEEP_MAX));
    }
}

fn count(offered: &mut Vec<u64>, at: Duration) {
    let second = usize::try_from(at.as_secs()).unwrap_or(usize::MAX);
    if second >= offered.len() {
        offered.resize(second + 1, 0);
    }
    offered[second] += 1;
}

/// The carrier at this share of the whole.
fn carrier(carriers: &[(OpenCarrier, f64)], share: f64) -> usize {
    let mut before = 0.0;
    let chosen = carriers.iter().position(|(_, own)| {
        before += own;
        share < before
    });
    chosen.unwrap_or(carriers.len() - 1)
}

async fn run_scan(
    load: Arc<RunningLoad>,
    number: usize,
    carrier: usize,
    scan: PlannedScan,
    place: OwnedSemaphorePermit,
) {
    let intended = load.start + scan.at;
    let lag = intended.elapsed();
    load.board.meter.take_up(lag);
    let mut progress = ScanProgress::Waiting;
    let sending = load.carriers[carrier].0.send_scan(number, || request(&load.city, scan), &mut progress);
    let answered = timeout_at((intended + load.waits.answer_max).into(), sending).await;
    let outcome = answered.unwrap_or_else(|_| progress.given_up());
    settle(&load, scan, outcome, lag, progress.served_from(), intended.elapsed());
    drop(place);
}

fn settle(
    load: &RunningLoad,
    scan: PlannedScan,
    outcome: ScanOutcome,
    lag: Duration,
    served_from: Option<Instant>,
    response: Duration,
) {
    load.board.meter.settle(&outcome, response);
    load.samples.settle(SettledScan {
        person: load.city.residents[scan.resident as usize].person,
        outcome,
        at: scan.at + response,
        response,
        service: served_from.map(|from| (load.start + scan.at + response).saturating_duration_since(from)),
        lag,
    });
}

/// The HTTP request of a scan, with the personal code that the phone shows now.
fn request(city: &LoadCity, scan: PlannedScan) -> Request<Bytes> {
    let code = city.residents[scan.resident as usize].code(Step::of(now()));
    let body = json!({"venue": city.venues[scan.venue as usize].poster, "person": code}).to_string();
    let request = Request::builder().method("POST").uri("/v1/check-ins");
    let request = request.header("content-type", "application/json").body(Bytes::from(body));
    request.expect("the request consists of constants")
}
