//! The preface, and the rules on frames and field blocks (RFC 9113 sections 3, 4, 5.5, 6.1, 6.2 and 6.10).

use super::http2_peer::{
    FRAME_SIZE_ERROR, Http2Rule, PROTOCOL_ERROR, Reaction, STREAM_CLOSED, expect_all, rule, rule_after,
    rule_at_start,
};
use scangate_tests::wire::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED, PING, PREFACE, PRIORITISED,
    PRIORITY, SETTINGS, block, frame, request,
};

const PROTOCOL: Reaction = Reaction::GoAway(&[PROTOCOL_ERROR]);
/// The RFC names FRAME_SIZE_ERROR. hyper's HTTP/2 sends the unspecific code for some frames.
const FRAME_SIZE: Reaction = Reaction::GoAway(&[FRAME_SIZE_ERROR, PROTOCOL_ERROR]);
/// The largest frame that the gateway's SETTINGS allow.
const FRAME_BYTES_MAX: usize = 16_384;
/// A frame type that no RFC has defined.
const UNKNOWN: u8 = 0xfb;

fn get() -> Vec<u8> {
    block(&request("GET", "/me"))
}

/// A request on stream 1 that is whole.
fn whole() -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, 1, &get())
}

/// The head of a request on stream 1 whose body is to follow.
fn open() -> Vec<u8> {
    frame(HEADERS, END_HEADERS, 1, &block(&request("POST", "/v1/check-ins")))
}

/// A head in this many frames, of which the last one ends it.
fn pieces(frames: usize) -> Vec<Vec<u8>> {
    let get = get();
    let chunks: Vec<&[u8]> = get.chunks(get.len().div_ceil(frames)).collect();
    let last = chunks.len() - 1;
    let piece = |(number, chunk): (usize, &&[u8])| match (number, number == last) {
        (0, _) => frame(HEADERS, END_STREAM, 1, chunk),
        (_, is_last) => frame(CONTINUATION, if is_last { END_HEADERS } else { 0 }, 1, chunk),
    };
    chunks.iter().enumerate().map(piece).collect()
}

/// The header of a frame of so many bytes that do not come.
fn header(kind: u8, flags: u8, stream: u32, length: usize) -> Vec<u8> {
    let length = u32::try_from(length).unwrap_or(0).to_be_bytes();
    let bare = frame(kind, flags, stream, &[]);
    [&length[1..], &bare[3..]].concat()
}

fn prefaces() -> Vec<Http2Rule> {
    let settings = frame(SETTINGS, 0, 0, &[]);
    vec![
        rule_at_start("3.4: a preface", &[PREFACE.to_vec(), settings, whole()], Reaction::Answer(1, 200)),
        rule_at_start(
            "3.4: an invalid preface",
            &[b"INVALID CONNECTION PREFACE\\r\\n\\r\\n".to_vec()],
            Reaction::Close,
        ),
        rule_at_start(
            "3.4: a preface whose end is wrong",
            &[b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".to_vec()],
            Reaction::Close,
        ),
        rule_at_start(
            "3.4: HTTP/1.1 under the name h2",
            &[b"GET /me HTTP/1.1\r\nhost: a\r\n\r\n".to_vec()],
            Reaction::Close,
        ),
        rule_at_start(
            "3.4: a first frame that is not SETTINGS",
            &[PREFACE.to_vec(), frame(PING, 0, 0, &[0; 8])],
            Reaction::Close,
        ),
        rule_at_start("3.4: a request before SETTINGS", &[PREFACE.to_vec(), whole()], Reaction::Close),
        rule_at_start(
            "3.4: an acknowledgment as first frame",
            &[PREFACE.to_vec(), frame(SETTINGS, 1, 0, &[])],
            Reaction::Close,
        ),
    ]
}

fn formats() -> Vec<Http2Rule> {
    let mut reserved = frame(PING, 0, 0, &[0; 8]);
    reserved[5] |= 0x80;
    vec![
        rule("4.1: a frame of an unknown type", &[frame(UNKNOWN, 0, 0, &[0; 8])], Reaction::Nothing),
        rule(
            "4.1: an unknown type on an idle stream",
            &[frame(UNKNOWN, 0xff, 9, &[0; 8])],
            Reaction::Nothing,
        ),
        rule("4.1: flags without a meaning", &[frame(PING, 0x16, 0, &[0; 8])], Reaction::Nothing),
        rule("4.1: a reserved bit", &[reserved], Reaction::Nothing),
        rule(
            "4.2: DATA of the largest length",
            &[
                frame(HEADERS, END_HEADERS, 1, &block(&request("POST", "/none"))),
                frame(DATA, END_STREAM, 1, &[b'x'; FRAME_BYTES_MAX]),
            ],
            Reaction::Answer(1, 404),
        ),
        rule("4.2: DATA that is too large", &[open(), header(DATA, 0, 1, FRAME_BYTES_MAX + 1)], FRAME_SIZE),
        rule("4.2: HEADERS that are too large", &[header(HEADERS, 4, 1, FRAME_BYTES_MAX + 1)], FRAME_SIZE),
        rule("4.2: SETTINGS that are too large", &[header(SETTINGS, 0, 0, 6 * 2_731)], FRAME_SIZE),
        rule(
            "4.2: an unknown frame that is too large",
            &[header(UNKNOWN, 0, 0, FRAME_BYTES_MAX + 1)],
            FRAME_SIZE,
        ),
        rule(
            "4.3: PRIORITY within a field block",
            &[pieces(2)[0].clone(), frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 0])],
            PROTOCOL,
        ),
        rule(
            "4.3: HEADERS of another stream within a field block",
            &[pieces(2)[0].clone(), frame(HEADERS, 5, 3, &get())],
            PROTOCOL,
        ),
        rule(
            "5.5: an unknown frame within a field block",
            &[pieces(2)[0].clone(), frame(UNKNOWN, 0, 1, &[])],
            PROTOCOL,
        ),
        rule("5.4.1: the error is told and the connection closed", &[frame(PING, 0, 3, &[0; 8])], PROTOCOL),
    ]
}

fn data() -> Vec<Http2Rule> {
    let padded = |payload: &[u8]| frame(DATA, PADDED | END_STREAM, 1, payload);
    vec![
        rule("6.1: DATA", &[open(), frame(DATA, END_STREAM, 1, b"{")], Reaction::Answer(1, 400)),
        rule(
            "6.1: several DATA, one of them empty",
            &[open(), frame(DATA, 0, 1, b"{"), frame(DATA, 0, 1, b""), frame(DATA, 1, 1, b"}")],
            Reaction::Answer(1, 400),
        ),
        rule("6.1: padded DATA", &[open(), padded(&[3, b'{', 0, 0, 0])], Reaction::Answer(1, 400)),
        rule("6.1: DATA of nothing but padding", &[open(), padded(&[2, 0, 0])], Reaction::Answer(1, 400)),
        rule("6.1: DATA on stream 0", &[frame(DATA, END_STREAM, 0, b"{")], PROTOCOL),
        rule("6.1: padding as long as the payload", &[open(), padded(&[5, b'{', 0, 0, 0])], PROTOCOL),
        rule("6.1: padding beyond the payload", &[open(), padded(&[200, b'{'])], PROTOCOL),
        rule("6.1: padded DATA without a length of padding", &[open(), padded(&[])], FRAME_SIZE),
        rule_after(
            "6.1: DATA on a closed stream",
            &[whole()],
            1,
            &[frame(DATA, END_STREAM, 1, b"{")],
            Reaction::Reset(1, &[STREAM_CLOSED]),
        ),
    ]
}

fn headers() -> Vec<Http2Rule> {
    let with = |flags: u8, before: &[u8], after: &[u8]| {
        frame(HEADERS, flags | END_HEADERS | END_STREAM, 1, &[before, &get(), after].concat())
    };
    vec![
        rule("6.2: HEADERS", &[whole()], Reaction::Answer(1, 200)),
        rule("6.2: HEADERS with padding", &[with(PADDED, &[4], &[0; 4])], Reaction::Answer(1, 200)),
        rule(
            "6.2: HEADERS with a priority",
            &[with(PRIORITISED, &[0, 0, 0, 0, 255], &[])],
            Reaction::Answer(1, 200),
        ),
        rule(
            "6.2: HEADERS with both",
            &[with(PADDED | PRIORITISED, &[2, 0x80, 0, 0, 3, 1], &[0; 2])],
            Reaction::Answer(1, 200),
        ),
        rule("6.2: HEADERS on stream 0", &[frame(HEADERS, 5, 0, &get())], PROTOCOL),
        rule(
            "6.2: padding as long as the payload",
            &[frame(HEADERS, 5 | PADDED, 1, &[3, 0x82, 0x87])],
            PROTOCOL,
        ),
        rule("6.2: padding beyond the payload", &[frame(HEADERS, 5 | PADDED, 1, &[255, 0x82])], PROTOCOL),
        rule(
            "6.2: padded HEADERS without a length of padding",
            &[frame(HEADERS, 5 | PADDED, 1, &[])],
            FRAME_SIZE,
        ),
        rule(
            "6.2: HEADERS too short for their priority",
            &[frame(HEADERS, 5 | PRIORITISED, 1, &[0; 4])],
            FRAME_SIZE,
        ),
        rule("6.2: DATA within a field block", &[pieces(2)[0].clone(), frame(DATA, 0, 1, b"{")], PROTOCOL),
        rule("6.2: PING within a field block", &[pieces(2)[0].clone(), frame(PING, 0, 0, &[0; 8])], PROTOCOL),
        rule(
            "6.2: GOAWAY within a field block",
            &[pieces(2)[0].clone(), frame(GOAWAY, 0, 0, &[0; 8])],
            PROTOCOL,
        ),
    ]
}

fn continuations() -> Vec<Http2Rule> {
    let end = || frame(CONTINUATION, END_HEADERS, 1, &[]);
    vec![
        rule("6.10: a head in two frames", &pieces(2), Reaction::Answer(1, 200)),
        rule("6.10: a head in many frames", &pieces(6), Reaction::Answer(1, 200)),
        rule(
            "6.10: a CONTINUATION without a payload",
            &[frame(HEADERS, END_STREAM, 1, &get()), end()],
            Reaction::Answer(1, 200),
        ),
        rule(
            "6.10: a HEADERS without a payload",
            &[frame(HEADERS, END_STREAM, 1, &[]), frame(CONTINUATION, END_HEADERS, 1, &get())],
            Reaction::Answer(1, 200),
        ),
        rule(
            "6.10: DATA between CONTINUATIONs",
            &[&pieces(3)[..2], &[frame(DATA, 0, 1, b"{")]].concat(),
            PROTOCOL,
        ),
        rule(
            "6.10: a CONTINUATION of stream 0",
            &[pieces(2)[0].clone(), frame(CONTINUATION, END_HEADERS, 0, &[])],
            PROTOCOL,
        ),
        rule(
            "6.10: a CONTINUATION of another stream",
            &[pieces(2)[0].clone(), frame(CONTINUATION, END_HEADERS, 3, &[])],
            PROTOCOL,
        ),
        rule("6.10: a CONTINUATION after the end of a HEADERS", &[open(), end()], PROTOCOL),
        rule(
            "6.10: a CONTINUATION after the end of a CONTINUATION",
            &[frame(HEADERS, 0, 1, &get()), end(), end()],
            PROTOCOL,
        ),
        rule("6.10: a CONTINUATION after DATA", &[open(), frame(DATA, 0, 1, b"{"), end()], PROTOCOL),
        rule("6.10: a CONTINUATION without anything before", &[end()], PROTOCOL),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn prefaces_frames_and_field_blocks() -> anyhow::Result<()> {
    expect_all([prefaces(), formats(), data(), headers(), continuations()].into_iter().flatten().collect())
        .await
}
