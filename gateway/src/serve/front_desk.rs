//! A worker's front desk: walks scans through the rooms, and holds the answers that wait for the disk.
//! HTTP/3, HTTP/2 and HTTP/1.1 of one worker share it; no other thread does.

use super::stream_key::StreamKey;
use super::tally::Tally;
use crate::clock;
use crate::rooms::authenticate::Terminal;
use crate::rooms::journal::{JournalDesk, QueuedCheckIns};
use crate::rooms::{self, answer, look_up};
use crate::tables::Tables;
use crate::tables::channels::Channel;
use crate::wire::problem::Problem;
use bytes::BytesMut;
use scangate_core::refusal::Refusal;
use scangate_core::time::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Answers that may wait for the disk at a worker. Beyond it a scan is shed: at 35,000 a second this is
/// half a second of waiting, more than any disk that still works takes.
const WAITING_MAX: usize = 16_384;

/// Where an answer goes.
pub enum Caller {
    /// To a stream of a QUIC connection.
    Stream(StreamKey),
    /// To a task of this worker.
    Task(oneshot::Sender<Reply>),
}

/// A finished answer.
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Whether the body is a problem.
    pub is_problem: bool,
    /// `retry-after`, in seconds.
    pub retry_after_s: Option<u32>,
    /// The body.
    pub body: BytesMut,
}

struct PendingAnswer {
    journaled: QueuedCheckIns,
    caller: Caller,
    since: Instant,
}

/// The desk.
pub struct FrontDesk {
    tables: Arc<Tables>,
    desk: JournalDesk,
    waiting: VecDeque<PendingAnswer>,
    scratch: BytesMut,
    spread: u64,
    at: (Instant, Timestamp),
    /// What it has done.
    pub tally: Tally,
}

/// What becomes of a scan at once.
pub enum ScanStatus {
    /// It waits for the disk; the caller hears of it by [`FrontDesk::durable`].
    Waiting,
    /// It was refused.
    Refused(Refusal),
}

impl FrontDesk {
    /// A desk at this place of the journal.
    #[must_use]
    pub fn new(tables: Arc<Tables>, desk: JournalDesk) -> Self {
        let spread = u64::from(desk.number) << 32;
        let tally = Tally::new(desk.number);
        let at = (Instant::now(), clock::now());
        Self { tables, desk, waiting: VecDeque::new(), scratch: BytesMut::new(), spread, at, tally }
    }

    /// Looks at the clocks: what comes until the next look came now.
    pub fn tick(&mut self) -> Instant {
        self.at = (Instant::now(), clock::now());
        self.at.0
    }

    /// The channel of a connection, by the host that it names. Where there are no channels nobody is asked.
    pub fn channel(&self, host: impl FnOnce() -> Option<String>) -> Option<Arc<Channel>> {
        let channels = &self.tables.channels;
        if channels.is_empty() { None } else { channels.of(host().as_deref()) }
    }

    /// Counts a request of a channel. **Errors**: the channel has had its quota.
    pub fn admit(&self, channel: &Channel) -> Result<(), Refusal> {
        if self.tables.channels.admit(channel, self.at.0) { Ok(()) } else { Err(Refusal::Overloaded) }
    }

    /// Walks one scan to the journal.
    pub fn check_in(&mut self, body: &[u8], authorization: Option<&[u8]>, caller: Caller) -> ScanStatus {
        match self.walk(body, authorization) {
            Ok(journaled) => {
                self.waiting.push_back(PendingAnswer { journaled, caller, since: self.at.0 });
                ScanStatus::Waiting
            }
            Err(refusal) => ScanStatus::Refused(refusal),
        }
    }

    fn walk(&mut self, body: &[u8], authorization: Option<&[u8]>) -> Result<QueuedCheckIns, Refusal> {
        if self.waiting.len() >= WAITING_MAX {
            return Err(Refusal::Overloaded);
        }
        let now = self.at.1;
        let terminal = Terminal::of_header(authorization, &self.tables, now)?;
        rooms::walk(body, terminal.as_ref(), &self.tables, &mut self.desk, now)
    }

    /// Looks a colour up.
    pub fn look_up(&mut self, code: &[u8], authorization: Option<&[u8]>) -> Reply {
        let now = self.at.1;
        let mut body = BytesMut::with_capacity(256);
        let looked = Terminal::of_header(authorization, &self.tables, now)
            .and_then(|terminal| look_up::look_up(code, terminal.as_ref(), &self.tables, now, &mut body));
        match looked {
            Ok(()) => Reply { status: 200, is_problem: false, retry_after_s: None, body },
            Err(refusal) => self.refuse(refusal),
        }
    }

    /// The problem of a refusal.
    pub fn refuse(&mut self, refusal: Refusal) -> Reply {
        self.spread = self.spread.wrapping_add(1);
        self.tally.refused(refusal);
        let problem = Problem::of(refusal, self.spread);
        let mut body = BytesMut::with_capacity(256);
        problem.write(self.at.1, &mut body);
        Reply { status: refusal.status(), is_problem: true, retry_after_s: problem.retry_after_s(), body }
    }

    /// Answers everybody whose check-in is on disk, in the order they came. Answers to tasks are sent from
    /// here; those to streams are given to `to_stream`, which must not keep the body.
    pub fn durable(&mut self, now: Instant, mut to_stream: impl FnMut(StreamKey, &[u8])) {
        let durable = self.desk.lane.durable();
        while self.waiting.front().is_some_and(|waiting| waiting.journaled.is_durable(durable)) {
            let Some(PendingAnswer { journaled, caller, since }) = self.waiting.pop_front() else { return };
            let Ok(kept) = journaled.kept(durable) else { return };
            self.scratch.clear();
            answer::answer(&kept, &self.tables.policies, &mut self.scratch);
            self.tally.answered(now.saturating_duration_since(since));
            match caller {
                Caller::Stream(key) => to_stream(key, &self.scratch),
                Caller::Task(task) => {
                    let body = BytesMut::from(&self.scratch[..]);
                    // A task that is gone has a client that is gone: the check-in is kept all the same.
                    let _ = task.send(Reply { status: 200, is_problem: false, retry_after_s: None, body });
                }
            }
        }
    }

    /// How long the first one has waited for the disk.
    #[must_use]
    pub fn waited(&self, now: Instant) -> Option<Duration> {
        self.waiting.front().map(|first| now.saturating_duration_since(first.since))
    }

    /// Whether [`Self::durable`] would answer somebody: a repeated scan that was on disk before waits for no
    /// group, and so for no bell of the journal.
    #[must_use]
    pub fn is_due(&self) -> bool {
        let durable = self.desk.lane.durable();
        self.waiting.front().is_some_and(|first| first.journaled.is_durable(durable))
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The instant of the last look.
    #[must_use]
    pub fn instant(&self) -> Instant {
        self.at.0
    }

    /// The time of day at the last look, for `date`.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.at.1
    }
}
