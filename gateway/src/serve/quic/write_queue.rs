//! The bytes still to be written on a stream: chunks that wait for QUIC's flow control, and whether the
//! stream ends after them.

use bytes::Bytes;
use quinn_proto::{SendStream, WriteError};
use std::collections::VecDeque;

/// The write queue of a stream.
#[derive(Default)]
pub(super) struct WriteQueue {
    chunks: VecDeque<Bytes>,
    ends: bool,
}

/// The progress of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteProgress {
    /// All was written; the stream goes on.
    Written,
    /// All was written, and the stream is ended.
    Ended,
    /// The peer's window is full: write again when the stream is writable.
    Blocked,
    /// The peer stopped reading, or the stream is gone.
    Gone,
}

impl WriteQueue {
    /// Adds bytes.
    pub(super) fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.chunks.push_back(bytes);
        }
    }

    /// Ends the stream after the added bytes.
    pub(super) fn end(&mut self) {
        self.ends = true;
    }

    /// The bytes that are not written yet.
    pub(super) fn len(&self) -> usize {
        self.chunks.iter().map(Bytes::len).sum()
    }

    /// Writes as much as the stream accepts.
    pub(super) fn write(&mut self, mut stream: SendStream<'_>) -> WriteProgress {
        while !self.chunks.is_empty() {
            let written = match stream.write_chunks(self.chunks.make_contiguous()) {
                Ok(written) => written,
                Err(WriteError::Blocked) => return WriteProgress::Blocked,
                Err(WriteError::Stopped(_) | WriteError::ClosedStream) => return WriteProgress::Gone,
            };
            self.chunks.drain(..written.chunks);
        }
        if !self.ends {
            return WriteProgress::Written;
        }
        match stream.finish() {
            Ok(()) => WriteProgress::Ended,
            Err(_) => WriteProgress::Gone,
        }
    }
}
