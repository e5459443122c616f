//! The late parts of a connection: a handshake, requests that do not arrive, answers that the peer does not
//! read.

use super::answers::BodyWish;
use super::request_state::{LatePart, OpenRequest, RequestState};
use super::requests::Arrival;
use super::{Connection, error_code};
use crate::serve::deadlines::{BODY_MAX, HANDSHAKE_MAX};
use crate::serve::quic::context::WorkerContext;
use crate::wire::http3::ErrorCode;
use bytes::Bytes;
use quinn_proto::StreamId;
use scangate_core::refusal::Refusal;
use std::time::Instant;

/// The gateway's own stream that stays open: the control stream.
const OWN_STREAMS: usize = 1;

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
        !self.requests.is_empty() || self.has_unread()
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
            RequestState::Encoded(_, head) | RequestState::Gathering(_, head, ..) => BodyWish::of(&head),
            RequestState::Reading(_) | RequestState::Answering(_) => BodyWish::Whole,
        };
        self.refuse_reading(id, Refusal::TooSlow, wish, work);
    }

    fn drop_answer(&mut self, id: StreamId) {
        drop(self.take_open(id));
        let _ = self.quic.send_stream(id).reset(error_code(ErrorCode::RequestCancelled));
        self.stop_reading(id);
    }

    /// Whether finished answers wait for the peer to acknowledge them.
    fn has_unread(&mut self) -> bool {
        self.quic.streams().send_streams() > OWN_STREAMS + self.requests.len() + self.waiting as usize
    }

    /// Closes a connection that acknowledges none of its finished answers.
    fn end_unread(&mut self, now: Instant) {
        if !self.has_unread() {
            self.read_at = now;
        } else if now.saturating_duration_since(self.read_at) > BODY_MAX {
            let why = Bytes::from_static(b"answers are not read");
            self.quic.close(now, error_code(ErrorCode::ExcessiveLoad), why);
        }
    }
}
