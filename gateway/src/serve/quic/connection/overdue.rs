//! The late parts of a connection: a handshake, requests that do not arrive, answers that the peer does not
//! read, and a connection that is kept alive without requests.

use super::answers::AnswerWish;
use super::request_state::{LatePart, OpenRequest, RequestState, STREAM_BYTES};
use super::requests::Arrival;
use super::{Connection, error_code};
use crate::serve::budget::SEND_WINDOW_BYTES;
use crate::serve::deadlines::{BODY_MAX, DRAIN_MAX, HANDSHAKE_MAX, HEAD_MAX, IDLE_MAX, SWEEP_PAUSE};
use crate::serve::quic::context::WorkerContext;
use crate::wire::http3::ErrorCode;
use bytes::Bytes;
use quinn_proto::StreamId;
use scangate_core::refusal::Refusal;
use std::time::{Duration, Instant};

/// The gateway's own stream that stays open: the control stream.
const OWN_STREAMS: usize = 1;

/// The next step towards the end of a connection without a request under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IdleStep {
    Wait,
    /// The peer may begin no more requests.
    GoAway,
    Close,
}

impl IdleStep {
    /// The step for a connection that had at most so many requests at a time.
    fn of(most_at_once: usize, idle: Duration) -> Self {
        match most_at_once {
            0 if idle > HEAD_MAX => Self::Close,
            0 => Self::Wait,
            _ if idle > IDLE_MAX + DRAIN_MAX => Self::Close,
            _ if idle > IDLE_MAX => Self::GoAway,
            _ => Self::Wait,
        }
    }
}

impl Connection {
    /// Ends what is late. Returns whether there is still something to watch.
    pub fn end_late(&mut self, work: &mut WorkerContext, now: Instant) -> bool {
        if self.quic.is_closed() {
            return false;
        }
        if self.is_handshaking {
            if now.saturating_duration_since(self.began) > HANDSHAKE_MAX {
                self.close(now);
                self.is_handshaking = false;
                work.handshakes.failed.increment(1);
            }
            return true;
        }
        let late: Vec<(StreamId, LatePart)> =
            self.requests.iter().filter_map(|(&id, request)| Some((id, request.late(now)?))).collect();
        for (id, part) in late {
            match part {
                LatePart::Request => self.give_up(id, work, now),
                LatePart::Answer => self.drop_answer(id),
            }
        }
        self.end_unread(now);
        if !self.is_idle() {
            self.idle_since = now;
            return true;
        }
        self.end_idle(now);
        // QUIC itself ends a used connection that is silent, and any packet puts it back under watch.
        self.most_at_once == 0 || self.control.is_draining() || self.unread_streams() > 0
    }

    /// Ends a connection that its peer keeps alive without requests. One that had requests is asked to end in
    /// order first.
    fn end_idle(&mut self, now: Instant) {
        match IdleStep::of(self.most_at_once, now.saturating_duration_since(self.idle_since)) {
            IdleStep::Wait => {}
            IdleStep::GoAway => self.go_away(),
            IdleStep::Close => self.close(now),
        }
    }

    /// Refuses a request that is not whole in time.
    fn give_up(&mut self, id: StreamId, work: &mut WorkerContext, now: Instant) {
        let Some(OpenRequest { state, mut watch, .. }) = self.take_open(id) else { return };
        let wish = match state {
            RequestState::Office(mut stream) => {
                stream.abandon_body();
                watch.progress(now);
                let _ = self.quic.recv_stream(id).stop(error_code(ErrorCode::NoError));
                return self.advance_office(Arrival { id, watch }, stream, work, now);
            }
            RequestState::Encoded(_, head) | RequestState::Gathering(_, head, ..) => AnswerWish::of(&head),
            RequestState::Reading(_) | RequestState::Answering(_) => AnswerWish::PROGRAM,
        };
        self.refuse_reading(id, Refusal::TooSlow, wish, work);
    }

    fn drop_answer(&mut self, id: StreamId) {
        drop(self.take_open(id));
        let _ = self.quic.send_stream(id).reset(error_code(ErrorCode::RequestCancelled));
        self.stop_reading(id);
    }

    /// Finished answers that wait for the peer to acknowledge them.
    fn unread_streams(&mut self) -> usize {
        let open = OWN_STREAMS + self.under_way();
        self.quic.streams().send_streams().saturating_sub(open)
    }

    /// Closes a connection that acknowledges none of its finished answers, or whose source may not hold so
    /// much in unread ones.
    fn end_unread(&mut self, now: Instant) {
        let streams = self.unread_streams();
        if streams == 0 {
            self.read_at = now;
            self.written = 0;
        }
        let silent = now.saturating_duration_since(self.read_at);
        let bytes = self.unread_bytes(streams, silent);
        if silent > BODY_MAX || !self.unread.resize(bytes) {
            let why = Bytes::from_static(b"answers are not read");
            self.quic.close(now, error_code(ErrorCode::ExcessiveLoad), why);
        }
    }

    /// The bytes of unread answers. A peer that acknowledges nothing may have left a whole send window.
    fn unread_bytes(&self, streams: usize, silent: Duration) -> usize {
        let waiting: usize = self.requests.values().map(|request| request.state.unread_bytes()).sum();
        let sent = if silent > SWEEP_PAUSE { self.written.min(SEND_WINDOW_BYTES) } else { 0 };
        streams * STREAM_BYTES + waiting + sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_connection_may_be_idle_for_long_and_an_unused_one_may_not() {
        let later = Duration::from_millis(1);
        for (most_at_once, idle, step) in [
            (0, HEAD_MAX, IdleStep::Wait),
            (0, HEAD_MAX + later, IdleStep::Close),
            (1, IDLE_MAX, IdleStep::Wait),
            (1, IDLE_MAX + later, IdleStep::GoAway),
            (9, IDLE_MAX + DRAIN_MAX, IdleStep::GoAway),
            (9, IDLE_MAX + DRAIN_MAX + later, IdleStep::Close),
        ] {
            assert_eq!(IdleStep::of(most_at_once, idle), step, "{most_at_once} {idle:?}");
        }
    }
}
