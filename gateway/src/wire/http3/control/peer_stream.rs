//! Reads the frames of the peer's control stream (RFC 9114 sections 6.2.1 and 7.2). A frame of a known
//! type is held until it is whole; a frame of an unknown type is skipped as it arrives.

use crate::wire::http3::allowance::IdleAllowance;
use crate::wire::http3::frame::{self, FrameHeader, FrameKind};
use crate::wire::http3::settings::{self, Settings};
use crate::wire::http3::{ErrorCode, Fault, Limits, varint};

/// The longest varint, and so the longest payload of a frame that carries one.
const ID_BYTES_MAX: u64 = 8;

/// The peer's control stream, and the state that its frames have set.
#[derive(Debug, Default)]
pub(super) struct ControlStream {
    header: frame::FrameHeaderReader,
    payload: Option<Payload>,
    settings: Option<Settings>,
    push_id_max: Option<u64>,
    going_away: Option<u64>,
}

#[derive(Debug)]
struct Payload {
    kind: FrameKind,
    left: u64,
    bytes: Vec<u8>,
}

impl ControlStream {
    /// The peer's settings, once they have arrived.
    pub(super) fn settings(&self) -> Option<Settings> {
        self.settings
    }

    /// Whether the peer has sent GOAWAY.
    pub(super) fn is_going_away(&self) -> bool {
        self.going_away.is_some()
    }

    /// Handles the stream's next bytes.
    ///
    /// **Errors**: a connection error for a frame that is invalid here.
    pub(super) fn handle(
        &mut self,
        mut chunk: &[u8],
        allowance: &mut IdleAllowance,
        limits: &Limits,
    ) -> Result<(), Fault> {
        while !chunk.is_empty() {
            if self.payload.is_none() {
                let Some(header) = self.header.read(&mut chunk) else { return Ok(()) };
                self.check(header, limits)?;
                allowance.spend(if header.kind == FrameKind::Unknown { header.length } else { 0 })?;
                self.payload = Some(Payload { kind: header.kind, left: header.length, bytes: Vec::new() });
            }
            if let Some(payload) = self.payload.as_mut()
                && payload.fill(&mut chunk)
                && let Some(whole) = self.payload.take()
            {
                self.apply(&whole, limits)?;
            }
        }
        Ok(())
    }

    /// Refuses a frame by its header, before any of its payload is held.
    fn check(&self, header: FrameHeader, limits: &Limits) -> Result<(), Fault> {
        // RFC 9114 section 6.2.1: "If the first frame of the control stream is any other frame type, this
        // MUST be treated as a connection error of type H3_MISSING_SETTINGS."
        if self.settings.is_none() && header.kind != FrameKind::Settings {
            return Err(Fault::connection(
                ErrorCode::MissingSettings,
                "a control stream without SETTINGS first",
            ));
        }
        match header.kind {
            // RFC 9114 sections 7.2.1, 7.2.2 and 7.2.5.
            FrameKind::Data | FrameKind::Headers | FrameKind::PushPromise => {
                Err(unexpected("a frame of request streams on the control stream"))
            }
            // RFC 9114 section 7.2.8.
            FrameKind::Reserved => Err(unexpected("a frame type of HTTP/2")),
            // RFC 9114 section 7.2.4: "it MUST NOT be sent subsequently".
            FrameKind::Settings if self.settings.is_some() => Err(unexpected("a second SETTINGS")),
            FrameKind::CancelPush | FrameKind::GoAway | FrameKind::MaxPushId
                if header.length > ID_BYTES_MAX =>
            {
                Err(Fault::connection(ErrorCode::FrameError, "a frame longer than the id that it carries"))
            }
            FrameKind::Settings | FrameKind::PriorityUpdateRequest | FrameKind::PriorityUpdatePush
                if header.length > limits.uni_frame_bytes_max as u64 =>
            {
                Err(Fault::connection(ErrorCode::ExcessiveLoad, "a frame too long for the control stream"))
            }
            FrameKind::Settings
            | FrameKind::CancelPush
            | FrameKind::GoAway
            | FrameKind::MaxPushId
            | FrameKind::PriorityUpdateRequest
            | FrameKind::PriorityUpdatePush
            | FrameKind::Unknown => Ok(()),
        }
    }

    fn apply(&mut self, frame: &Payload, limits: &Limits) -> Result<(), Fault> {
        match frame.kind {
            FrameKind::Settings => self.settings = Some(settings::read(&frame.bytes, limits)?),
            FrameKind::MaxPushId => self.raise_push_id_max(only_id(&frame.bytes)?)?,
            FrameKind::GoAway => self.go_away(only_id(&frame.bytes)?)?,
            // RFC 9114 section 7.2.3: a CANCEL_PUSH for a push that was not promised, and this
            // server promises none, is an H3_ID_ERROR.
            FrameKind::CancelPush => {
                only_id(&frame.bytes)?;
                return Err(id_error("a CANCEL_PUSH of a push that was never promised"));
            }
            FrameKind::PriorityUpdateRequest => check_prioritised(first_id(&frame.bytes)?.0)?,
            // RFC 9218 section 7.2: a push that has not been promised is an H3_ID_ERROR.
            FrameKind::PriorityUpdatePush => {
                first_id(&frame.bytes)?;
                return Err(id_error("a PRIORITY_UPDATE of a push that was never promised"));
            }
            FrameKind::Unknown
            | FrameKind::Data
            | FrameKind::Headers
            | FrameKind::PushPromise
            | FrameKind::Reserved => {}
        }
        Ok(())
    }

    /// RFC 9114 section 7.2.7: "A MAX_PUSH_ID frame cannot reduce the maximum Push ID".
    fn raise_push_id_max(&mut self, id: u64) -> Result<(), Fault> {
        if self.push_id_max.is_some_and(|max| id < max) {
            return Err(id_error("a MAX_PUSH_ID smaller than the last"));
        }
        self.push_id_max = Some(id);
        Ok(())
    }

    /// RFC 9114 section 5.2: "An endpoint MAY send multiple GOAWAY frames indicating different identifiers,
    /// but the identifier in each frame MUST NOT be greater than the identifier in any previous frame".
    fn go_away(&mut self, id: u64) -> Result<(), Fault> {
        if self.going_away.is_some_and(|last| id > last) {
            return Err(id_error("a GOAWAY greater than the last"));
        }
        self.going_away = Some(id);
        Ok(())
    }
}

impl Payload {
    /// Moves the frame's bytes out of the chunk. Returns whether the frame is whole.
    fn fill(&mut self, chunk: &mut &[u8]) -> bool {
        let taken = usize::try_from(self.left).map_or(chunk.len(), |left| left.min(chunk.len()));
        let (own, rest) = chunk.split_at(taken);
        if self.kind != FrameKind::Unknown {
            self.bytes.extend_from_slice(own);
        }
        *chunk = rest;
        self.left -= taken as u64;
        self.left == 0
    }
}

/// RFC 9218 section 7.2: the request variant must name a request stream, which is client-initiated and
/// bidirectional (RFC 9000 section 2.1).
fn check_prioritised(stream: u64) -> Result<(), Fault> {
    if stream.is_multiple_of(4) {
        Ok(())
    } else {
        Err(id_error("a PRIORITY_UPDATE of a stream that is not a request"))
    }
}

fn first_id(payload: &[u8]) -> Result<(u64, usize), Fault> {
    varint::parse(payload).ok_or(Fault::connection(ErrorCode::FrameError, "a frame that ends within its id"))
}

/// RFC 9114 section 7.1: "Each frame's payload MUST contain exactly the fields identified in its
/// description."
fn only_id(payload: &[u8]) -> Result<u64, Fault> {
    let (id, size) = first_id(payload)?;
    if size == payload.len() {
        return Ok(id);
    }
    Err(Fault::connection(ErrorCode::FrameError, "a frame with more than its id"))
}

const fn unexpected(why: &'static str) -> Fault {
    Fault::connection(ErrorCode::FrameUnexpected, why)
}

const fn id_error(why: &'static str) -> Fault {
    Fault::connection(ErrorCode::IdError, why)
}
