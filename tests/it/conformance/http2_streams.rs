//! The states and identifiers of streams, and the frames that change them (RFC 9113 sections 5, 6.3, 6.4 and
//! 6.6; RFC 7540 section 5.3).

use super::http2_peer::{
    FRAME_SIZE_ERROR, Http2Rule, PROTOCOL_ERROR, REFUSED_STREAM, Reaction, STREAM_CLOSED, expect_all, rule,
    rule_after,
};
use scangate_tests::wire::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PRIORITISED, PRIORITY, PUSH_PROMISE, RST_STREAM,
    WINDOW_UPDATE, block, frame, request,
};

const PROTOCOL: Reaction = Reaction::GoAway(&[PROTOCOL_ERROR]);
/// The RFC names FRAME_SIZE_ERROR. hyper's HTTP/2 sends the unspecific code for some frames.
const FRAME_SIZE: Reaction = Reaction::GoAway(&[FRAME_SIZE_ERROR, PROTOCOL_ERROR]);
/// The RFC names STREAM_CLOSED, of the stream or, after its end, of the connection. hyper's HTTP/2 closes the
/// connection with the unspecific code while the answer is on its way.
const LATE: Reaction = Reaction::ResetOrGoAway(1, &[STREAM_CLOSED, PROTOCOL_ERROR]);
/// The error code CANCEL, by which a client gives a request up.
const CANCEL: [u8; 4] = [0, 0, 0, 8];
/// Requests at once that the gateway's SETTINGS allow.
const STREAMS_MAX: u32 = 256;

/// A whole request on this stream.
fn whole(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(&request("GET", "/me")))
}

/// The head of a request on this stream whose body is to follow.
fn open(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, &block(&request("POST", "/v1/check-ins")))
}

fn cancel(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &CANCEL)
}

fn window(stream: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &[0, 0, 0, 9])
}

fn priority(stream: u32, on: u8) -> Vec<u8> {
    frame(PRIORITY, 0, stream, &[0, 0, 0, on, 7])
}

fn idle() -> Vec<Http2Rule> {
    vec![
        rule("5.1: DATA on an idle stream", &[frame(DATA, END_STREAM, 1, b"{")], PROTOCOL),
        rule("5.1: RST_STREAM on an idle stream", &[cancel(1)], PROTOCOL),
        rule("5.1: WINDOW_UPDATE on an idle stream", &[window(1)], PROTOCOL),
        rule("5.1: CONTINUATION on an idle stream", &[frame(CONTINUATION, END_HEADERS, 1, &[])], PROTOCOL),
        rule("5.1: PRIORITY on an idle stream", &[priority(9, 0)], Reaction::Nothing),
        rule("5.1: DATA on an idle stream after requests", &[whole(1), frame(DATA, 0, 5, b"{")], PROTOCOL),
    ]
}

fn half_closed() -> Vec<Http2Rule> {
    vec![
        rule("5.1: DATA after the end of the request", &[whole(1), frame(DATA, END_STREAM, 1, b"{")], LATE),
        rule("5.1: HEADERS after the end of the request", &[whole(1), whole(1)], LATE),
        rule(
            "5.1: CONTINUATION after the end of the request",
            &[whole(1), frame(CONTINUATION, END_HEADERS, 1, &[])],
            PROTOCOL,
        ),
        rule(
            "5.1: WINDOW_UPDATE after the end of the request",
            &[whole(1), window(1)],
            Reaction::Answer(1, 200),
        ),
        rule(
            "5.1: PRIORITY after the end of the request",
            &[whole(1), priority(1, 0)],
            Reaction::Answer(1, 200),
        ),
        rule("5.1: RST_STREAM after the end of the request", &[whole(1), cancel(1)], Reaction::Nothing),
        rule(
            "5.1: the end of a body",
            &[open(1), frame(DATA, END_STREAM, 1, b"{")],
            Reaction::Answer(1, 400),
        ),
        rule(
            "5.1: DATA after the end of a body",
            &[open(1), frame(DATA, END_STREAM, 1, b"{"), frame(DATA, 0, 1, b"}")],
            LATE,
        ),
    ]
}

fn closed() -> Vec<Http2Rule> {
    let answered = |name, frames: &[Vec<u8>], reaction| rule_after(name, &[whole(1)], 1, frames, reaction);
    vec![
        rule(
            "5.1: DATA after RST_STREAM",
            &[open(1), cancel(1), frame(DATA, END_STREAM, 1, b"{")],
            Reaction::Reset(1, &[STREAM_CLOSED]),
        ),
        rule("5.1: HEADERS after RST_STREAM", &[open(1), cancel(1), whole(1)], LATE),
        rule(
            "5.1: CONTINUATION after RST_STREAM",
            &[open(1), cancel(1), frame(CONTINUATION, 4, 1, &[])],
            PROTOCOL,
        ),
        rule("5.1: RST_STREAM twice", &[open(1), cancel(1), cancel(1)], Reaction::Nothing),
        answered(
            "5.1: DATA after the answer",
            &[frame(DATA, END_STREAM, 1, b"{")],
            Reaction::Reset(1, &[STREAM_CLOSED]),
        ),
        answered("5.1: HEADERS after the answer", &[whole(1)], LATE),
        answered("5.1: CONTINUATION after the answer", &[frame(CONTINUATION, 4, 1, &[])], PROTOCOL),
        answered("5.1: WINDOW_UPDATE after the answer", &[window(1)], Reaction::Nothing),
        answered("5.1: RST_STREAM after the answer", &[cancel(1)], Reaction::Nothing),
        answered("5.1: PRIORITY after the answer", &[priority(1, 0)], Reaction::Nothing),
        answered("5.1: another request after the answer", &[whole(3)], Reaction::Answer(3, 200)),
    ]
}

fn identifiers() -> Vec<Http2Rule> {
    let half: Vec<Vec<u8>> = (0..=STREAMS_MAX).map(|number| open(2 * number + 1)).collect();
    vec![
        rule("5.1.1: a request on a stream of the server", &[whole(2)], PROTOCOL),
        rule(
            "5.1.1: a stream below one that was used",
            &[whole(5), whole(3)],
            Reaction::GoAway(&[PROTOCOL_ERROR]),
        ),
        rule("5.1.1: a stream that skips others", &[whole(1), whole(9)], Reaction::Answer(9, 200)),
        rule("5.1.1: the highest stream", &[whole(0x7fff_ffff)], Reaction::Answer(0x7fff_ffff, 200)),
        rule(
            "5.1.2: one stream too many",
            &half,
            Reaction::Reset(2 * STREAMS_MAX + 1, &[REFUSED_STREAM, PROTOCOL_ERROR]),
        ),
    ]
}

fn priorities() -> Vec<Http2Rule> {
    let own = [&[0, 0, 0, 1, 7][..], &block(&request("GET", "/me"))].concat();
    vec![
        rule(
            "RFC 7540 5.3.1: HEADERS that depend on their own stream",
            &[frame(HEADERS, 5 | PRIORITISED, 1, &own)],
            Reaction::Reset(1, &[PROTOCOL_ERROR]),
        ),
        rule(
            "RFC 7540 5.3.1: PRIORITY that depends on its own stream",
            &[open(1), priority(1, 1)],
            Reaction::Reset(1, &[PROTOCOL_ERROR]),
        ),
        rule("6.3: PRIORITY", &[priority(1, 0), priority(3, 1)], Reaction::Nothing),
        rule("6.3: PRIORITY on stream 0", &[priority(0, 1)], PROTOCOL),
        rule("6.3: PRIORITY of another length", &[open(1), frame(PRIORITY, 0, 1, &[0; 4])], FRAME_SIZE),
        rule("6.3: PRIORITY before its request", &[priority(1, 0), whole(1)], Reaction::Answer(1, 200)),
    ]
}

fn resets_and_promises() -> Vec<Http2Rule> {
    let get = block(&request("GET", "/me"));
    let promise = [&[0, 0, 0, 2][..], &get].concat();
    vec![
        rule("6.4: RST_STREAM", &[open(1), cancel(1)], Reaction::Nothing),
        rule("6.4: RST_STREAM on stream 0", &[cancel(0)], PROTOCOL),
        rule("6.4: RST_STREAM that is too short", &[open(1), frame(RST_STREAM, 0, 1, &[0; 3])], FRAME_SIZE),
        rule("6.4: RST_STREAM that is too long", &[open(1), frame(RST_STREAM, 0, 1, &[0; 5])], FRAME_SIZE),
        rule(
            "7: RST_STREAM with an unknown code",
            &[open(1), frame(RST_STREAM, 0, 1, &[0xff; 4])],
            Reaction::Nothing,
        ),
        rule(
            "6.4: another request after RST_STREAM",
            &[open(1), cancel(1), whole(3)],
            Reaction::Answer(3, 200),
        ),
        rule(
            "8.4: PUSH_PROMISE from a client",
            &[open(1), frame(PUSH_PROMISE, END_HEADERS, 1, &promise)],
            PROTOCOL,
        ),
        rule("6.6: PUSH_PROMISE on stream 0", &[frame(PUSH_PROMISE, END_HEADERS, 0, &promise)], PROTOCOL),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn states_and_identifiers_of_streams() -> anyhow::Result<()> {
    let rules = [idle(), half_closed(), closed(), identifiers(), priorities(), resets_and_promises()];
    expect_all(rules.into_iter().flatten().collect()).await
}
