//! A worker: it waits for a coordinator, prepares the part that it is given, and sends it at the given time.

use super::message::{CoordinatorMessage, MESSAGES_VERSION, Messages, PartResults, WorkOrder, WorkerMessage};
use super::{BEAT_EVERY, CONNECT_MAX, TURN_MAX, WorkerToken};
use crate::city::LoadCity;
use crate::client::LoadTarget;
use crate::drive::{LoadRun, OpenRun, now};
use crate::interrupt::Interruption;
use crate::machine::cpu;
use crate::report::RunVerification;
use crate::sample::KeptAnswers;
use crate::verify::verify;
use crate::watch::RunBoard;
use anyhow::{Context as _, bail, ensure};
use scangate_core::time::Timestamp;
use std::net::SocketAddr;
use std::process;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{interval, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The settings of a worker.
pub struct WorkerOptions {
    /// The address on which it waits.
    pub listen: SocketAddr,
    /// The token of its coordinator.
    pub token: WorkerToken,
    /// Whether it may send load to another machine.
    pub allow_remote: bool,
}

/// Serves coordinators, one after the other, until an interruption. **Errors**: the address cannot be
/// listened on.
pub async fn serve_worker(options: WorkerOptions, mut interruption: Interruption) -> anyhow::Result<()> {
    let listener = TcpListener::bind(options.listen).await;
    let listener = listener.with_context(|| format!("listening on {}", options.listen))?;
    let acceptor = TlsAcceptor::from(options.token.server()?);
    eprintln!("worker on {}", listener.local_addr()?);
    loop {
        let (stream, from) = tokio::select! {
            accepted = listener.accept() => accepted?,
            () = interruption.come() => return Ok(()),
        };
        match serve_coordinator(stream, &acceptor, &options).await {
            Ok(()) => eprintln!("the coordinator {from} has its results"),
            Err(error) => eprintln!("the coordinator {from}: {error:#}"),
        }
    }
}

/// A coordinator's connection with the order that it gave.
struct WorkerShift {
    messages: Messages<TlsStream<TcpStream>>,
    order: WorkOrder,
    target: Arc<LoadTarget>,
    city: Arc<LoadCity>,
}

async fn serve_coordinator(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    options: &WorkerOptions,
) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let accepted = timeout(CONNECT_MAX, acceptor.accept(stream)).await.context("no handshake")?;
    let mut messages = Messages::over(accepted.context("it has another token")?);
    let CoordinatorMessage::Order(order) = messages.next_in_time().await? else {
        bail!("it began without an order")
    };
    match WorkerShift::prepare(&mut messages, &order, options).await {
        Ok((target, city)) => WorkerShift { messages, order: *order, target, city }.work().await,
        Err(error) => {
            messages.send(&WorkerMessage::Failed { reason: format!("{error:#}") }).await?;
            Err(error)
        }
    }
}

/// Sends signs of life while something is done.
async fn with_beats<T>(
    messages: &mut Messages<TlsStream<TcpStream>>,
    work: impl Future<Output = T>,
) -> anyhow::Result<T> {
    let (mut beats, mut work) = (interval(BEAT_EVERY), std::pin::pin!(work));
    loop {
        tokio::select! {
            done = &mut work => return Ok(done),
            _ = beats.tick() => messages.send(&WorkerMessage::Beat { figures: None }).await?,
        }
    }
}

/// A sign of life with the figures of a run since the last one.
fn beat(board: &RunBoard) -> WorkerMessage {
    WorkerMessage::Beat { figures: Some(Box::new(board.meter.take())) }
}

/// A part whose connections are open.
struct OpenPart {
    run: OpenRun,
    board: Arc<RunBoard>,
}

impl WorkerShift {
    async fn prepare(
        messages: &mut Messages<TlsStream<TcpStream>>,
        order: &WorkOrder,
        options: &WorkerOptions,
    ) -> anyhow::Result<(Arc<LoadTarget>, Arc<LoadCity>)> {
        let version = order.version;
        ensure!(version == MESSAGES_VERSION, "its messages have version {version}, not {MESSAGES_VERSION}");
        let is_remote = !order.target.ip().is_loopback();
        ensure!(
            options.allow_remote || !is_remote,
            "{} is another machine than the worker's: start the worker with --allow-remote",
            order.target
        );
        let target = LoadTarget::with_certificate(order.target, order.certificate.as_bytes())?;
        let target = Arc::new(target.named(&order.name));
        let venues = Some(order.venues.clone());
        let registering = order.part.register(&target, &order.tokens.authority, venues);
        let city = with_beats(messages, registering).await??;
        messages.send(&WorkerMessage::Ready { residents: city.residents.len() }).await?;
        Ok((target, Arc::new(city)))
    }

    /// Runs the part as often as the coordinator says, until it closes the connection.
    async fn work(mut self) -> anyhow::Result<()> {
        let mut open = None;
        loop {
            // The coordinator may wait for the other workers meanwhile.
            let message = match timeout(TURN_MAX, self.messages.next()).await {
                Ok(Ok(message)) => message,
                // A coordinator that has its results closes the connection.
                Ok(Err(_)) => return Ok(()),
                Err(_) => bail!("it has fallen silent"),
            };
            match (message, open.take()) {
                (CoordinatorMessage::Clock, part) => {
                    open = part;
                    self.messages.send(&WorkerMessage::Clock { now: now() }).await?;
                }
                (CoordinatorMessage::Open { seed }, _) => {
                    let opened = self.open(seed).await;
                    open = Some(self.or_failed(opened).await?);
                    self.messages.send(&WorkerMessage::Opened).await?;
                }
                (CoordinatorMessage::Start { at }, Some(part)) => {
                    let results = self.run(part, at).await?;
                    let results = self.or_failed(results).await?;
                    self.messages.send(&WorkerMessage::Done(Box::new(results))).await?;
                }
                (CoordinatorMessage::Stop, _) => {}
                (CoordinatorMessage::Order(_) | CoordinatorMessage::Start { .. }, _) => {
                    bail!("it spoke out of turn")
                }
            }
        }
    }

    /// Tells the coordinator of an error.
    async fn or_failed<T>(&mut self, done: anyhow::Result<T>) -> anyhow::Result<T> {
        if let Err(error) = &done {
            self.messages.send(&WorkerMessage::Failed { reason: format!("{error:#}") }).await?;
        }
        done
    }

    async fn open(&mut self, seed: u64) -> anyhow::Result<OpenPart> {
        let Self { messages, order, target, city } = self;
        let board = Arc::<RunBoard>::default();
        let run = order.part.run(order.part.plan(seed)?, target, city, &order.tokens)?;
        let run = LoadRun { board: Arc::clone(&board), ..run };
        let run = with_beats(messages, run.open()).await??;
        Ok(OpenPart { run, board })
    }

    /// Sends the scans and reads the check-ins back. **Errors**: outside, the coordinator has gone away;
    /// inside, the run failed.
    async fn run(&mut self, part: OpenPart, at: Timestamp) -> anyhow::Result<anyhow::Result<PartResults>> {
        let start = Instant::now() + Duration::from_millis(at.since_ms(now()));
        let Self { messages, order, target, city } = self;
        let OpenPart { run, board } = part;
        let (end, interruption) = Interruption::by_hand();
        let keep = order.part.keep;
        let running = async move {
            let before = cpu::used(process::id());
            let totals = run.send(start, interruption).await?;
            let cpu = cpu::used_since(before, process::id());
            let cpu_share = cpu.map(|cpu| cpu::share(cpu, start.elapsed()));
            let verification = match keep {
                KeptAnswers::Count => RunVerification::LeftOut,
                KeptAnswers::All => match verify(target, &city.residents, &totals.kept).await {
                    Ok(verified) => RunVerification::Done(verified),
                    Err(error) => RunVerification::Failed(format!("{error:#}")),
                },
            };
            anyhow::Ok(PartResults { totals, verification, cpu, cpu_share })
        };
        let (mut running, mut beats) = (std::pin::pin!(running), interval(BEAT_EVERY));
        let results = loop {
            tokio::select! {
                results = &mut running => break results,
                _ = beats.tick() => messages.send(&beat(&board)).await?,
                message = messages.next() => match message? {
                    CoordinatorMessage::Stop => drop(end.send_replace(true)),
                    CoordinatorMessage::Order(_)
                    | CoordinatorMessage::Clock
                    | CoordinatorMessage::Open { .. }
                    | CoordinatorMessage::Start { .. } => bail!("it spoke during a run"),
                },
            }
        };
        messages.send(&beat(&board)).await?;
        Ok(results)
    }
}
