//! Reads one request stream: HEADERS, any number of DATA, perhaps trailers, and frames of unknown type in
//! between (RFC 9114 section 4.1). [`whole`] reads a request that arrives in one chunk, and a
//! [`RequestReader`] all others, with the same result.

use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};

use super::allowance::IdleAllowance;
use super::fields::{self, TOO_LARGE};
use super::frame::{self, FrameHeader, FrameKind};
use super::{ErrorCode, Fault, Head, Limits};

/// A part of a request.
#[derive(Clone, Debug)]
pub enum Part {
    /// The head, which comes once.
    Head(Head),
    /// Some of the body, never empty.
    Body(Bytes),
    /// The end of the request. Trailers were checked and dropped.
    End,
}

/// The part of the message that was read last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum MessageStage {
    Nothing,
    Head,
    Trailers,
    End,
    Failed(Fault),
}

/// The part of a frame to which the next byte belongs.
#[derive(Clone, Copy, Debug)]
enum ReaderPosition {
    Header,
    Section { left: usize },
    Data { left: u64 },
    Skipped { left: u64 },
}

/// The reader of a request stream that did not arrive whole.
///
/// **Inputs**: [`handle`](Self::handle) with the stream's bytes in order,
/// [`handle_end`](Self::handle_end) at its FIN. **Output**: [`poll`](Self::poll), to be called after each
/// input until it returns none. After a fault, every input returns the same fault.
///
/// **Cost**: at most `field_section_bytes_max` bytes for a partial field section. A section or a body in
/// one piece is a slice of its chunk.
#[derive(Debug)]
pub struct RequestReader {
    limits: Limits,
    allowance: IdleAllowance,
    stage: MessageStage,
    within: ReaderPosition,
    header: frame::FrameHeaderReader,
    section: BytesMut,
    content_length: Option<u64>,
    body_bytes: u64,
    head: Option<Head>,
    bodies: VecDeque<Bytes>,
    end: Option<Part>,
}

impl RequestReader {
    /// A reader at the stream's first byte.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            allowance: IdleAllowance::new(&limits),
            stage: MessageStage::Nothing,
            within: ReaderPosition::Header,
            header: frame::FrameHeaderReader::default(),
            section: BytesMut::new(),
            content_length: None,
            body_bytes: 0,
            head: None,
            bodies: VecDeque::new(),
            end: None,
        }
    }

    /// A reader behind the end of a request that [`whole`] has read. [`poll`](Self::poll) returns the
    /// body, if there is one, and the end.
    #[must_use]
    pub fn at_end(body: Bytes, limits: Limits) -> Self {
        let mut reader = Self::new(limits);
        reader.stage = MessageStage::End;
        if !body.is_empty() {
            reader.bodies.push_back(body);
        }
        reader.end = Some(Part::End);
        reader
    }

    /// Handles the stream's next bytes.
    ///
    /// **Errors**: the peer's violation. A stream fault leaves the connection usable.
    pub fn handle(&mut self, chunk: Bytes) -> Result<(), Fault> {
        if let MessageStage::Failed(fault) = self.stage {
            return Err(fault);
        }
        let result = self.read(chunk);
        self.note(result)
    }

    /// Handles the stream's FIN.
    ///
    /// **Errors**: `FrameError` of the connection within a frame, `RequestIncomplete` of the stream without a
    /// request, `MessageError` of the stream if the body is shorter than its `content-length`.
    pub fn handle_end(&mut self) -> Result<(), Fault> {
        let result = match self.stage {
            MessageStage::Failed(fault) => Err(fault),
            MessageStage::End => return Ok(()),
            MessageStage::Nothing | MessageStage::Head | MessageStage::Trailers => self.finish(),
        };
        self.note(result)
    }

    /// The bytes that the reader holds for a section that is not whole, or for its caller.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.section.len() + self.bodies.iter().map(Bytes::len).sum::<usize>()
    }

    /// Returns the next part, if one is ready.
    pub fn poll(&mut self) -> Option<Part> {
        if let Some(head) = self.head.take() {
            return Some(Part::Head(head));
        }
        self.bodies.pop_front().map(Part::Body).or_else(|| self.end.take())
    }

    fn note(&mut self, result: Result<(), Fault>) -> Result<(), Fault> {
        if let Err(fault) = result {
            self.stage = MessageStage::Failed(fault);
            self.section = BytesMut::new();
        }
        result
    }

    fn read(&mut self, mut chunk: Bytes) -> Result<(), Fault> {
        while chunk.has_remaining() {
            match self.within {
                ReaderPosition::Header => {
                    if let Some(header) = self.header.read(&mut chunk) {
                        self.begin(header)?;
                    }
                }
                ReaderPosition::Section { left } => self.gather(&mut chunk, left)?,
                ReaderPosition::Data { left } => {
                    let body = chunk.split_to(at_most(left, &chunk));
                    self.within = ReaderPosition::data(left - body.len() as u64);
                    self.bodies.push_back(body);
                }
                ReaderPosition::Skipped { left } => {
                    let skipped = at_most(left, &chunk);
                    chunk.advance(skipped);
                    self.within = ReaderPosition::skipped(left - skipped as u64);
                }
            }
        }
        Ok(())
    }

    /// Checks a frame by its header alone.
    fn begin(&mut self, header: FrameHeader) -> Result<(), Fault> {
        match header.kind {
            FrameKind::Headers => self.begin_section(header.length),
            FrameKind::Data => self.begin_data(header.length),
            FrameKind::Unknown => {
                self.allowance.spend(header.length)?;
                self.within = ReaderPosition::skipped(header.length);
                Ok(())
            }
            // RFC 9114 section 7.2.8.
            FrameKind::Reserved => Err(unexpected("a frame type of HTTP/2")),
            // RFC 9114 section 7.2.5: "A server MUST treat the receipt of a PUSH_PROMISE frame as a
            // connection error of type H3_FRAME_UNEXPECTED".
            FrameKind::PushPromise => Err(unexpected("a PUSH_PROMISE from a client")),
            // RFC 9114 sections 7.2.3, 7.2.4, 7.2.6 and 7.2.7, and RFC 9218 section 7.2.
            FrameKind::CancelPush
            | FrameKind::Settings
            | FrameKind::GoAway
            | FrameKind::MaxPushId
            | FrameKind::PriorityUpdateRequest
            | FrameKind::PriorityUpdatePush => {
                Err(unexpected("a frame of the control stream on a request stream"))
            }
        }
    }

    fn begin_section(&mut self, length: u64) -> Result<(), Fault> {
        if self.stage == MessageStage::Trailers {
            // RFC 9114 section 4.1: "Receipt of an invalid sequence of frames MUST be treated as a connection
            // error of type H3_FRAME_UNEXPECTED."
            return Err(unexpected("HEADERS after trailers"));
        }
        let length = usize::try_from(length).map_err(|_| TOO_LARGE)?;
        if length > self.limits.field_section_bytes_max {
            return Err(TOO_LARGE);
        }
        if length == 0 {
            return self.take_section(Bytes::new());
        }
        self.within = ReaderPosition::Section { left: length };
        Ok(())
    }

    fn begin_data(&mut self, length: u64) -> Result<(), Fault> {
        if self.stage != MessageStage::Head {
            // RFC 9114 section 4.1, "in particular, a DATA frame before any HEADERS frame, or a HEADERS or
            // DATA frame after the trailing HEADERS frame".
            return Err(unexpected("DATA without HEADERS or after trailers"));
        }
        if length == 0 {
            return self.allowance.spend(0);
        }
        self.body_bytes = self.body_bytes.saturating_add(length);
        if self.content_length.is_some_and(|declared| self.body_bytes > declared) {
            return Err(OTHER_LENGTH);
        }
        self.within = ReaderPosition::Data { left: length };
        Ok(())
    }

    fn gather(&mut self, chunk: &mut Bytes, left: usize) -> Result<(), Fault> {
        let piece = chunk.split_to(left.min(chunk.len()));
        if piece.len() < left {
            self.section.extend_from_slice(&piece);
            self.within = ReaderPosition::Section { left: left - piece.len() };
            return Ok(());
        }
        self.within = ReaderPosition::Header;
        if self.section.is_empty() {
            return self.take_section(piece);
        }
        self.section.extend_from_slice(&piece);
        let section = std::mem::take(&mut self.section).freeze();
        self.take_section(section)
    }

    fn take_section(&mut self, section: Bytes) -> Result<(), Fault> {
        if self.stage == MessageStage::Nothing {
            let head = Head::parse(section, &self.limits)?;
            self.content_length = head.content_length();
            self.head = Some(head);
            self.stage = MessageStage::Head;
        } else {
            fields::check_trailers(&section, &self.limits)?;
            self.stage = MessageStage::Trailers;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Fault> {
        if self.header.is_partial() || !matches!(self.within, ReaderPosition::Header) {
            // RFC 9114 section 7.1: "When a stream terminates cleanly, if the last frame on the stream was
            // truncated, this MUST be treated as a connection error of type H3_FRAME_ERROR."
            return Err(Fault::connection(ErrorCode::FrameError, "a stream that ends within a frame"));
        }
        if self.stage == MessageStage::Nothing {
            // RFC 9114 section 4.1: "If a client-initiated stream terminates without enough of the HTTP
            // message to provide a complete response, the server SHOULD abort its response stream with the
            // error code H3_REQUEST_INCOMPLETE."
            return Err(Fault::stream(ErrorCode::RequestIncomplete, "a stream that ends without a request"));
        }
        if self.content_length.is_some_and(|declared| declared != self.body_bytes) {
            return Err(OTHER_LENGTH);
        }
        self.stage = MessageStage::End;
        self.end = Some(Part::End);
        Ok(())
    }
}

impl ReaderPosition {
    fn data(left: u64) -> Self {
        if left == 0 { Self::Header } else { Self::Data { left } }
    }

    fn skipped(left: u64) -> Self {
        if left == 0 { Self::Header } else { Self::Skipped { left } }
    }
}

fn at_most(left: u64, chunk: &Bytes) -> usize {
    usize::try_from(left).map_or(chunk.len(), |left| left.min(chunk.len()))
}

const fn unexpected(why: &'static str) -> Fault {
    Fault::connection(ErrorCode::FrameUnexpected, why)
}

/// RFC 9114 section 4.1.2: malformed "if the value of a Content-Length header field does not equal the sum
/// of the DATA frame lengths received".
const OTHER_LENGTH: Fault = Fault::malformed("a body whose length differs from its content-length");

/// DATA frames that [`whole`] joins. A [`RequestReader`] reads requests with more.
const WHOLE_DATA_MAX: usize = 16;

/// Reads a request that has arrived in one chunk with its FIN and is exactly HEADERS and DATA frames.
///
/// Returns none for any other request, invalid or merely uncommon; a [`RequestReader`] then reads the
/// same chunk.
///
/// **Cost**: no copy and no allocation if the body is in one DATA frame and no string is compressed with
/// Huffman.
///
/// **Errors**: those of the head, and `MessageError` of the stream if the body's length differs from its
/// `content-length`.
#[must_use]
pub fn whole(chunk: &Bytes, limits: &Limits) -> Option<Result<(Head, Bytes), Fault>> {
    let (header, from) = frame::parse(chunk)?;
    let length = usize::try_from(header.length).ok()?;
    if header.kind != FrameKind::Headers || length > limits.field_section_bytes_max {
        return None;
    }
    let to = from.checked_add(length).filter(|to| *to <= chunk.len())?;
    let body = whole_body(chunk, to)?;
    Some(Head::parse(chunk.slice(from..to), limits).and_then(|head| {
        if head.content_length().is_some_and(|declared| declared != body.len() as u64) {
            return Err(OTHER_LENGTH);
        }
        Ok((head, body))
    }))
}

/// The joined payload of the DATA frames from `at`, if they fill the rest of the chunk.
fn whole_body(chunk: &Bytes, at: usize) -> Option<Bytes> {
    if at == chunk.len() {
        return Some(Bytes::new());
    }
    let (from, to) = data(chunk, at)?;
    if to == chunk.len() {
        return Some(chunk.slice(from..to));
    }
    let mut body = BytesMut::from(&chunk[from..to]);
    let mut at = to;
    for _ in 1..WHOLE_DATA_MAX {
        let (from, to) = data(chunk, at)?;
        body.extend_from_slice(&chunk[from..to]);
        if to == chunk.len() {
            return Some(body.freeze());
        }
        at = to;
    }
    None
}

/// The start and end of the payload of a DATA frame at `at`, if the chunk has all of it.
fn data(chunk: &Bytes, at: usize) -> Option<(usize, usize)> {
    let (header, size) = frame::parse(&chunk[at..])?;
    let from = at + size;
    let to = from.checked_add(usize::try_from(header.length).ok()?)?;
    (header.kind == FrameKind::Data && to <= chunk.len()).then_some((from, to))
}

#[cfg(test)]
mod tests;
