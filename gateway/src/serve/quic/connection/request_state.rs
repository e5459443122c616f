//! The states of a request stream.

use crate::serve::deadlines::{BODY_MAX, HEAD_MAX, STALL_MAX};
use crate::serve::quic::office_stream::{OfficeStream, OfficeStreamWait};
use crate::serve::quic::write_queue::WriteQueue;
use crate::wire::http3::{Head, Limits, RequestReader};
use crate::wire::route::OfficeKind;
use bytes::{Bytes, BytesMut};
use std::time::Instant;

/// What an open stream costs beside its bytes, here and in QUIC.
pub(super) const STREAM_BYTES: usize = 1_024;

/// A request that was not answered in one step, with its times.
pub(super) struct OpenRequest {
    /// Its state.
    pub(super) state: RequestState,
    /// Its times.
    pub(super) watch: RequestWatch,
    /// What it holds of the connection's bytes.
    pub(super) charged: usize,
}

/// The times of a request.
#[derive(Clone, Copy)]
pub(super) struct RequestWatch {
    began: Instant,
    progressed: Instant,
}

/// The state of a request that was not answered in one step.
pub(super) enum RequestState {
    /// The head is not whole.
    Reading(RequestReader),
    /// A head with a `content-encoding`, until the first byte of a body or the end.
    Encoded(RequestReader, Head),
    /// A request whose body is gathered.
    Gathering(RequestReader, Head, BytesMut, BodyGoal),
    /// An answer that the peer's window did not take at once.
    Answering(WriteQueue),
    /// The back office has it.
    Office(Box<OfficeStream>),
}

/// The receiver of a gathered body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyGoal {
    /// A check-in.
    CheckIn,
    /// A kind of work of the back office.
    Office(OfficeKind),
}

/// Whose fault it is that a request is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LatePart {
    /// The request did not arrive.
    Request,
    /// The answer is not read.
    Answer,
}

impl RequestWatch {
    /// The times of a request that begins.
    pub(super) fn new(now: Instant) -> Self {
        Self { began: now, progressed: now }
    }

    /// Notes that some bytes have moved.
    pub(super) fn progress(&mut self, now: Instant) {
        self.progressed = now;
    }
}

impl OpenRequest {
    /// The part that is late, if one is.
    pub(super) fn late(&self, now: Instant) -> Option<LatePart> {
        let RequestWatch { began, progressed } = self.watch;
        let (age, pause) = (now.saturating_duration_since(began), now.saturating_duration_since(progressed));
        let (part, is_late) = match &self.state {
            RequestState::Reading(_) => (LatePart::Request, age > HEAD_MAX),
            RequestState::Encoded(..) | RequestState::Gathering(..) => {
                (LatePart::Request, pause > STALL_MAX || age > BODY_MAX)
            }
            RequestState::Answering(_) => (LatePart::Answer, pause > STALL_MAX),
            RequestState::Office(stream) => match stream.waits_for() {
                OfficeStreamWait::Peer => (LatePart::Request, pause > STALL_MAX || age > stream.body_max()),
                OfficeStreamWait::Reader => (LatePart::Answer, pause > STALL_MAX),
                OfficeStreamWait::Office => return None,
            },
        };
        is_late.then_some(part)
    }
}

impl RequestState {
    /// The bytes that an unfinished request holds.
    pub(super) fn held_bytes(&self) -> usize {
        match self {
            Self::Reading(reader) => STREAM_BYTES + reader.held_bytes(),
            Self::Encoded(reader, head) => STREAM_BYTES + reader.held_bytes() + head.held_bytes(),
            Self::Gathering(reader, head, body, _) => {
                STREAM_BYTES + reader.held_bytes() + head.held_bytes() + body.len()
            }
            Self::Answering(_) | Self::Office(_) => 0,
        }
    }

    /// The bytes of an answer that waits for its reader.
    pub(super) fn unread_bytes(&self) -> usize {
        match self {
            Self::Reading(_) | Self::Encoded(..) | Self::Gathering(..) => 0,
            // Longer ones are pages, whose bytes belong to the program.
            Self::Answering(_) => STREAM_BYTES,
            Self::Office(stream) => match stream.waits_for() {
                OfficeStreamWait::Reader => STREAM_BYTES + stream.unwritten(),
                OfficeStreamWait::Peer | OfficeStreamWait::Office => 0,
            },
        }
    }
}

/// A request's body when its head is routed.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives for one call, and the whole body, nearly always, must not cost a box"
)]
pub(super) enum RequestBody {
    /// It arrived whole, with the stream's end.
    Whole(Bytes),
    /// It is still arriving, behind the head that this reader gave.
    Arriving(RequestReader),
}

impl RequestBody {
    /// A reader for what follows the head.
    pub(super) fn into_reader(self, limits: Limits) -> RequestReader {
        match self {
            Self::Whole(body) => RequestReader::at_end(body, limits),
            Self::Arriving(reader) => reader,
        }
    }
}
