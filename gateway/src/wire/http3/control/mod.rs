//! The connection's state apart from its requests: this server's control stream, the peer's
//! unidirectional streams, and GOAWAY. Every fault here but a rejected request ends the connection.

mod peer_stream;

use bytes::{BufMut, Bytes, BytesMut};

use super::allowance::IdleAllowance;
use super::uni::{self, UniStreamAction, UniStreamKind};
use super::{ErrorCode, Fault, Limits, settings, varint};
use peer_stream::ControlStream;

/// The HTTP/3 state of one connection.
///
/// **Inputs**: [`handle_uni`](Self::handle_uni), [`handle_uni_end`](Self::handle_uni_end),
/// [`handle_request_stream`](Self::handle_request_stream). **Outputs**, to be written to this server's
/// control stream: [`opening`](Self::opening) first, [`goaway`](Self::goaway) when draining. This server
/// opens no QPACK streams, since without a dynamic table they carry nothing (RFC 9204 section 4.2).
#[derive(Debug)]
pub struct Control {
    limits: Limits,
    allowance: IdleAllowance,
    control: Option<(u64, ControlStream)>,
    encoder: Option<u64>,
    decoder: Option<(u64, uni::DecoderStream)>,
    pending: Vec<(u64, varint::VarintReader)>,
    /// The id after the highest request stream that began.
    next_request: u64,
    goaway: Option<u64>,
}

impl Control {
    /// The state of a new connection.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            allowance: IdleAllowance::new(&limits),
            control: None,
            encoder: None,
            decoder: None,
            pending: Vec::new(),
            next_request: 0,
            goaway: None,
        }
    }

    /// Returns the first bytes of this server's control stream: its type and SETTINGS.
    ///
    /// They depend on the limits alone: a client that resumes with 0-RTT finds the settings that it
    /// remembers (RFC 9114 section 7.2.4.2).
    #[must_use]
    pub fn opening(&self) -> Bytes {
        let mut out = BytesMut::new();
        out.put_u8(0x00);
        settings::write(&mut out, &self.limits);
        out.freeze()
    }

    /// Handles the next bytes, in order, of a unidirectional stream of the peer.
    ///
    /// **Errors**: always of the connection, with the violated rule's code.
    pub fn handle_uni(&mut self, stream: u64, mut chunk: &[u8]) -> Result<UniStreamAction, Fault> {
        if !self.is_known(stream) {
            let Some(number) = self.read_kind(stream, &mut chunk)? else { return Ok(UniStreamAction::Keep) };
            if self.begin(stream, UniStreamKind::new(number))? == UniStreamAction::Discard {
                return Ok(UniStreamAction::Discard);
            }
        }
        self.route(stream, chunk)?;
        Ok(UniStreamAction::Keep)
    }

    /// Handles the end, by FIN or by reset, of a unidirectional stream of the peer.
    ///
    /// **Errors**: `ClosedCriticalStream` if the stream is critical.
    pub fn handle_uni_end(&mut self, stream: u64) -> Result<(), Fault> {
        // RFC 9114 section 6.2: "A receiver MUST tolerate unidirectional streams being closed or reset
        // prior to the reception of the unidirectional stream header."
        self.pending.retain(|(pending, _)| *pending != stream);
        // RFC 9114 section 6.2.1 and RFC 9204 section 4.2.
        if self.is_known(stream) {
            return Err(Fault::connection(ErrorCode::ClosedCriticalStream, "a critical stream was closed"));
        }
        Ok(())
    }

    /// Notes that a request stream began.
    ///
    /// **Errors**: `RequestRejected` of the stream if it began beyond the GOAWAY. The client may
    /// retry on another connection (RFC 9114 section 5.2).
    pub fn handle_request_stream(&mut self, stream: u64) -> Result<(), Fault> {
        if self.goaway.is_some_and(|first_refused| stream >= first_refused) {
            return Err(Fault::stream(ErrorCode::RequestRejected, "the server is going away"));
        }
        self.next_request = self.next_request.max(stream.saturating_add(4));
        self.allowance = IdleAllowance::new(&self.limits);
        Ok(())
    }

    /// Begins to drain. Returns the GOAWAY frame for this server's control stream, with the first id
    /// that will not be processed.
    ///
    /// Idempotent: a second call returns the same frame.
    pub fn goaway(&mut self) -> Bytes {
        let id = *self.goaway.get_or_insert(self.next_request.min(varint::MAX - 3));
        let mut payload = BytesMut::new();
        varint::write(&mut payload, id);
        let mut out = BytesMut::new();
        varint::write(&mut out, 0x07);
        varint::write(&mut out, payload.len() as u64);
        out.put_slice(&payload);
        out.freeze()
    }

    /// Whether [`goaway`](Self::goaway) was called.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.goaway.is_some()
    }

    /// Whether the peer's SETTINGS have arrived.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.peer().is_some_and(|peer| peer.settings().is_some())
    }

    /// The largest field section that the peer accepts, if its SETTINGS have one.
    ///
    /// **Units**: bytes, counted as name, value and 32 for each line (RFC 9114 section 4.2.2).
    #[must_use]
    pub fn peer_field_section_bytes_max(&self) -> Option<u64> {
        self.peer()?.settings()?.field_section_bytes_max
    }

    /// Whether the peer has sent GOAWAY, which has no effect on a server without push.
    #[must_use]
    pub fn peer_is_going_away(&self) -> bool {
        self.peer().is_some_and(ControlStream::is_going_away)
    }

    fn peer(&self) -> Option<&ControlStream> {
        self.control.as_ref().map(|(_, peer)| peer)
    }

    fn is_known(&self, stream: u64) -> bool {
        self.control.as_ref().is_some_and(|(known, _)| *known == stream)
            || self.encoder == Some(stream)
            || self.decoder.is_some_and(|(known, _)| known == stream)
    }

    /// Reads the type in front of a stream, which may be cut anywhere.
    fn read_kind(&mut self, stream: u64, chunk: &mut &[u8]) -> Result<Option<u64>, Fault> {
        let at = self.pending.iter().position(|(pending, _)| *pending == stream);
        let mut reader = at.map(|at| self.pending.swap_remove(at).1).unwrap_or_default();
        let number = reader.read(chunk);
        if number.is_none() {
            if self.pending.len() >= self.limits.uni_pending_max {
                return Err(Fault::connection(ErrorCode::ExcessiveLoad, "too many streams without a type"));
            }
            self.pending.push((stream, reader));
        }
        Ok(number)
    }

    fn begin(&mut self, stream: u64, kind: UniStreamKind) -> Result<UniStreamAction, Fault> {
        let is_first = match kind {
            UniStreamKind::Control => self.control.is_none(),
            UniStreamKind::Encoder => self.encoder.is_none(),
            UniStreamKind::Decoder => self.decoder.is_none(),
            UniStreamKind::Push => {
                // RFC 9114 section 6.2.2: "Only servers can push".
                return Err(Fault::connection(ErrorCode::StreamCreationError, "a push stream from a client"));
            }
            UniStreamKind::Unknown => return Ok(UniStreamAction::Discard),
        };
        if !is_first {
            // RFC 9114 section 6.2.1 ("Only one control stream per peer is permitted") and RFC 9204
            // section 4.2.
            return Err(Fault::connection(
                ErrorCode::StreamCreationError,
                "a second critical stream of one type",
            ));
        }
        match kind {
            UniStreamKind::Control => self.control = Some((stream, ControlStream::default())),
            UniStreamKind::Encoder => self.encoder = Some(stream),
            UniStreamKind::Decoder => self.decoder = Some((stream, uni::DecoderStream::default())),
            UniStreamKind::Push | UniStreamKind::Unknown => {}
        }
        Ok(UniStreamAction::Keep)
    }

    fn route(&mut self, stream: u64, chunk: &[u8]) -> Result<(), Fault> {
        if let Some((known, peer)) = &mut self.control
            && *known == stream
        {
            return peer.handle(chunk, &mut self.allowance, &self.limits);
        }
        if self.encoder == Some(stream) {
            return self.route_encoder(chunk);
        }
        if let Some((known, decoder)) = &mut self.decoder
            && *known == stream
        {
            for _ in 0..decoder.handle(chunk)? {
                self.allowance.spend(0)?;
            }
        }
        Ok(())
    }

    fn route_encoder(&mut self, chunk: &[u8]) -> Result<(), Fault> {
        uni::check_encoder(chunk)?;
        for _ in chunk {
            self.allowance.spend(0)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
