//! A worker's front desk: takes scans through the rooms, and holds the answers that wait for the disk.
//! HTTP/3, HTTP/2 and HTTP/1.1 of one worker share it; no other thread does.

use super::stream_key::StreamKey;
use super::tally::Tally;
use crate::clock;
use crate::rooms::answer::Audience;
use crate::rooms::authenticate::Terminal;
use crate::rooms::journal::{JournalDesk, QueuedCheckIns};
use crate::rooms::{self, answer, look_up};
use crate::tables::Tables;
use crate::tables::channels::Channel;
use crate::wire::http3::answer::ContentType;
use crate::wire::problem::{Problem, field_of};
use crate::wire::waiting_page::waiting_page;
use bytes::BytesMut;
use scangate_core::refusal::Refusal;
use scangate_core::time::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Answers that may wait for the disk at a worker; further scans are shed. At 35,000 a second this is
/// half a second, longer than a working disk takes.
const WAITING_MAX: usize = 16_384;

/// The methods of a page. The workers know other paths only with their own methods.
const PAGE_METHODS: (&str, &str) = ("allow", "GET, HEAD");

/// The destination of an answer.
pub enum Caller {
    /// A stream of a QUIC connection.
    Stream(StreamKey),
    /// A task of this worker.
    Task(oneshot::Sender<Reply>),
}

/// A finished answer.
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The type of the body.
    pub content_type: ContentType,
    /// `retry-after`, in seconds.
    pub retry_after_s: Option<u32>,
    /// A further header field that the status asks for.
    pub field: Option<(&'static str, &'static str)>,
    /// The body.
    pub body: BytesMut,
}

impl Reply {
    /// The page that a browser gets in place of this reply, if the request was shed.
    #[must_use]
    pub fn into_page(self) -> Self {
        match waiting_page(self.status, self.retry_after_s) {
            Some(page) => Self { content_type: ContentType::Page, body: page.as_bytes().into(), ..self },
            None => self,
        }
    }

    fn ok(body: BytesMut) -> Self {
        Self { status: 200, content_type: ContentType::Json, retry_after_s: None, field: None, body }
    }
}

struct PendingAnswer {
    queued: QueuedCheckIns,
    audience: Audience,
    caller: Caller,
    since: Instant,
}

/// The front desk of a worker.
pub struct FrontDesk {
    tables: Arc<Tables>,
    desk: JournalDesk,
    waiting: VecDeque<PendingAnswer>,
    scratch: BytesMut,
    spread: u64,
    at: (Instant, Timestamp),
    /// The worker's counters.
    pub tally: Tally,
}

/// The state of a scan after its walk to the journal.
pub enum ScanStatus {
    /// Its answer waits for the disk and is sent by [`FrontDesk::durable`].
    Waiting,
    /// It was refused.
    Refused(Refusal),
}

impl FrontDesk {
    /// A front desk with this lane of the journal.
    #[must_use]
    pub fn new(tables: Arc<Tables>, desk: JournalDesk) -> Self {
        let spread = u64::from(desk.number) << 32;
        let tally = Tally::new(desk.number);
        let at = (Instant::now(), clock::now());
        Self { tables, desk, waiting: VecDeque::new(), scratch: BytesMut::new(), spread, at, tally }
    }

    /// Reads the clocks. Everything up to the next tick counts as having come now.
    pub fn tick(&mut self) -> Instant {
        self.at = (Instant::now(), clock::now());
        self.at.0
    }

    /// The channel of a connection, by its server name. Without channels, `host` is not called.
    pub fn channel(&self, host: impl FnOnce() -> Option<String>) -> Option<Arc<Channel>> {
        let channels = &self.tables.channels;
        if channels.is_empty() { None } else { channels.of(host().as_deref()) }
    }

    /// Counts a request of a channel. **Errors**: `overloaded` if the channel's quota is spent.
    pub fn admit(&self, channel: &Channel) -> Result<(), Refusal> {
        if self.tables.channels.admit(channel, self.at.0) { Ok(()) } else { Err(Refusal::Overloaded) }
    }

    /// Takes one scan as far as the journal.
    pub fn check_in(&mut self, body: &[u8], authorization: Option<&[u8]>, caller: Caller) -> ScanStatus {
        match self.walk(body, authorization) {
            Ok((queued, audience)) => {
                self.waiting.push_back(PendingAnswer { queued, audience, caller, since: self.at.0 });
                ScanStatus::Waiting
            }
            Err(refusal) => ScanStatus::Refused(refusal),
        }
    }

    fn walk(
        &mut self,
        body: &[u8],
        authorization: Option<&[u8]>,
    ) -> Result<(QueuedCheckIns, Audience), Refusal> {
        if self.waiting.len() >= WAITING_MAX {
            return Err(Refusal::Overloaded);
        }
        let now = self.at.1;
        let terminal = Terminal::of_header(authorization, &self.tables, now)?;
        let queued = rooms::walk(body, terminal.as_ref(), &self.tables, &mut self.desk, now)?;
        Ok((queued, Audience::of_terminal(terminal.is_some())))
    }

    /// Looks up a colour.
    pub fn look_up(&mut self, code: &[u8], authorization: Option<&[u8]>) -> Reply {
        let now = self.at.1;
        let mut body = BytesMut::with_capacity(256);
        let looked = Terminal::of_header(authorization, &self.tables, now)
            .and_then(|terminal| look_up::look_up(code, terminal.as_ref(), &self.tables, now, &mut body));
        match looked {
            Ok(()) => Reply::ok(body),
            Err(refusal) => self.refuse(refusal),
        }
    }

    /// The problem of a refusal.
    pub fn refuse(&mut self, refusal: Refusal) -> Reply {
        self.spread = self.spread.wrapping_add(1);
        self.tally.refused(refusal);
        let problem = Problem::of(refusal, self.spread);
        let mut body = BytesMut::with_capacity(256);
        problem.write(self.at.1, self.tables.policies.in_force().problem_hotline(), &mut body);
        let status = refusal.status();
        let retry_after_s = problem.retry_after_s();
        let field = if refusal == Refusal::MethodNotAllowed { Some(PAGE_METHODS) } else { field_of(status) };
        Reply { status, content_type: ContentType::Problem, retry_after_s, field, body }
    }

    /// Answers the check-ins that are on disk, in the order they came. An answer to a task is sent
    /// from here; one to a stream goes to `to_stream`, which must not keep the body.
    pub fn durable(&mut self, now: Instant, mut to_stream: impl FnMut(StreamKey, &[u8])) {
        let durable = self.desk.lane.durable();
        while self.waiting.front().is_some_and(|waiting| waiting.queued.is_durable(durable)) {
            let Some(PendingAnswer { queued, audience, caller, since }) = self.waiting.pop_front() else {
                return;
            };
            let Ok(check_ins) = queued.durable(durable) else { return };
            self.scratch.clear();
            answer::answer(&check_ins, audience, &self.tables, &mut self.scratch);
            self.tally.answered(now.saturating_duration_since(since));
            match caller {
                Caller::Stream(key) => to_stream(key, &self.scratch),
                Caller::Task(task) => {
                    let body = BytesMut::from(&self.scratch[..]);
                    // If the client and so the task are gone, the check-in stays in the journal.
                    let _ = task.send(Reply::ok(body));
                }
            }
        }
    }

    /// Refuses every check-in that waits for a disk which has failed. None of them was acknowledged, and the
    /// next start may find any of them on disk. A refusal of a task is sent from here; one of a stream goes
    /// to `to_stream`.
    pub fn fail(&mut self, mut to_stream: impl FnMut(StreamKey, &Reply)) {
        if !self.desk.lane.is_poisoned() {
            return;
        }
        while let Some(PendingAnswer { caller, .. }) = self.waiting.pop_front() {
            let reply = self.refuse(Refusal::Unconfirmed);
            match caller {
                Caller::Stream(key) => to_stream(key, &reply),
                // If the client is gone, it needs no answer.
                Caller::Task(task) => drop(task.send(reply)),
            }
        }
    }

    /// How long the oldest answer has waited for the disk.
    #[must_use]
    pub fn waited(&self, now: Instant) -> Option<Duration> {
        self.waiting.front().map(|first| now.saturating_duration_since(first.since))
    }

    /// Whether [`Self::durable`] would answer a check-in. A repeated scan that was on disk before
    /// waits for no group, so the journal does not ring for it.
    #[must_use]
    pub fn is_due(&self) -> bool {
        let durable = self.desk.lane.durable();
        self.waiting.front().is_some_and(|first| first.queued.is_durable(durable))
    }

    /// The number of answers that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The time of day at the last tick, for `date`.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.at.1
    }
}
