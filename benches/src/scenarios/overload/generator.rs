//! The load: check-ins at a rate whatever the answers, a fixed number in flight, or clients that retry.

use super::timeline::Timeline;
use crate::harness::client::{self, Client, PhoneClient};
use crate::harness::server::Server;
use crate::harness::town::BenchTown;
use crate::harness::wire;
use bytes::Bytes;
use quinn::Connection;
use scangate_loadgen::client::Handshake;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout_at};

/// The time for which a client waits for an answer, from the intended time of its check-in.
const ANSWER_MAX: Duration = Duration::from_secs(1);
/// The number of retries of a client of the storm.
const RETRIES: usize = 3;
/// The time between two batches of arrivals.
const TICK: Duration = Duration::from_millis(1);
/// The maximum number of arrivals in a batch. The answers that have come are read between two batches.
const BATCH_MAX: u64 = 512;
/// The longest delay of an arrival by the generator. It is then not sent any more.
const LATE_MAX: Duration = Duration::from_millis(20);

/// The outcome of one attempt to check in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attempt {
    Acknowledged,
    Refused,
    Unanswered,
    Unsent,
    Broken,
}

/// The connections over which a run sends its check-ins in turn.
pub(super) struct Generator {
    client: Client,
    phone: PhoneClient,
    connections: RefCell<Vec<Connection>>,
    lost: RefCell<BTreeMap<String, usize>>,
    town: Rc<BenchTown>,
    turn: Cell<usize>,
    in_flight: Cell<usize>,
    in_flight_max: usize,
    /// The events of the run.
    pub(super) timeline: Timeline,
}

impl Generator {
    /// Opens so many connections to a server. At a rate, at most so many check-ins are in flight.
    pub(super) async fn open(
        server: &Server,
        town: &Rc<BenchTown>,
        connections: usize,
        in_flight_max: usize,
    ) -> anyhow::Result<Rc<Self>> {
        let client = Client::new(server.address, &server.certificate())?;
        let phone = client.phone(Handshake::Full)?;
        let mut open = Vec::with_capacity(connections);
        for _ in 0..connections {
            open.push(client.connect(&phone).await?);
        }
        Ok(Rc::new(Self {
            client,
            phone,
            connections: RefCell::new(open),
            lost: RefCell::default(),
            town: Rc::clone(town),
            turn: Cell::new(0),
            in_flight: Cell::new(0),
            in_flight_max,
            timeline: Timeline::new(),
        }))
    }

    /// The number of connections that have ended, by reason.
    pub(super) fn lost(&self) -> BTreeMap<String, usize> {
        self.lost.borrow().clone()
    }

    /// Opens the connections again that have ended.
    pub(super) async fn reopen(&self) -> anyhow::Result<()> {
        let count = self.connections.borrow().len();
        for number in 0..count {
            let Some(reason) = self.connections.borrow()[number].close_reason() else { continue };
            *self.lost.borrow_mut().entry(reason.to_string()).or_default() += 1;
            let connection = self.client.connect(&self.phone).await?;
            self.connections.borrow_mut()[number] = connection;
        }
        Ok(())
    }

    /// The next connection in turn.
    fn next_connection(&self) -> Connection {
        let turn = self.turn.replace(self.turn.get().wrapping_add(1));
        let connections = self.connections.borrow();
        connections[turn % connections.len()].clone()
    }

    /// Sends check-ins at a rate a second for this time, whatever the answers.
    pub(super) async fn at_rate(self: &Rc<Self>, rate: f64, length: Duration) {
        let (began, mut ticks, mut handled) = (Instant::now(), interval(TICK), 0);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let arrivals = |time: Duration| -> u64 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of a run")]
            let count = (rate * time.as_secs_f64()) as u64;
            count
        };
        while began.elapsed() < length {
            ticks.tick().await;
            let due = arrivals(began.elapsed());
            let late = due.saturating_sub(handled + arrivals(LATE_MAX).max(1));
            self.timeline.add(|bucket| bucket.unsent += late);
            handled += late;
            let batch = handled..due.min(handled + BATCH_MAX);
            handled = batch.end;
            for number in batch {
                self.arrive(began + Duration::from_secs_f64(number as f64 / rate));
            }
        }
    }

    /// Sends one check-in, whose latency counts from its intended time.
    fn arrive(self: &Rc<Self>, intended: Instant) {
        if self.in_flight.get() >= self.in_flight_max {
            self.timeline.add(|bucket| bucket.held_back += 1);
            return self.record(Attempt::Unsent, intended);
        }
        self.in_flight.set(self.in_flight.get() + 1);
        let generator = Rc::clone(self);
        tokio::task::spawn_local(async move {
            let us = micros(intended.elapsed());
            generator.timeline.add(|bucket| bucket.delays_us.push(us));
            let outcome = generator.attempt(None, intended).await;
            generator.record(outcome, intended);
            generator.in_flight.set(generator.in_flight.get() - 1);
        });
    }

    /// Has so many check-ins in flight for this time.
    pub(super) async fn in_flight(self: &Rc<Self>, count: usize, length: Duration) {
        self.clients(count, 0, length).await;
    }

    /// Has so many clients for this time. A client whose check-in was not acknowledged retries immediately.
    pub(super) async fn storm(self: &Rc<Self>, clients: usize, length: Duration) {
        self.clients(clients, RETRIES, length).await;
    }

    async fn clients(self: &Rc<Self>, count: usize, retries: usize, length: Duration) {
        let end = Instant::now() + length;
        let mut clients = JoinSet::new();
        for _ in 0..count {
            clients.spawn_local(Rc::clone(self).check_in_until(end, retries));
        }
        while clients.join_next().await.is_some() {}
    }

    async fn check_in_until(self: Rc<Self>, end: Instant, retries: usize) {
        while Instant::now() < end {
            let (request, began) = (self.town.request(), Instant::now());
            for _ in 0..=retries {
                // The last answers are not waited for: the next phase begins.
                let attempt = self.attempt(Some(request.clone()), Instant::now());
                let Ok(outcome) = timeout_at(end.into(), attempt).await else { return };
                self.record(outcome, began);
                match outcome {
                    Attempt::Acknowledged => break,
                    Attempt::Refused | Attempt::Unanswered | Attempt::Unsent => {}
                    // A connection that has ended fails without a wait.
                    Attempt::Broken => tokio::task::yield_now().await,
                }
            }
        }
    }

    /// Sends a check-in, or the town's next one, and waits for its answer until the client gives up.
    async fn attempt(&self, request: Option<Bytes>, since: Instant) -> Attempt {
        if since.elapsed() >= ANSWER_MAX {
            return Attempt::Unsent;
        }
        let request = request.unwrap_or_else(|| self.town.request());
        let (connection, is_sent) = (self.next_connection(), Cell::new(false));
        let exchange = async {
            let answer = client::send(&connection, request).await?;
            is_sent.set(true);
            self.timeline.add(|bucket| bucket.sent += 1);
            answer.receive().await
        };
        match timeout_at((since + ANSWER_MAX).into(), exchange).await {
            // A generator that is behind may read an answer after the client would have given up.
            Ok(Ok(_)) if since.elapsed() >= ANSWER_MAX => Attempt::Unanswered,
            Ok(Ok(answer)) if wire::is_ok(&answer) => Attempt::Acknowledged,
            Ok(Ok(answer)) if wire::is_shed(&answer) => Attempt::Refused,
            Ok(_) => Attempt::Broken,
            Err(_) if is_sent.get() => Attempt::Unanswered,
            Err(_) => Attempt::Unsent,
        }
    }

    fn record(&self, outcome: Attempt, since: Instant) {
        let us = micros(since.elapsed());
        self.timeline.add(|bucket| match outcome {
            Attempt::Acknowledged => bucket.latencies_us.push(us),
            Attempt::Refused => bucket.refused += 1,
            Attempt::Unanswered => bucket.unanswered += 1,
            Attempt::Unsent => bucket.unsent += 1,
            Attempt::Broken => bucket.broken += 1,
        });
    }
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}
