//! The clock of one admin connection: what the connection waits for, and until when. Stream, service and
//! supervisor of the connection share it.

use crate::serve::deadlines::{BODY_MAX, HEAD_MAX, IDLE_MAX, STALL_MAX};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AwaitedStep {
    /// The rest of a head. The head of the first request may not have begun.
    Head,
    /// The answer to a request.
    Answer,
    /// The next request.
    NextRequest,
}

/// The step of a connection, without a lock.
#[derive(Debug)]
struct StepClock {
    step: AwaitedStep,
    since: Instant,
    /// Since when the client takes no byte of an answer.
    blocked: Option<Instant>,
    is_evicted: bool,
}

/// The clock of a connection.
pub(super) struct ConnectionClock {
    steps: Mutex<StepClock>,
    changed: Notify,
}

impl StepClock {
    /// The time at which the connection ends if nothing happens.
    fn deadline(&self) -> Instant {
        let longest = match self.step {
            AwaitedStep::Head => HEAD_MAX,
            AwaitedStep::Answer => BODY_MAX,
            AwaitedStep::NextRequest => IDLE_MAX,
        };
        let blocked = self.blocked.map(|since| since + STALL_MAX);
        let waiting = self.since + longest;
        if self.is_evicted { self.since } else { blocked.map_or(waiting, |blocked| blocked.min(waiting)) }
    }

    /// Since when the connection has waited for its client without an answer under way.
    fn idle_since(&self) -> Option<Instant> {
        let is_idle = self.step != AwaitedStep::Answer && self.blocked.is_none() && !self.is_evicted;
        is_idle.then_some(self.since)
    }
}

impl ConnectionClock {
    /// The clock of a connection that was accepted now.
    pub(super) fn new(now: Instant) -> Self {
        let steps = StepClock { step: AwaitedStep::Head, since: now, blocked: None, is_evicted: false };
        Self { steps: Mutex::new(steps), changed: Notify::new() }
    }

    fn steps(&self) -> MutexGuard<'_, StepClock> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, step: AwaitedStep, now: Instant) {
        let mut steps = self.steps();
        (steps.step, steps.since) = (step, now);
        drop(steps);
        self.changed.notify_one();
    }

    /// Bytes arrived from the client.
    pub(super) fn received(&self, now: Instant) {
        let begins = self.steps().step == AwaitedStep::NextRequest;
        if begins {
            self.enter(AwaitedStep::Head, now);
        }
    }

    /// A head is whole.
    pub(super) fn begin_answer(&self, now: Instant) {
        self.enter(AwaitedStep::Answer, now);
    }

    /// An answer is ready to be sent.
    pub(super) fn end_answer(&self, now: Instant) {
        self.enter(AwaitedStep::NextRequest, now);
    }

    /// The client takes no more bytes for now.
    pub(super) fn write_blocked(&self, now: Instant) {
        self.steps().blocked.get_or_insert(now);
        self.changed.notify_one();
    }

    /// The client took bytes.
    pub(super) fn wrote(&self) {
        self.steps().blocked = None;
    }

    /// See [`StepClock::idle_since`].
    pub(super) fn idle_since(&self) -> Option<Instant> {
        self.steps().idle_since()
    }

    /// Ends the connection in favour of another.
    pub(super) fn evict(&self) {
        self.steps().is_evicted = true;
        self.changed.notify_one();
    }

    /// Returns when the connection must end.
    pub(super) async fn expired(&self) {
        loop {
            let deadline = self.steps().deadline();
            if deadline <= Instant::now() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep_until(deadline.into()) => {}
                () = self.changed.notified() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn deadline(clock: &ConnectionClock, since: Instant) -> Duration {
        clock.steps().deadline() - since
    }

    #[test]
    fn each_step_has_its_deadline() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let clock = ConnectionClock::new(start);
        assert_eq!(deadline(&clock, start), HEAD_MAX);
        clock.received(at(9));
        assert_eq!(deadline(&clock, start), HEAD_MAX, "one byte buys no time");
        clock.begin_answer(at(9));
        assert_eq!(deadline(&clock, at(9)), BODY_MAX);
        assert_eq!(clock.idle_since(), None);
        clock.end_answer(at(10));
        assert_eq!((deadline(&clock, at(10)), clock.idle_since()), (IDLE_MAX, Some(at(10))));
        clock.write_blocked(at(11));
        assert_eq!((deadline(&clock, at(11)), clock.idle_since()), (STALL_MAX, None));
        clock.wrote();
        assert_eq!(deadline(&clock, at(10)), IDLE_MAX);
        clock.received(at(20));
        assert_eq!(deadline(&clock, at(20)), HEAD_MAX);
        clock.evict();
        assert_eq!((deadline(&clock, at(20)), clock.idle_since()), (Duration::ZERO, None));
    }
}
