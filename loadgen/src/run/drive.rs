//! The open-loop driver: sends a plan's scans at their intended times. If the gateway slows down, the backlog
//! grows, as it would at a door. Every scan has one deadline, which counts from its intended time.

use crate::beside::{BesideLoad, ReadyBeside};
use crate::carriers::OpenCarrier;
use crate::city::LoadCity;
use crate::client::{Doorway, Handshake, LoadTarget, Version};
use crate::interrupt::Interruption;
use crate::limits::{RunWaits, START_DELAY};
use crate::pace::{RunningLoad, send_all};
use crate::plan::{ScanPlan, SplitMix64};
use crate::sample::{KeptAnswers, RunTotals, Samples};
use crate::watch::RunBoard;
use scangate_core::time::Timestamp;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The kind of connection that carries scans to the gateway.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Carrier {
    /// Gates: connections that stay open, with several scans in flight on each.
    Gates {
        /// The number of connections.
        connections: usize,
        /// Scans in flight on each.
        in_flight: usize,
        /// The HTTP version.
        version: Version,
    },
    /// Phones: a new connection for each scan.
    Phones {
        /// The TLS handshake.
        handshake: Handshake,
        /// The place where they scan.
        doorway: Doorway,
    },
}

/// The target, city and plan of a run.
pub struct LoadRun {
    /// The gateway that receives the scans.
    pub target: Arc<LoadTarget>,
    /// The residents and venues to which the plan's indices refer.
    pub city: Arc<LoadCity>,
    /// The carriers with their shares of the scans, which add up to 1.
    pub carriers: Vec<(Carrier, f64)>,
    /// The scans.
    pub plan: Box<dyn ScanPlan>,
    /// The waits for answers.
    pub waits: RunWaits,
    /// What the run remembers of its acknowledged check-ins.
    pub keep: KeptAnswers,
    /// The load beside the scans.
    pub beside: Option<BesideLoad>,
    /// The board that a watch looks at.
    pub board: Arc<RunBoard>,
}

impl LoadRun {
    /// Returns a run with one carrier and the usual waits and without a watch. Its check-ins can be
    /// read back.
    #[must_use]
    pub fn new(target: Arc<LoadTarget>, city: Arc<LoadCity>, carrier: Carrier, plan: impl ScanPlan) -> Self {
        let (carriers, plan) = (vec![(carrier, 1.0)], Box::new(plan));
        let (waits, keep, board) = (RunWaits::default(), KeptAnswers::All, Arc::default());
        Self { target, city, carriers, plan, waits, keep, beside: None, board }
    }
}

/// The time of day.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one clock of loadgen and the tests")]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// A run whose connections are open.
pub(crate) struct OpenRun {
    city: Arc<LoadCity>,
    carriers: Vec<(OpenCarrier, f64)>,
    plan: Box<dyn ScanPlan>,
    waits: RunWaits,
    beside: ReadyBeside,
    samples: Arc<Samples>,
    board: Arc<RunBoard>,
}

impl LoadRun {
    /// Opens the connections. **Errors**: a gate cannot connect, or the gateway refuses what the load beside
    /// the scans needs.
    pub(crate) async fn open(self) -> anyhow::Result<OpenRun> {
        let Self { target, city, carriers, plan, waits, keep, beside, board } = self;
        let samples = Arc::new(Samples::new(plan.left(), waits.late_after, keep));
        let mut open = Vec::with_capacity(carriers.len());
        for (number, (carrier, share)) in (0..).zip(carriers) {
            let seed = SplitMix64(plan.seed() ^ number).draw();
            open.push((OpenCarrier::open(carrier, &target, &samples, seed).await?, share));
        }
        let beside = ReadyBeside::of(beside).await?;
        Ok(OpenRun { city, carriers: open, plan, waits, beside, samples, board })
    }
}

impl OpenRun {
    /// Sends the plan from this time on, to its end or until an interruption.
    pub(crate) async fn send(self, start: Instant, interruption: Interruption) -> anyhow::Result<RunTotals> {
        let Self { city, carriers, plan, waits, beside, samples, board } = self;
        let (length, delay) = (plan.length(), start.saturating_duration_since(Instant::now()));
        samples.begin(now().plus_ms(u64::try_from(delay.as_millis())?));
        board.begin_sending(start, length);
        let load = RunningLoad { start, city, carriers, samples: Arc::clone(&samples), waits, board };
        let beside = tokio::spawn(beside.run(start, length, interruption.clone()));
        let sent = send_all(load, plan, interruption).await;
        let beside = beside.await?;
        sent?;
        let mut totals = samples.take();
        totals.beside = beside;
        Ok(totals)
    }
}

/// Opens the connections of a run and drives it to its end, or until an interruption. **Errors**: a gate
/// cannot connect, or the gateway refuses what the load beside the scans needs.
pub async fn drive(run: LoadRun, interruption: Interruption) -> anyhow::Result<RunTotals> {
    let open = run.open().await?;
    open.send(Instant::now() + START_DELAY, interruption).await
}
