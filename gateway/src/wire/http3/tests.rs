//! Reaches every error code that a peer can cause, by the bytes that cause it. Properties: no bytes make
//! this layer panic, and the way in which a stream is cut changes no result.

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

use super::qpack::{self, Secrecy};
use super::{
    Control, ErrorCode, Fault, FaultScope, Limits, Part, RequestReader, UniStreamAction, varint, whole,
};
use scangate_core::refusal::Refusal;

/// Makes a frame.
pub(super) fn frame(kind: u64, payload: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    varint::write(&mut out, kind);
    varint::write(&mut out, payload.len() as u64);
    out.extend_from_slice(payload);
    out.to_vec()
}

/// Makes a frame of a type reserved for padding.
pub(super) fn grease(payload: &[u8]) -> Vec<u8> {
    frame(0x1f * 1_000 + 0x21, payload)
}

/// Makes a field section.
pub(super) fn head_block(lines: &[(&str, &str)]) -> Vec<u8> {
    let mut block = BytesMut::new();
    qpack::prefix(&mut block);
    for (name, value) in lines {
        qpack::line(&mut block, name.as_bytes(), value.as_bytes(), Secrecy::Open);
    }
    block.to_vec()
}

/// Makes the field section of a check-in.
pub(super) fn post_block(more: &[(&str, &str)]) -> Vec<u8> {
    let own = [
        (":method", "POST"),
        (":scheme", "https"),
        (":path", "/v1/check-ins"),
        (":authority", "gate.example"),
    ];
    head_block(&[&own, more].concat())
}

/// An action of the peer.
#[derive(Debug)]
enum PeerAction {
    /// Sent this on a request stream, and no more yet.
    Sent(Vec<u8>),
    /// Sent this on a request stream, and FIN.
    Ended(Vec<u8>),
    /// Sent these on the unidirectional streams 2, 6, 10, ...
    Uni(Vec<Vec<u8>>),
    /// Sent this on stream 2, and FIN.
    UniEnded(Vec<u8>),
    /// Began a request after the server's GOAWAY.
    Late,
}

fn fault(did: &PeerAction) -> Result<(), Fault> {
    let mut reader = RequestReader::new(Limits::default());
    let mut control = Control::new(Limits::default());
    match did {
        PeerAction::Sent(bytes) => reader.handle(Bytes::copy_from_slice(bytes)),
        PeerAction::Ended(bytes) => {
            reader.handle(Bytes::copy_from_slice(bytes)).and_then(|()| reader.handle_end())
        }
        PeerAction::Uni(streams) => streams
            .iter()
            .zip((2..).step_by(4))
            .try_for_each(|(bytes, stream)| control.handle_uni(stream, bytes).map(drop)),
        PeerAction::UniEnded(bytes) => {
            control.handle_uni(2, bytes).and_then(|_: UniStreamAction| control.handle_uni_end(2))
        }
        PeerAction::Late => {
            control.goaway();
            control.handle_request_stream(0)
        }
    }
}

fn control(frames: &[Vec<u8>]) -> PeerAction {
    PeerAction::Uni(vec![[&[0x00, 0x04, 0x00], &frames.concat()[..]].concat()])
}

#[test]
fn every_error_code_has_bytes_that_reach_it() {
    let head = || frame(0x01, &post_block(&[]));
    let trailers = || frame(0x01, &head_block(&[("a", "b")]));
    let settings = |payload: &[u8]| PeerAction::Uni(vec![[&[0x00][..], &frame(0x04, payload)].concat()]);
    let unis = |streams: &[&[u8]]| PeerAction::Uni(streams.iter().map(|bytes| bytes.to_vec()).collect());
    let many_settings: Vec<u8> = (0_u8..65).flat_map(|id| [0x41, id, 0x00]).collect();
    let (stream, connection) = (FaultScope::Stream, FaultScope::Connection);
    let too_large = FaultScope::Answer(Refusal::HeadTooLarge);

    use ErrorCode::*;
    let mut rows = vec![
        (StreamCreationError, connection, unis(&[&[0x01, 0x00]])),
        (StreamCreationError, connection, unis(&[&[0x00], &[0x00]])),
        (StreamCreationError, connection, unis(&[&[0x02], &[0x02]])),
        (StreamCreationError, connection, unis(&[&[0x03], &[0x03]])),
        (ClosedCriticalStream, connection, PeerAction::UniEnded(vec![0x00])),
        (ClosedCriticalStream, connection, PeerAction::UniEnded(vec![0x02])),
        (ClosedCriticalStream, connection, PeerAction::UniEnded(vec![0x03])),
        (FrameUnexpected, connection, PeerAction::Sent(frame(0x00, b"x"))),
        (FrameUnexpected, connection, PeerAction::Sent([head(), trailers(), trailers()].concat())),
        (FrameUnexpected, connection, PeerAction::Sent([head(), trailers(), frame(0x00, b"x")].concat())),
        (FrameUnexpected, connection, control(&[frame(0x04, b"")])),
        (FrameError, connection, PeerAction::Ended(vec![0x01])),
        (FrameError, connection, PeerAction::Ended(vec![0x40])),
        (FrameError, connection, PeerAction::Ended(vec![0x01, 0x02, 0x00])),
        (FrameError, connection, PeerAction::Ended([head(), vec![0x00, 0x02, b'x']].concat())),
        (FrameError, connection, PeerAction::Ended([head(), vec![0x21, 0x02, b'x']].concat())),
        (FrameError, connection, control(&[frame(0x0d, b"")])),
        (FrameError, connection, control(&[frame(0x0d, &[0x40])])),
        (FrameError, connection, control(&[frame(0x07, &[0x00, 0x00])])),
        (FrameError, connection, control(&[frame(0x07, &[0; 9])])),
        (FrameError, connection, control(&[frame(0x03, b"")])),
        (FrameError, connection, control(&[frame(0xf_0700, b"")])),
        (FrameError, connection, control(&[frame(0xf_0701, &[0xc0])])),
        (FrameError, connection, settings(&[0x06])),
        (FrameError, connection, settings(&[0x06, 0x40])),
        (ExcessiveLoad, connection, settings(&many_settings)),
        (ExcessiveLoad, connection, PeerAction::Uni(vec![vec![0x00, 0x04, 0x44, 0x01]])),
        (ExcessiveLoad, connection, PeerAction::Sent(grease(b"").repeat(257))),
        (ExcessiveLoad, connection, PeerAction::Sent(vec![0x21, 0xc0, 0, 0, 0, 0x40, 0, 0, 0])),
        (ExcessiveLoad, connection, control(&[grease(b"").repeat(256)])),
        (ExcessiveLoad, too_large, PeerAction::Sent(vec![0x01, 0x80, 0x00, 0x40, 0x01])),
        (
            ExcessiveLoad,
            too_large,
            PeerAction::Sent(vec![0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ),
        (ExcessiveLoad, too_large, PeerAction::Sent(frame(0x01, &post_block(&[("a", "b"); 500])))),
        (
            ExcessiveLoad,
            too_large,
            PeerAction::Sent([head(), frame(0x01, &head_block(&[("a", "b"); 500]))].concat()),
        ),
        (IdError, connection, control(&[frame(0x0d, &[0x05]), frame(0x0d, &[0x04])])),
        (IdError, connection, control(&[frame(0x07, &[0x04]), frame(0x07, &[0x05])])),
        (IdError, connection, control(&[frame(0x0d, &[0x05]), frame(0x03, &[0x00])])),
        (IdError, connection, control(&[frame(0xf_0700, &[0x01])])),
        (IdError, connection, control(&[frame(0xf_0701, &[0x00])])),
        (SettingsError, connection, settings(&[0x21, 0x00, 0x21, 0x00])),
        (MissingSettings, connection, PeerAction::Uni(vec![[&[0x00][..], &grease(b"")].concat()])),
        (MissingSettings, connection, PeerAction::Uni(vec![[&[0x00][..], &frame(0x07, &[0x00])].concat()])),
        (MissingSettings, connection, PeerAction::Uni(vec![[&[0x00][..], &frame(0x00, b"x")].concat()])),
        (RequestRejected, stream, PeerAction::Late),
        (RequestIncomplete, stream, PeerAction::Ended(Vec::new())),
        (RequestIncomplete, stream, PeerAction::Ended(grease(b"x"))),
        (MessageError, stream, PeerAction::Sent(frame(0x01, &head_block(&[(":method", "GET")])))),
        (
            MessageError,
            stream,
            PeerAction::Sent([head(), frame(0x01, &head_block(&[(":path", "/")]))].concat()),
        ),
        (
            MessageError,
            stream,
            PeerAction::Sent([head(), frame(0x01, &head_block(&[("te", "gzip")]))].concat()),
        ),
        (MessageError, stream, PeerAction::Ended(frame(0x01, &post_block(&[("content-length", "1")])))),
        (QpackDecompressionFailed, connection, PeerAction::Sent(frame(0x01, b""))),
        (QpackDecompressionFailed, connection, PeerAction::Sent(frame(0x01, &[0x02, 0x00, 0x80]))),
        (
            QpackDecompressionFailed,
            connection,
            PeerAction::Sent([head(), frame(0x01, &[0x00, 0x00, 0x80])].concat()),
        ),
        (QpackDecompressionFailed, stream, PeerAction::Sent(frame(0x01, &[0xff; 16]))),
        (QpackEncoderStreamError, connection, unis(&[&[0x02, 0x21]])),
        (QpackEncoderStreamError, connection, unis(&[&[0x02, 0x3f, 0xe1, 0x1f]])),
        (QpackEncoderStreamError, connection, unis(&[&[0x02, 0xc0, 0x00]])),
        (QpackEncoderStreamError, connection, unis(&[&[0x02, 0x41, b'a', 0x00]])),
        (QpackEncoderStreamError, connection, unis(&[&[0x02, 0x00]])),
        (QpackDecoderStreamError, connection, unis(&[&[0x03, 0x80]])),
        (QpackDecoderStreamError, connection, unis(&[&[0x03, 0x00]])),
        (QpackDecoderStreamError, connection, unis(&[&[0x03, 0x01]])),
        (QpackDecoderStreamError, connection, unis(&[&[0x03, 0x3f]])),
        (QpackDecoderStreamError, connection, unis(&[&[0x03, 0x44, 0x84]])),
        (QpackDecoderStreamError, connection, unis(&[&[&[0x03, 0x7f][..], &[0x80; 9]].concat()])),
    ];
    rows.extend(
        [0x00, 0x01, 0x05, 0x02, 0x06, 0x08, 0x09]
            .map(|kind| (FrameUnexpected, connection, control(&[frame(kind, b"x")]))),
    );
    rows.extend([0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0d, 0xf_0700, 0xf_0701].map(|kind| {
        (FrameUnexpected, connection, PeerAction::Sent([head(), frame(kind, &[0x00])].concat()))
    }));
    rows.extend([0x00, 0x02, 0x03, 0x04, 0x05].map(|id| (SettingsError, connection, settings(&[id, 0x00]))));

    for (code, scope, did) in &rows {
        let fault = fault(did).expect_err(&format!("{code:?} by {did:x?}"));
        assert_eq!((fault.code, fault.scope), (*code, *scope), "{did:x?}: {fault}");
    }
    for code in [
        StreamCreationError,
        ClosedCriticalStream,
        FrameUnexpected,
        FrameError,
        ExcessiveLoad,
        IdError,
        SettingsError,
        MissingSettings,
        RequestRejected,
        RequestIncomplete,
        MessageError,
        QpackDecompressionFailed,
        QpackEncoderStreamError,
        QpackDecoderStreamError,
    ] {
        assert!(rows.iter().any(|row| row.0 == code), "{code:?} has no row");
    }
}

/// The result of a request stream: its path, its body, and how it ended.
type StreamResult = (Option<Vec<u8>>, Vec<u8>, Result<bool, Fault>);

fn outcome(bytes: &[u8], piece_bytes: usize) -> StreamResult {
    let mut reader = RequestReader::new(Limits::default());
    let (mut path, mut body, mut ended) = (None, Vec::new(), false);
    let mut result = Ok(());
    for piece in bytes.chunks(piece_bytes) {
        result = result.and_then(|()| reader.handle(Bytes::copy_from_slice(piece)));
    }
    result = result.and_then(|()| reader.handle_end());
    while let Some(part) = reader.poll() {
        match part {
            Part::Head(head) => path = Some(head.path().to_vec()),
            Part::Body(bytes) => body.extend_from_slice(&bytes),
            Part::End => ended = true,
        }
    }
    (path, body, result.map(|()| ended))
}

fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        2 => Just(frame(0x01, &post_block(&[]))),
        2 => Just(frame(0x01, &head_block(&[("a", "b")]))),
        1 => Just(frame(0x01, &post_block(&[("content-length", "40")]))),
        4 => bytes().prop_map(|body| frame(0x00, &body)),
        2 => bytes().prop_map(|body| grease(&body)),
        1 => bytes().prop_map(|tail| frame(0x01, &[&[0, 0], &tail[..]].concat())),
        1 => (0_u64..16, bytes()).prop_map(|(kind, body)| frame(kind, &body)),
        1 => bytes(),
    ]
}

proptest! {
    #[test]
    fn any_stream_is_the_same_cut_anyhow(
        frames in proptest::collection::vec(any_frame(), 0..8),
        starts_well: bool,
        cut in 1_usize..50,
    ) {
        let head = if starts_well { frame(0x01, &post_block(&[])) } else { Vec::new() };
        let bytes = [head, frames.concat()].concat();
        let at_once = outcome(&bytes, usize::MAX);
        let in_pieces = outcome(&bytes, cut);
        prop_assert_eq!(&in_pieces, &at_once);
        match whole(&Bytes::from(bytes), &Limits::default()) {
            None => {}
            Some(Ok((head, body))) => {
                prop_assert_eq!(at_once, (Some(head.path().to_vec()), body.to_vec(), Ok(true)));
            }
            Some(Err(fault)) => prop_assert_eq!(at_once.2, Err(fault)),
        }
    }

    #[test]
    fn any_bytes_on_a_request_stream_end_somehow(bytes: Vec<u8>) {
        let (_, _, result) = outcome(&bytes, 7);
        prop_assert_ne!(result, Ok(false));
    }

    #[test]
    fn any_head_that_is_taken_makes_a_request_or_a_stream_fault(tail: Vec<u8>) {
        let mut block = post_block(&[]);
        block.extend(tail);
        if let Some(Ok((head, _))) = whole(&Bytes::from(frame(0x01, &block)), &Limits::default())
            && let Err(fault) = head.to_request()
        {
            prop_assert_eq!(fault.scope, FaultScope::Stream);
        }
    }

    #[test]
    fn any_bytes_on_unidirectional_streams_are_the_same_cut_anyhow(
        kind in 0_u8..6,
        is_settled: bool,
        tail: Vec<u8>,
        cut in 1_usize..20,
    ) {
        let opening: &[u8] = if is_settled { &[0x04, 0x00] } else { &[] };
        let bytes = [&[kind], opening, &tail].concat();
        let run = |piece_bytes| {
            let mut control = Control::new(Limits::default());
            for piece in bytes.chunks(piece_bytes) {
                match control.handle_uni(2, piece) {
                    Ok(UniStreamAction::Keep) => {}
                    other => return other,
                }
            }
            Ok(UniStreamAction::Keep)
        };
        prop_assert_eq!(run(usize::MAX), run(cut));
    }
}
