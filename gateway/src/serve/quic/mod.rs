//! The QUIC loop: one task that serves every connection of a worker. A turn receives a batch of
//! datagrams, feeds the connections and takes whole requests to the journal. It then writes the answers
//! of durable groups and transmits for all connections. A request costs no task, channel or lock. A burst of
//! requests on one connection is divided among turns.
//!
//! A connection whose requests wait for the disk sends no packets until its answers are written. Its
//! acknowledgement then rides with the answer, and its timers are set once.

pub mod connection;
pub mod context;
pub(in crate::serve) mod crypto;
mod handshakes;
mod office_stream;
mod outbox;
mod stream_chunks;
mod upkeep;
mod write_queue;

use super::bell::Bell;
use super::deadlines::{SWEEP_PAUSE, WORKER_CLOSE_MAX};
use super::life::phase::Phase;
use super::stream_key::StreamKey;
use crate::fairness::{Source, SourceShares};
use bytes::BytesMut;
use connection::{Connection, ConnectionSeat};
use context::WorkerContext;
use handshakes::PendingHandshakes;
use outbox::Outbox;
use quinn_proto::{ConnectionHandle, DatagramEvent, Endpoint, Incoming};
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, IoSliceMut};
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Datagrams of one connection in one segmented run.
const SEGMENTS_MAX: usize = 10;
/// Batches received in one turn, before answers are written.
const BATCHES_A_TURN: usize = 4;
/// The longest wait for the disk before acknowledgements are sent without the answer.
const DEFER_MAX: Duration = Duration::from_millis(5);
/// Connections at a worker; more are refused. At some 18 KiB each they are about 5 GB.
const CONNECTIONS_MAX: usize = 262_144;
/// How long a drain leaves a connection open, so that its last answers arrive before the close.
const LINGER: Duration = Duration::from_millis(300);

/// How many datagrams this machine's kernel sends in one call. **Errors**: a UDP socket cannot be set up.
pub fn segments_max() -> io::Result<usize> {
    let socket = std::net::UdpSocket::bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
    Ok(UdpSocketState::new((&socket).into())?.max_gso_segments())
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Deadline {
    at: Instant,
    slot: u32,
    generation: u32,
}

/// A connection on which something may be late.
#[derive(Clone, Copy)]
struct WatchedSlot {
    slot: u32,
    generation: u32,
}

/// The loop of a worker.
pub struct QuicLoop {
    io: UdpSocket,
    udp: UdpSocketState,
    buffer: Vec<u8>,
    endpoint: Endpoint,
    connections: Vec<Option<Box<Connection>>>,
    generation: u32,
    handshakes: PendingHandshakes,
    touched: Vec<u32>,
    /// The connections whose requests the last turn had no room for.
    crowded: Vec<u32>,
    deadlines: BinaryHeap<Reverse<Deadline>>,
    outbox: Outbox,
    is_blocked: bool,
    is_disk_slow: bool,
    work: WorkerContext,
    rung: Vec<StreamKey>,
    date_second: u64,
    /// The connections on which something may be late, and the next look at them.
    watched: Vec<WatchedSlot>,
    sweep_at: Instant,
    /// The connections, by source.
    places: Arc<SourceShares>,
    drained_at: Option<Instant>,
    gauge: metrics::Gauge,
}

impl QuicLoop {
    /// A loop on this socket. **Errors**: the socket cannot be set up.
    pub fn new(
        socket: std::net::UdpSocket,
        endpoint: Endpoint,
        work: WorkerContext,
        worker: u16,
    ) -> io::Result<Self> {
        let io = UdpSocket::from_std(socket)?;
        let udp = UdpSocketState::new((&io).into())?;
        let datagram_bytes_max = usize::from(u16::MAX);
        let buffer = vec![0; datagram_bytes_max * BATCH_SIZE];
        let gauge = metrics::gauge!("scangate_quic_connections", "worker" => worker.to_string());
        Ok(Self {
            io,
            udp,
            buffer,
            endpoint,
            connections: Vec::new(),
            generation: 0,
            handshakes: PendingHandshakes::default(),
            touched: Vec::new(),
            crowded: Vec::new(),
            deadlines: BinaryHeap::new(),
            outbox: Outbox::new(),
            is_blocked: false,
            is_disk_slow: false,
            work,
            rung: Vec::new(),
            date_second: u64::MAX,
            watched: Vec::new(),
            sweep_at: Instant::now() + SWEEP_PAUSE,
            places: SourceShares::new(CONNECTIONS_MAX),
            drained_at: None,
            gauge,
        })
    }

    /// Serves until the gateway drains and every connection has ended, and those of `tcp`, whose check-ins
    /// this loop answers. At the `last_moment` of a drain it closes the connections that are left.
    pub async fn run(
        mut self,
        mut phase: watch::Receiver<Phase>,
        mut tcp: JoinHandle<()>,
        mut last_moment: Pin<&mut impl Future<Output = ()>>,
    ) -> io::Result<()> {
        let bell = Arc::clone(&self.work.bell);
        let mut sleep = Box::pin(tokio::time::sleep(Duration::ZERO));
        loop {
            if *phase.borrow_and_update() != Phase::Serving {
                self.drain(Instant::now());
                if self.endpoint.open_connections() == 0 && self.outbox.is_empty() && tcp.is_finished() {
                    return Ok(());
                }
            }
            self.turn(&bell)?;
            self.set_alarm(&mut sleep);
            tokio::select! {
                biased;
                () = last_moment.as_mut() => {
                    let closing = self.close_all(Instant::now());
                    return tokio::time::timeout(WORKER_CLOSE_MAX, closing).await.unwrap_or(Ok(()));
                }
                ready = self.io.readable() => ready?,
                () = bell.ring().notified() => {}
                () = sleep.as_mut() => {}
                ready = self.io.writable(), if self.is_blocked => ready?,
                changed = phase.changed() => if changed.is_err() { return Ok(()) },
                _ = &mut tcp, if !tcp.is_finished() => {}
            }
        }
    }

    fn turn(&mut self, bell: &Arc<Bell>) -> io::Result<()> {
        self.set_date();
        for _ in 0..BATCHES_A_TURN {
            if !self.receive()? {
                break;
            }
        }
        let now = self.work.now;
        self.accept_left(now);
        self.expire(now);
        self.sweep(now);
        self.take_rung(bell, now);
        self.answer(now);
        self.stop_deferring(now);
        self.transmit(now);
        self.work.front.borrow_mut().tally.publish();
        Ok(())
    }

    fn set_date(&mut self) {
        let mut front = self.work.front.borrow_mut();
        self.work.now = front.tick();
        let now = front.now();
        drop(front);
        if now.0 / 1_000 != self.date_second {
            self.date_second = now.0 / 1_000;
            self.work.date = now.http_date();
        }
    }

    /// Receives one batch. Returns whether there may be more.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the system has more kinds of error than matter here")]
    fn receive(&mut self) -> io::Result<bool> {
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let mut buffer = std::mem::take(&mut self.buffer);
        let share = buffer.len() / BATCH_SIZE;
        let received = {
            let mut slices = buffer.chunks_exact_mut(share).map(IoSliceMut::new);
            let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
                std::array::from_fn(|_| slices.next().expect("the buffer has a share for each"));
            let Self { io, udp, .. } = &*self;
            io.try_io(Interest::READABLE, || udp.recv(io.into(), &mut slices, &mut metas))
        };
        let count = match received {
            Ok(count) => count,
            Err(error) => {
                self.buffer = buffer;
                return match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(false),
                    // An ICMP message about one peer does not concern the socket.
                    io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused => Ok(true),
                    _ => Err(error),
                };
            }
        };
        let now = self.work.front.borrow_mut().tick();
        self.work.now = now;
        for (meta, bytes) in metas[..count].iter().zip(buffer.chunks_exact(share)) {
            for datagram in bytes[..meta.len].chunks(meta.stride.max(1)) {
                self.take_datagram(meta, datagram, now);
            }
        }
        self.buffer = buffer;
        Ok(count == BATCH_SIZE)
    }

    fn take_datagram(&mut self, meta: &RecvMeta, datagram: &[u8], now: Instant) {
        let mut response = Vec::new();
        let ecn = meta.ecn.and_then(|ecn| quinn_proto::EcnCodepoint::from_bits(ecn as u8));
        let data = BytesMut::from(datagram);
        let event = self.endpoint.handle(now, meta.addr, meta.dst_ip, ecn, data, &mut response);
        match event {
            Some(DatagramEvent::ConnectionEvent(handle, event)) => {
                let slot = slot_of(handle);
                if let Some(mut connection) = self.take(slot) {
                    if connection.receive(event, meta.addr, datagram.len()) {
                        connection.events(&mut self.work, now);
                    }
                    self.put_back(slot, connection);
                }
            }
            Some(DatagramEvent::NewConnection(incoming)) => self.accept(incoming, datagram.len(), now),
            Some(DatagramEvent::Response(transmit)) => self.send_now(response, transmit),
            None => {}
        }
    }

    fn accept(&mut self, incoming: Incoming, received: usize, now: Instant) {
        let mut response = Vec::new();
        let source = Source::from(incoming.remote_address());
        let place = self.places.take_one(source).filter(|_| self.drained_at.is_none());
        let Some(place) = place else {
            let transmit = self.endpoint.refuse(incoming, &mut response);
            self.work.handshakes.refused.increment(1);
            return self.send_now(response, transmit);
        };
        if self.handshakes.are_many(source) && incoming.may_retry() && !incoming.remote_address_validated() {
            match self.endpoint.retry(incoming, &mut response) {
                Ok(transmit) => {
                    self.work.handshakes.retried.increment(1);
                    self.send_now(response, transmit);
                }
                Err(error) => self.endpoint.ignore(error.into_incoming()),
            }
            return;
        }
        let is_address_proved = incoming.remote_address_validated();
        match self.endpoint.accept(incoming, now, &mut response, None) {
            Ok((handle, quic)) => {
                let slot = slot_of(handle);
                self.generation = self.generation.wrapping_add(1);
                let generation = self.generation;
                let seat =
                    ConnectionSeat { slot, generation, place, began: now, received, is_address_proved };
                let mut connection = Box::new(Connection::new(quic, seat, &self.work));
                self.handshakes.begin(source);
                if self.connections.len() <= handle.0 {
                    self.connections.resize_with(handle.0 + 1, || None);
                }
                connection.events(&mut self.work, now);
                self.put_back(slot, connection);
            }
            Err(error) => {
                if let Some(transmit) = error.response {
                    self.send_now(response, transmit);
                }
            }
        }
    }

    /// Goes on with the requests that the last turn had no room for.
    fn accept_left(&mut self, now: Instant) {
        for slot in std::mem::take(&mut self.crowded) {
            let Some(mut connection) = self.take(slot) else { continue };
            connection.accept_requests(&mut self.work, now);
            self.put_back(slot, connection);
        }
    }

    fn send_now(&mut self, bytes: Vec<u8>, transmit: quinn_proto::Transmit) {
        if self.outbox.is_full() {
            self.flush();
        }
        // If the socket is blocked, a stateless packet is dropped, as the network might have dropped it.
        if !self.outbox.is_full() {
            self.outbox.fill(|buffer| {
                *buffer = bytes;
                Some(transmit)
            });
        }
    }

    fn take(&mut self, slot: u32) -> Option<Box<Connection>> {
        self.connections.get_mut(slot as usize)?.take()
    }

    /// Puts a connection back after work on it, and lists it for this turn's transmit.
    fn put_back(&mut self, slot: u32, mut connection: Box<Connection>) {
        if connection.was_handshaking && !connection.is_handshaking {
            connection.was_handshaking = false;
            self.handshakes.end(connection.source());
        }
        if !connection.is_touched {
            connection.is_touched = true;
            self.touched.push(slot);
        }
        if !connection.is_watched {
            connection.is_watched = true;
            self.watched.push(WatchedSlot { slot, generation: connection.generation });
        }
        self.connections[slot as usize] = Some(connection);
    }

    fn take_rung(&mut self, bell: &Arc<Bell>, now: Instant) {
        let mut rung = std::mem::take(&mut self.rung);
        bell.take(&mut rung);
        for key in rung.drain(..) {
            let Some(mut connection) = self.take(key.slot) else { continue };
            if connection.generation == key.generation {
                connection.rung(key.stream, &mut self.work, now);
            }
            self.put_back(key.slot, connection);
        }
        self.rung = rung;
    }

    /// Writes the answers of all check-ins that have become durable.
    fn answer(&mut self, now: Instant) {
        let front = std::rc::Rc::clone(&self.work.front);
        let mut front = front.borrow_mut();
        front.durable(now, |key, body| {
            let Some(mut connection) = self.take(key.slot) else { return };
            if connection.generation == key.generation {
                connection.answer(key.stream, body, &mut self.work);
            }
            self.put_back(key.slot, connection);
        });
        front.fail(|key, reply| {
            let Some(mut connection) = self.take(key.slot) else { return };
            if connection.generation == key.generation {
                connection.refuse_waiting(key.stream, reply, &mut self.work);
            }
            self.put_back(key.slot, connection);
        });
    }

    /// With a slow disk, connections send packets although their answers wait.
    fn stop_deferring(&mut self, now: Instant) {
        self.is_disk_slow = self.work.front.borrow().waited(now).is_some_and(|waited| waited > DEFER_MAX);
        if !self.is_disk_slow {
            return;
        }
        for (slot, connection) in self.connections.iter_mut().enumerate() {
            if let (Ok(slot), Some(connection)) = (u32::try_from(slot), connection)
                && connection.waiting > 0
                && !connection.is_touched
            {
                connection.is_touched = true;
                self.touched.push(slot);
            }
        }
    }

    /// Sends the packets of every connection of this turn.
    fn transmit(&mut self, now: Instant) {
        let mut touched = std::mem::take(&mut self.touched);
        let mut later = Vec::new();
        for slot in touched.drain(..) {
            let Some(mut connection) = self.take(slot) else { continue };
            connection.is_touched = false;
            if connection.next_turn() {
                self.crowded.push(slot);
            }
            if connection.waiting > 0 && !self.is_disk_slow && !connection.quic.is_closed() {
                self.connections[slot as usize] = Some(connection);
                continue;
            }
            if self.fill(&mut connection, now) {
                self.settle(slot, connection);
            } else {
                connection.is_touched = true;
                later.push(slot);
                self.connections[slot as usize] = Some(connection);
            }
        }
        // Connections that were touched while they were settled follow in the next turn.
        later.append(&mut self.touched);
        self.touched = later;
        self.flush();
    }

    /// Moves a connection's packets to the outbox. Returns whether there was room for all.
    fn fill(&mut self, connection: &mut Connection, now: Instant) -> bool {
        loop {
            if self.outbox.is_full() {
                self.flush();
                if self.outbox.is_full() {
                    return false;
                }
            }
            if !self.outbox.fill(|buffer| connection.transmit(now, SEGMENTS_MAX, buffer)) {
                return true;
            }
        }
    }

    /// Sends what the outbox holds. `try_io` tells the runtime of a full socket: otherwise it would call the
    /// socket writable, and the loop would turn without a pause.
    fn flush(&mut self) {
        let Self { io, outbox, .. } = &mut *self;
        self.is_blocked = io.try_io(Interest::WRITABLE, || outbox.flush(io.as_fd())).is_err();
    }

    /// Passes a connection's events to the endpoint, drops the connection once it is drained, and
    /// sets its timer.
    fn settle(&mut self, slot: u32, mut connection: Box<Connection>) {
        let handle = ConnectionHandle(slot as usize);
        let mut is_drained = false;
        while let Some(event) = connection.quic.poll_endpoint_events() {
            is_drained |= event.is_drained();
            if let Some(event) = self.endpoint.handle_event(handle, event) {
                connection.quic.handle_event(event);
                connection.is_touched = true;
            }
        }
        if is_drained {
            if connection.was_handshaking {
                self.handshakes.end(connection.source());
            }
            return;
        }
        if let Some(at) = connection.quic.poll_timeout()
            && connection.armed.is_none_or(|armed| at < armed)
        {
            connection.armed = Some(at);
            self.deadlines.push(Reverse(Deadline { at, slot, generation: connection.generation }));
        }
        if connection.is_touched {
            self.touched.push(slot);
        }
        self.connections[slot as usize] = Some(connection);
    }
}

fn slot_of(handle: ConnectionHandle) -> u32 {
    u32::try_from(handle.0).expect("a worker has far fewer connections")
}
