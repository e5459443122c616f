//! The control stream, the streams of QPACK, and field sections (RFC 9114 sections 5.2, 6.2 and 7.2, and
//! RFC 9204).

use super::http3_peer::{
    CANCEL_PUSH, CLOSED_CRITICAL_STREAM, ClientStream, DATA, FRAME_ERROR, FRAME_UNEXPECTED, GOAWAY, HEADERS,
    Http3Reaction, Http3Rule, ID_ERROR, MAX_PUSH_ID, MISSING_SETTINGS, PUSH_PROMISE,
    QPACK_DECODER_STREAM_ERROR, QPACK_DECOMPRESSION_FAILED, QPACK_ENCODER_STREAM_ERROR, RESERVED, SETTINGS,
    SETTINGS_ERROR, STREAM_CREATION_ERROR, expect_all,
};
use ClientStream::{Request, Uni, UniEnded, UniReset};
use Http3Reaction::{Close, Nothing, Reset};
use scangate_tests::wire::{field_section, http3_frame};

/// A control stream that begins with these frames.
fn control(frames: &[Vec<u8>]) -> Vec<u8> {
    [&[0][..], &frames.concat()].concat()
}

/// A control stream whose SETTINGS are followed by these frames.
fn settled(frames: &[Vec<u8>]) -> Vec<u8> {
    control(&[&[http3_frame(SETTINGS, &[])], frames].concat())
}

fn control_streams() -> Vec<Http3Rule> {
    let uni = |name, bytes: Vec<u8>, reaction| (name, vec![Uni(bytes)], reaction);
    let after =
        |name, kind, payload: &[u8], code| uni(name, settled(&[http3_frame(kind, payload)]), Close(code));
    let ids = |payload: &[u8]| control(&[http3_frame(SETTINGS, payload)]);
    vec![
        uni("6.2.1: a control stream", settled(&[]), Nothing),
        uni(
            "6.2.1: a first frame that is not SETTINGS",
            control(&[http3_frame(GOAWAY, &[0])]),
            Close(MISSING_SETTINGS),
        ),
        uni(
            "6.2.1: a first frame of an unknown type",
            control(&[http3_frame(RESERVED, b"x")]),
            Close(MISSING_SETTINGS),
        ),
        (
            "6.2.1: a second control stream",
            vec![Uni(settled(&[])), Uni(settled(&[]))],
            Close(STREAM_CREATION_ERROR),
        ),
        ("6.2.1: a control stream that ends", vec![UniEnded(settled(&[]))], Close(CLOSED_CRITICAL_STREAM)),
        (
            "6.2.1: a control stream that is reset",
            vec![Uni(settled(&[])), UniReset(vec![2])],
            Close(CLOSED_CRITICAL_STREAM),
        ),
        uni("6.2.2: a push stream of a client", vec![1, 0], Close(STREAM_CREATION_ERROR)),
        ("6.2: a stream of an unknown type", vec![UniEnded(vec![RESERVED, 1, 2, 3])], Nothing),
        ("6.2: a stream that ends before its type", vec![UniEnded(vec![])], Nothing),
        after("7.2.1: DATA on the control stream", DATA, b"x", FRAME_UNEXPECTED),
        after("7.2.2: HEADERS on the control stream", HEADERS, &field_section(&[]), FRAME_UNEXPECTED),
        after("7.2.5: PUSH_PROMISE on the control stream", PUSH_PROMISE, &[0], FRAME_UNEXPECTED),
        after("7.2.8: a frame of HTTP/2 on the control stream", 6, &[], FRAME_UNEXPECTED),
        after("7.2.4: SETTINGS twice", SETTINGS, &[], FRAME_UNEXPECTED),
        after("7.2.3: CANCEL_PUSH of no push", CANCEL_PUSH, &[0], ID_ERROR),
        after("7.1: CANCEL_PUSH without an id", CANCEL_PUSH, &[], FRAME_ERROR),
        after("7.1: GOAWAY with more than its id", GOAWAY, &[0, 0], FRAME_ERROR),
        after("7.1: MAX_PUSH_ID whose id is cut", MAX_PUSH_ID, &[0x40], FRAME_ERROR),
        uni(
            "7.2.7: a MAX_PUSH_ID that decreases",
            settled(&[http3_frame(MAX_PUSH_ID, &[5]), http3_frame(MAX_PUSH_ID, &[4])]),
            Close(ID_ERROR),
        ),
        uni(
            "5.2: a GOAWAY that increases",
            settled(&[http3_frame(GOAWAY, &[0]), http3_frame(GOAWAY, &[4])]),
            Close(ID_ERROR),
        ),
        uni("7.2.4.1: the HTTP/2 setting 0x2", ids(&[2, 0]), Close(SETTINGS_ERROR)),
        uni("7.2.4.1: the HTTP/2 setting 0x3", ids(&[3, 0]), Close(SETTINGS_ERROR)),
        uni("7.2.4.1: the HTTP/2 setting 0x4", ids(&[4, 0]), Close(SETTINGS_ERROR)),
        uni("7.2.4.1: the HTTP/2 setting 0x5", ids(&[5, 0]), Close(SETTINGS_ERROR)),
        uni("7.2.4: a setting twice", ids(&[6, 1, 6, 2]), Close(SETTINGS_ERROR)),
        uni("7.2.4: a setting that is cut", ids(&[6]), Close(FRAME_ERROR)),
        uni("7.2.4.1: an unknown setting", ids(&[0x21, 9]), Nothing),
    ]
}

fn qpack() -> Vec<Http3Rule> {
    let section = |name, fields: &[u8]| {
        (name, vec![Request(http3_frame(HEADERS, fields))], Close(QPACK_DECOMPRESSION_FAILED))
    };
    let uni = |name, bytes: &[u8], reaction| (name, vec![Uni(bytes.to_vec())], reaction);
    vec![
        section("RFC 9204 3.1: an index beyond the static table", &[0, 0, 0xff, 0xff, 0x01]),
        section("RFC 9204 2.2: the first index beyond the static table", &[0, 0, 0xff, 99 - 63]),
        section("RFC 9204 2.2: an index into an empty table", &[0, 0, 0x80]),
        section("RFC 9204 4.5.3: an index after the base", &[0, 0, 0x10]),
        section("RFC 9204 4.5.1: a required insert count without a table", &[2, 0, 0x80]),
        section("RFC 9204 4.5.4: a name's index beyond the static table", &[0, 0, 0x5f, 0xff, 0x01, 1, b'x']),
        section("RFC 9204 4.1.1: an integer without its end", &[0, 0, 0xff, 0x80]),
        (
            "RFC 9204 7.4: an integer beyond 62 bits",
            vec![Request(http3_frame(HEADERS, &[&[0, 0, 0xff][..], &[0xff; 9], &[0x7f]].concat()))],
            Reset(QPACK_DECOMPRESSION_FAILED),
        ),
        section("RFC 9204 4.1.2: a value without its end", &[0, 0, 0x51, 9, b'/']),
        section(
            "RFC 9204 4.1.2: a code of Huffman with long padding",
            &[0, 0, 0x51, 0x84, 0x62, 0x92, 0xff, 0xff],
        ),
        section("RFC 9204 4.5: a section without its prefix", &[0]),
        uni("RFC 9204 4.3.1: a capacity of 0", &[2, 0x20], Nothing),
        uni(
            "RFC 9204 4.3.1: a capacity beyond the limit",
            &[2, 0x3f, 0x01],
            Close(QPACK_ENCODER_STREAM_ERROR),
        ),
        uni(
            "RFC 9204 4.3.2: an insert into a table without capacity",
            &[2, 0xc0, 1, b'x'],
            Close(QPACK_ENCODER_STREAM_ERROR),
        ),
        uni("RFC 9204 4.3.4: a duplicate in an empty table", &[2, 0x00], Close(QPACK_ENCODER_STREAM_ERROR)),
        uni("RFC 9204 4.4.3: an increment of 0", &[3, 0x00], Close(QPACK_DECODER_STREAM_ERROR)),
        uni("RFC 9204 4.4.3: an increment beyond the inserts", &[3, 0x01], Close(QPACK_DECODER_STREAM_ERROR)),
        uni("RFC 9204 4.4.1: an acknowledgment of no section", &[3, 0x80], Close(QPACK_DECODER_STREAM_ERROR)),
        uni("RFC 9204 4.4.2: a cancellation", &[3, 0x44], Nothing),
        (
            "RFC 9204 4.2: a second encoder stream",
            vec![Uni(vec![2]), Uni(vec![2])],
            Close(STREAM_CREATION_ERROR),
        ),
        (
            "RFC 9204 4.2: a second decoder stream",
            vec![Uni(vec![3]), Uni(vec![3])],
            Close(STREAM_CREATION_ERROR),
        ),
        ("RFC 9204 4.2: an encoder stream that ends", vec![UniEnded(vec![2])], Close(CLOSED_CRITICAL_STREAM)),
        ("RFC 9204 4.2: a decoder stream that ends", vec![UniEnded(vec![3])], Close(CLOSED_CRITICAL_STREAM)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn control_streams_and_qpack() -> anyhow::Result<()> {
    expect_all([control_streams(), qpack()].into_iter().flatten().collect()).await
}
