//! The coordinator of a run: it gives each worker its part, checks its clock, starts all parts at one time,
//! and merges their results.

use super::message::{CoordinatorMessage, MESSAGES_VERSION, Messages, PartResults, WorkOrder, WorkerMessage};
use super::{CLOCK_READINGS, CLOCK_SKEW_MAX_MS, CONNECT_MAX, START_AFTER, WorkerToken};
use crate::beside::RunTokens;
use crate::city::LoadVenue;
use crate::drive::now;
use crate::interrupt::Interruption;
use crate::part::RunPart;
use crate::report::RunVerification;
use crate::sample::{RunOrder, RunTotals};
use crate::watch::RunBoard;
use anyhow::{Context as _, bail, ensure};
use futures_util::future::try_join_all;
use scangate_core::time::Timestamp;
use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::time::{sleep_until, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A worker with its part.
struct CrewWorker {
    address: SocketAddr,
    messages: Messages<TlsStream<TcpStream>>,
    /// The seed of its part, beyond that of the run.
    seed_offset: u64,
    residents: usize,
}

/// The workers of a run, each of which has prepared its part.
pub struct Crew(Vec<CrewWorker>);

/// The results of all workers.
pub struct CrewResults {
    /// The merged totals of the parts.
    pub totals: RunTotals,
    /// What became of the verifications.
    pub verification: RunVerification,
    /// The CPU time of all generators, if all could read theirs.
    pub cpu: Option<Duration>,
    /// The CPU time of the busiest generator as a share of its cores.
    pub cpu_share: Option<f64>,
}

/// What every part of a run has in common.
pub struct CrewOrder<'a> {
    /// The whole run.
    pub whole: &'a RunPart,
    /// The address of the gateway, as workers reach it.
    pub target: SocketAddr,
    /// The server name of the gateway.
    pub name: &'a str,
    /// The certificate of the gateway, PEM.
    pub certificate: &'a str,
    /// The tokens of the gateway.
    pub tokens: &'a RunTokens,
    /// The registered venues.
    pub venues: &'a [LoadVenue],
}

impl CrewOrder<'_> {
    fn of(&self, number: u32, all: u32) -> WorkOrder {
        WorkOrder {
            version: MESSAGES_VERSION,
            part: self.whole.part(number, all),
            target: self.target,
            name: self.name.to_owned(),
            certificate: self.certificate.to_owned(),
            tokens: self.tokens.clone(),
            venues: self.venues.to_vec(),
        }
    }
}

impl Crew {
    /// Gives each worker its part, and waits until all have registered their residents. **Errors**: a worker
    /// cannot be reached, has another token, cannot do its part, or has a clock that is wrong.
    pub async fn gather(
        workers: &[SocketAddr],
        token: &WorkerToken,
        order: &CrewOrder<'_>,
    ) -> anyhow::Result<Self> {
        let connector = TlsConnector::from(token.client()?);
        let all = u32::try_from(workers.len())?;
        let gathering = (0..all).zip(workers).map(async |(number, &address)| {
            let worker = CrewWorker::prepare(&connector, address, order.of(number, all));
            let worker = worker.await.with_context(|| format!("worker {address}"))?;
            let seed_offset = worker.seed_offset.wrapping_sub(order.whole.seed);
            anyhow::Ok(CrewWorker { seed_offset, ..worker })
        });
        Ok(Self(try_join_all(gathering).await?))
    }

    /// The residents of all parts.
    #[must_use]
    pub fn residents(&self) -> usize {
        self.0.iter().map(|worker| worker.residents).sum()
    }

    /// Runs all parts with this seed, and merges their results. An interruption ends them early. **Errors**:
    /// a worker has gone away or failed, so that its scans are in no class.
    pub async fn run(
        &mut self,
        seed: u64,
        whole: &RunPart,
        interruption: &Interruption,
        board: &RunBoard,
    ) -> anyhow::Result<CrewResults> {
        let opening = self.0.iter_mut().map(async |worker| {
            let opened = worker.open(seed).await;
            opened.with_context(|| format!("worker {}", worker.address))
        });
        try_join_all(opening).await?;
        let start = Instant::now() + START_AFTER;
        let running = self.0.iter_mut().map(async |worker| {
            let results = worker.run(start, interruption.clone(), board).await;
            results.with_context(|| format!("worker {}", worker.address))
        });
        let all = tokio::select! {
            all = try_join_all(running) => all?,
            never = turn_phases(board, whole, start) => match never {},
        };
        let mut all = all.into_iter();
        let first = all.next().context("a crew has workers")?;
        Ok(all.fold(CrewResults::from(first), CrewResults::merge))
    }
}

/// Puts up the phases of a run that others send.
async fn turn_phases(board: &RunBoard, whole: &RunPart, start: Instant) -> Infallible {
    let length = whole.scenario.length;
    sleep_until(start.into()).await;
    board.begin_sending(start, length);
    sleep_until((start + length).into()).await;
    board.begin_waiting(whole.waits.answer_max);
    pending().await
}

/// The next message after the signs of life. **Errors**: the worker has gone away, or failed.
async fn answer(messages: &mut Messages<TlsStream<TcpStream>>) -> anyhow::Result<WorkerMessage> {
    loop {
        match messages.next_in_time().await? {
            WorkerMessage::Beat { .. } => {}
            WorkerMessage::Failed { reason } => bail!(reason),
            message @ (WorkerMessage::Ready { .. }
            | WorkerMessage::Opened
            | WorkerMessage::Clock { .. }
            | WorkerMessage::Done(_)) => return Ok(message),
        }
    }
}

impl CrewWorker {
    async fn prepare(
        connector: &TlsConnector,
        address: SocketAddr,
        order: WorkOrder,
    ) -> anyhow::Result<Self> {
        let connecting = async {
            let stream = TcpStream::connect(address).await.context("no worker listens there")?;
            stream.set_nodelay(true)?;
            let connected = connector.connect(WorkerToken::server_name(), stream).await;
            connected.context("it has another token, or is not a worker")
        };
        let stream = timeout(CONNECT_MAX, connecting).await.context("it does not answer")??;
        let mut messages = Messages::over(stream);
        let seed_offset = order.part.seed;
        messages.send(&CoordinatorMessage::Order(Box::new(order))).await?;
        let WorkerMessage::Ready { residents } = answer(&mut messages).await? else {
            bail!("it spoke out of turn")
        };
        let mut worker = Self { address, messages, seed_offset, residents };
        worker.clock_ahead_ms().await?;
        Ok(worker)
    }

    /// The time by which its clock is ahead of this machine's. **Errors**: its clock is wrong. **Units**:
    /// milliseconds.
    async fn clock_ahead_ms(&mut self) -> anyhow::Result<i64> {
        let mut readings = Vec::with_capacity(CLOCK_READINGS);
        for _ in 0..CLOCK_READINGS {
            let (asked, began) = (now(), Instant::now());
            self.messages.send(&CoordinatorMessage::Clock).await?;
            let WorkerMessage::Clock { now: read } = self.messages.next_in_time().await? else {
                bail!("it spoke out of turn")
            };
            let round_trip = began.elapsed();
            let middle = i64::try_from(asked.0)? + i64::try_from(round_trip.as_millis() / 2)?;
            readings.push((round_trip, i64::try_from(read.0)? - middle));
        }
        let (_, ahead) = readings.into_iter().min().context("there were readings")?;
        ensure!(
            ahead.unsigned_abs() <= CLOCK_SKEW_MAX_MS,
            "its clock differs from this machine's by {ahead} ms: synchronise both clocks"
        );
        Ok(ahead)
    }

    /// Opens the connections for a run with this seed. **Errors**: they cannot be opened.
    async fn open(&mut self, seed: u64) -> anyhow::Result<()> {
        let seed = seed.wrapping_add(self.seed_offset);
        self.messages.send(&CoordinatorMessage::Open { seed }).await?;
        let WorkerMessage::Opened = answer(&mut self.messages).await? else { bail!("it spoke out of turn") };
        Ok(())
    }

    async fn run(
        &mut self,
        start: Instant,
        mut interruption: Interruption,
        board: &RunBoard,
    ) -> anyhow::Result<PartResults> {
        let ahead = self.clock_ahead_ms().await?;
        let left = i64::try_from(start.saturating_duration_since(Instant::now()).as_millis())?;
        let at = Timestamp(u64::try_from(i64::try_from(now().0)? + left + ahead)?);
        self.messages.send(&CoordinatorMessage::Start { at }).await?;
        let mut is_stopped = false;
        loop {
            let message = tokio::select! {
                message = self.messages.next_in_time() => message?,
                () = interruption.come(), if !is_stopped => {
                    is_stopped = true;
                    self.messages.send(&CoordinatorMessage::Stop).await?;
                    continue;
                }
            };
            match message {
                WorkerMessage::Beat { figures } => {
                    if let Some(figures) = figures {
                        board.meter.add(&figures);
                    }
                }
                WorkerMessage::Done(results) => return Ok(*results),
                WorkerMessage::Failed { reason } => bail!(reason),
                WorkerMessage::Clock { .. } | WorkerMessage::Ready { .. } | WorkerMessage::Opened => {
                    bail!("it spoke out of turn")
                }
            }
        }
    }
}

impl From<PartResults> for CrewResults {
    fn from(results: PartResults) -> Self {
        let PartResults { totals, verification, cpu, cpu_share } = results;
        Self { totals, verification, cpu, cpu_share }
    }
}

impl CrewResults {
    fn merge(mut self, other: PartResults) -> Self {
        self.totals.merge(other.totals, RunOrder::Parallel);
        Self {
            totals: self.totals,
            verification: self.verification.merge(other.verification),
            cpu: self.cpu.zip(other.cpu).map(|(own, other)| own + other),
            cpu_share: self.cpu_share.zip(other.cpu_share).map(|(own, other)| own.max(other)),
        }
    }
}
