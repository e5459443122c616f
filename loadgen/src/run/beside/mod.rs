//! The load beside the scans of a run: `senders` make requests at a rate, `holders` hold connections, and
//! each kind counts how its `requests` ended. None of them delays a scan, and no service level counts them.

mod facts;
mod holders;
mod requests;
mod senders;

use self::holders::hold;
use self::senders::{BesideSender, send_at_rate};
use crate::city::LoadCity;
use crate::client::LoadTarget;
use crate::interrupt::Interruption;
use crate::plan::SplitMix64;
use crate::sample::{RunOrder, histogram, histogram_text};
use crate::scenario::beside::{BesideAmount, BesideSpec};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The `authorization` headers with which a run calls the gateway.
#[derive(Clone, Serialize, Deserialize)]
pub struct RunTokens {
    /// The authority's.
    pub authority: String,
    /// The tracer's; none unless the scenario needs one.
    pub tracer: Option<String>,
}

/// The load beside the scans of a run, which has not begun.
pub struct BesideLoad {
    /// The gateway, as users reach it.
    pub target: Arc<LoadTarget>,
    /// The gateway, as attackers reach it.
    pub attacked: Arc<LoadTarget>,
    /// The residents and venues of the scans.
    pub city: Arc<LoadCity>,
    /// The tokens of the callers.
    pub tokens: RunTokens,
    /// The kinds.
    pub specs: Vec<BesideSpec>,
    /// The seed of their choices.
    pub seed: u64,
}

/// How the requests of one kind ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BesideTotals {
    /// The kind and its amount.
    pub spec: BesideSpec,
    /// The requests of the plan, or the connections.
    pub planned: u64,
    /// The number of requests or connections by how they ended: a status, a problem code, or a cause.
    pub ended: BTreeMap<String, u64>,
    /// Time from the intended time to the answer. **Units**: microseconds.
    #[serde(with = "histogram_text")]
    pub response: Histogram<u64>,
}

impl BesideTotals {
    /// Adds the totals of the same kind in another run. Parts of one load add up to its amount.
    pub(crate) fn merge(&mut self, other: &Self, order: RunOrder) {
        self.planned += other.planned;
        for (ended, count) in &other.ended {
            *self.ended.entry(ended.clone()).or_default() += count;
        }
        self.response.add(&other.response).expect("all histograms of a run have the same bounds");
        if order == RunOrder::Parallel {
            self.spec.add(&other.spec);
        }
    }
}

/// The totals of one kind, to which its tasks add.
#[derive(Clone)]
struct SharedTotals(Arc<Mutex<BesideTotals>>);

impl SharedTotals {
    fn new(spec: BesideSpec, planned: u64) -> Self {
        let (ended, response) = (BTreeMap::new(), histogram());
        Self(Arc::new(Mutex::new(BesideTotals { spec, planned, ended, response })))
    }

    fn add(&self, ended: String, response: Option<Duration>) {
        let mut totals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *totals.ended.entry(ended).or_default() += 1;
        if let Some(response) = response {
            totals.response.saturating_record(u64::try_from(response.as_micros()).unwrap_or(u64::MAX));
        }
    }

    fn take(&self) -> BesideTotals {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The part of a run in which a kind is sent.
#[derive(Clone)]
struct BesideWindow {
    begins: Instant,
    ends: Instant,
    interruption: Interruption,
}

impl BesideWindow {
    /// Waits until a time. Returns false if the run ends before.
    async fn wait_until(&mut self, at: Instant) -> bool {
        tokio::select! {
            () = tokio::time::sleep_until(at.min(self.ends).into()) => at < self.ends,
            () = self.interruption.come() => false,
        }
    }
}

/// A kind that is ready to begin.
struct ReadyKind {
    spec: BesideSpec,
    sender: Option<BesideSender>,
    seed: u64,
}

/// The load beside the scans, ready to begin with them.
pub(crate) struct ReadyBeside {
    attacked: Option<Arc<LoadTarget>>,
    kinds: Vec<ReadyKind>,
}

impl ReadyBeside {
    /// Prepares what the kinds need, such as cases. **Errors**: the gateway refuses it.
    pub(crate) async fn of(load: Option<BesideLoad>) -> anyhow::Result<Self> {
        let Some(load) = load else { return Ok(Self { attacked: None, kinds: Vec::new() }) };
        let mut kinds = Vec::with_capacity(load.specs.len());
        for (number, &spec) in (0..).zip(&load.specs) {
            let seed = SplitMix64(load.seed ^ number).draw();
            let sender = match spec.amount {
                BesideAmount::Rate(_) => Some(BesideSender::of(spec.kind, &load, seed).await?),
                BesideAmount::Connections(_) => None,
            };
            kinds.push(ReadyKind { spec, sender, seed });
        }
        Ok(Self { attacked: Some(load.attacked), kinds })
    }

    /// Sends it all, from the start of the run to its end or interruption.
    pub(crate) async fn run(
        self,
        start: Instant,
        length: Duration,
        interruption: Interruption,
    ) -> Vec<BesideTotals> {
        let (mut running, mut all) = (JoinSet::new(), Vec::new());
        for ReadyKind { spec, sender, seed } in self.kinds {
            let (from, to) = spec.window(length);
            let interruption = interruption.clone();
            let window = BesideWindow { begins: start + from, ends: start + to, interruption };
            let totals = SharedTotals::new(spec, planned(&spec, to.saturating_sub(from)));
            all.push(totals.clone());
            match (spec.amount, sender) {
                (BesideAmount::Rate(rate), Some(sender)) => {
                    running.spawn(send_at_rate(Arc::new(sender), rate.0, window, totals));
                }
                (BesideAmount::Connections(held), _) => {
                    for number in 0..held {
                        let Some(attacked) = self.attacked.clone() else { continue };
                        let seed = seed ^ u64::from(number);
                        running.spawn(hold(spec.kind, attacked, window.clone(), totals.clone(), seed));
                    }
                }
                (BesideAmount::Rate(_), None) => {}
            }
        }
        running.join_all().await;
        all.iter().map(SharedTotals::take).collect()
    }
}

/// The requests of a kind in its window, or its connections.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "files bound the product")]
fn planned(spec: &BesideSpec, window: Duration) -> u64 {
    match spec.amount {
        BesideAmount::Rate(rate) => (rate.0 * window.as_secs_f64()).ceil() as u64,
        BesideAmount::Connections(held) => held.into(),
    }
}
