//! The upkeep of a worker's loop: timers, what is late, the drain, and when the loop wakes next.

use super::connection::Connection;
use super::{DEFER_MAX, LINGER, QuicLoop, WatchedSlot};
use crate::serve::deadlines::SWEEP_PAUSE;
use std::cmp::Reverse;
use std::io;
use std::pin::Pin;
use std::time::{Duration, Instant};
use tokio::time::Sleep;

impl QuicLoop {
    /// Passes due timers to their connections.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some(Reverse(deadline)) = self.deadlines.peek().copied() {
            if deadline.at > now {
                return;
            }
            self.deadlines.pop();
            let Some(mut connection) = self.take(deadline.slot) else { continue };
            if connection.generation == deadline.generation && connection.armed == Some(deadline.at) {
                connection.armed = None;
                connection.quic.handle_timeout(now);
                connection.events(&mut self.work, now);
                self.put_back(deadline.slot, connection);
            } else {
                self.connections[deadline.slot as usize] = Some(connection);
            }
        }
    }

    /// Looks once a second after every connection on which something may be late.
    pub(super) fn sweep(&mut self, now: Instant) {
        if now < self.sweep_at {
            return;
        }
        self.sweep_at = now + SWEEP_PAUSE;
        for WatchedSlot { slot, generation } in std::mem::take(&mut self.watched) {
            let Some(mut connection) = self.take(slot) else { continue };
            if connection.generation != generation {
                self.connections[slot as usize] = Some(connection);
                continue;
            }
            connection.is_watched = connection.end_late(&mut self.work, now);
            if connection.is_watched {
                self.watched.push(WatchedSlot { slot, generation });
                // What ended may have something to send.
                self.put_back(slot, connection);
            } else {
                self.connections[slot as usize] = Some(connection);
            }
        }
    }

    /// Sends GOAWAY on every connection once, and closes the connections without requests under way.
    pub(super) fn drain(&mut self, now: Instant) {
        let since = *self.drained_at.get_or_insert(now);
        let may_close = now.saturating_duration_since(since) >= LINGER;
        self.touch_all(|connection| {
            connection.go_away();
            if may_close && connection.is_idle() {
                connection.close(now);
            }
        });
    }

    /// Closes every connection, and sends that. Otherwise a peer that waits for an answer would wait for its
    /// own idle timeout, because UDP says nothing of a process that has ended.
    pub(super) async fn close_all(&mut self, now: Instant) -> io::Result<()> {
        self.touch_all(|connection| connection.close(now));
        while !(self.touched.is_empty() && self.outbox.is_empty()) {
            self.io.writable().await?;
            self.transmit(now);
        }
        Ok(())
    }

    /// Changes every connection, and lists it for this turn's transmit.
    fn touch_all(&mut self, change: impl Fn(&mut Connection)) {
        for slot in 0..self.connections.len() {
            let Ok(slot) = u32::try_from(slot) else { return };
            let Some(mut connection) = self.take(slot) else { continue };
            change(&mut connection);
            self.put_back(slot, connection);
        }
    }

    /// Sets the alarm for the next thing that is due without a packet.
    pub(super) fn set_alarm(&mut self, sleep: &mut Pin<Box<Sleep>>) {
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        self.gauge.set(self.endpoint.open_connections() as f64);
        let now = Instant::now();
        let mut at = self.deadlines.peek().map_or(now + Duration::from_secs(3_600), |first| first.0.at);
        if self.work.front.borrow().waiting() > 0 {
            at = at.min(now + DEFER_MAX);
        }
        if !self.watched.is_empty() {
            at = at.min(self.sweep_at);
        }
        if self.drained_at.is_some() {
            at = at.min(now + LINGER / 10);
        }
        if !self.crowded.is_empty() || !self.touched.is_empty() && !self.is_blocked {
            at = now;
        }
        let at = tokio::time::Instant::from_std(at);
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
    }
}
