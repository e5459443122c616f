//! What is still to be written on a stream: chunks that QUIC's flow control would not take yet, and
//! whether the stream ends after them.

use bytes::Bytes;
use quinn_proto::{SendStream, WriteError};
use std::collections::VecDeque;

/// Bytes that wait for a stream.
#[derive(Default)]
pub(super) struct WriteQueue {
    chunks: VecDeque<Bytes>,
    ends: bool,
}

/// How far a write came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteProgress {
    /// All was taken; the stream goes on.
    Written,
    /// All was taken and the stream is ended.
    Ended,
    /// The peer's window is full: write again when the stream is writable.
    Blocked,
    /// The peer wants no more, or the stream is gone.
    Gone,
}

impl WriteQueue {
    /// Adds bytes.
    pub(super) fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.chunks.push_back(bytes);
        }
    }

    /// Ends the stream after what was added.
    pub(super) fn end(&mut self) {
        self.ends = true;
    }

    /// Writes what the stream takes.
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
