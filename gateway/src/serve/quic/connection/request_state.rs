//! The states of a request stream.

use crate::serve::quic::office_stream::OfficeStream;
use crate::serve::quic::write_queue::WriteQueue;
use crate::wire::http3::{Head, Limits, RequestReader};
use bytes::{Bytes, BytesMut};

/// The state of a request that was not answered in one step.
pub(super) enum RequestState {
    /// The head is not whole.
    Reading(RequestReader),
    /// A head with a `content-encoding`, until the first byte of a body or the end.
    Encoded(RequestReader, Head),
    /// A check-in whose body is not whole.
    Scanning(RequestReader, Head, BytesMut),
    /// An answer that the peer's window did not take at once.
    Answering(WriteQueue),
    /// The back office has it.
    Office(Box<OfficeStream>),
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
