//! Reads all that has arrived on a QUIC stream.

use bytes::Bytes;
use quinn_proto::{Connection, ReadError, StreamId};

/// The chunks of one read, in order.
pub(super) struct StreamChunks {
    /// The first chunk, which is nearly always the only one.
    pub(super) first: Option<Bytes>,
    /// Further chunks.
    pub(super) chunks: Vec<Bytes>,
    /// Whether the stream has ended.
    pub(super) end: StreamEnd,
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamEnd {
    /// It has not: more may come.
    Open,
    /// By its FIN.
    Finished,
    /// By a reset: the peer abandoned it.
    Reset,
}

/// Reads what has arrived. **Cost**: no allocation where it is one chunk.
pub(super) fn read(quic: &mut Connection, id: StreamId) -> StreamChunks {
    let mut arrived = StreamChunks { chunks: Vec::new(), first: None, end: StreamEnd::Open };
    let mut stream = quic.recv_stream(id);
    let Ok(mut chunks) = stream.read(true) else { return arrived };
    loop {
        match chunks.next(usize::MAX) {
            Ok(Some(chunk)) if arrived.first.is_none() => arrived.first = Some(chunk.bytes),
            Ok(Some(chunk)) => arrived.chunks.push(chunk.bytes),
            Ok(None) => arrived.end = StreamEnd::Finished,
            Err(ReadError::Reset(_)) => arrived.end = StreamEnd::Reset,
            Err(ReadError::Blocked) => break,
        }
        if arrived.end != StreamEnd::Open {
            break;
        }
    }
    // Whether credit goes out is decided when the connection is next asked for packets.
    let _ = chunks.finalize();
    arrived
}
