//! The frames of the connection (RFC 9113 sections 6.5, 6.7, 6.8, 6.9 and 7).

use super::http2_peer::{
    FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, Http2Rule, NO_ERROR, PROTOCOL_ERROR, Reaction, expect_all, rule,
};
use scangate_tests::wire::{
    ACK, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, SETTINGS, WINDOW_UPDATE, block, frame, request,
};

const PROTOCOL: Reaction = Reaction::GoAway(&[PROTOCOL_ERROR]);
/// The RFC names FRAME_SIZE_ERROR. hyper's HTTP/2 sends the unspecific code for some frames.
const FRAME_SIZE: Reaction = Reaction::GoAway(&[FRAME_SIZE_ERROR, PROTOCOL_ERROR]);
/// The RFC names FLOW_CONTROL_ERROR. hyper's HTTP/2 sends the unspecific code.
const FLOW_CONTROL: Reaction = Reaction::GoAway(&[FLOW_CONTROL_ERROR, PROTOCOL_ERROR]);
const ORDERLY: Reaction = Reaction::GoAway(&[NO_ERROR]);
/// The largest window (RFC 9113 section 6.9.1).
const WINDOW_MAX: u32 = 0x7fff_ffff;

fn whole(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(&request("GET", "/me")))
}

fn open() -> Vec<u8> {
    frame(HEADERS, END_HEADERS, 1, &block(&request("POST", "/v1/check-ins")))
}

/// SETTINGS of these identifiers and values.
pub(super) fn settings(values: &[(u16, u32)]) -> Vec<u8> {
    let entry = |(id, value): &(u16, u32)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat();
    frame(SETTINGS, 0, 0, &values.iter().flat_map(entry).collect::<Vec<u8>>())
}

/// WINDOW_UPDATE of a stream.
pub(super) fn window(stream: u32, increment: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &increment.to_be_bytes())
}

fn changes() -> Vec<Http2Rule> {
    let on = |name, id, value, reaction| rule(name, &[settings(&[(id, value)])], reaction);
    vec![
        on("6.5.2: SETTINGS_HEADER_TABLE_SIZE", 1, 0, Reaction::Nothing),
        on("6.5.2: SETTINGS_ENABLE_PUSH of 0", 2, 0, Reaction::Nothing),
        on("6.5.2: SETTINGS_ENABLE_PUSH of 1", 2, 1, Reaction::Nothing),
        on("6.5.2: SETTINGS_ENABLE_PUSH of 2", 2, 2, PROTOCOL),
        on("6.5.2: SETTINGS_MAX_CONCURRENT_STREAMS", 3, 0, Reaction::Nothing),
        on("6.5.2: the largest SETTINGS_INITIAL_WINDOW_SIZE", 4, WINDOW_MAX, Reaction::Nothing),
        on("6.5.2: SETTINGS_INITIAL_WINDOW_SIZE beyond it", 4, WINDOW_MAX + 1, FLOW_CONTROL),
        on("6.5.2: the least SETTINGS_MAX_FRAME_SIZE", 5, 16_384, Reaction::Nothing),
        on("6.5.2: SETTINGS_MAX_FRAME_SIZE below it", 5, 16_383, PROTOCOL),
        on("6.5.2: the largest SETTINGS_MAX_FRAME_SIZE", 5, 0xff_ffff, Reaction::Nothing),
        on("6.5.2: SETTINGS_MAX_FRAME_SIZE beyond it", 5, 0x100_0000, PROTOCOL),
        on("6.5.2: SETTINGS_MAX_HEADER_LIST_SIZE", 6, 100, Reaction::Nothing),
        on("6.5.2: an unknown setting", 0xff, 1, Reaction::Nothing),
        rule(
            "6.5.3: the last of two values counts",
            &[settings(&[(5, 16_384), (4, 100), (4, 200)]), whole(1)],
            Reaction::Answer(1, 200),
        ),
        rule("6.5: SETTINGS without a value", &[settings(&[])], Reaction::Nothing),
        rule("6.5: an acknowledgment with a payload", &[frame(SETTINGS, ACK, 0, &[0; 6])], FRAME_SIZE),
        rule("6.5: SETTINGS on a stream", &[frame(SETTINGS, 0, 1, &[0, 3, 0, 0, 0, 9])], PROTOCOL),
        rule("6.5: SETTINGS that are cut", &[frame(SETTINGS, 0, 0, &[0, 3, 0])], FRAME_SIZE),
        rule("RFC 8441 3: SETTINGS_ENABLE_CONNECT_PROTOCOL", &[settings(&[(8, 1)])], Reaction::Nothing),
    ]
}

fn pings_and_endings() -> Vec<Http2Rule> {
    let going = |code: u8| frame(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, code]);
    vec![
        rule("6.7: PING", &[frame(PING, 0, 0, &[7; 8])], Reaction::Nothing),
        rule(
            "6.7: an acknowledgment that nobody asked for",
            &[frame(PING, ACK, 0, &[7; 8])],
            Reaction::Nothing,
        ),
        rule("6.7: PING on a stream", &[frame(PING, 0, 1, &[7; 8])], PROTOCOL),
        rule("6.7: PING that is too short", &[frame(PING, 0, 0, &[7; 6])], FRAME_SIZE),
        rule("6.7: PING that is too long", &[frame(PING, 0, 0, &[7; 9])], FRAME_SIZE),
        rule("6.8: requests before GOAWAY are answered", &[whole(1), going(0)], Reaction::LastAnswer(1, 200)),
        rule("6.8: GOAWAY on a stream", &[frame(GOAWAY, 0, 1, &[0; 8])], PROTOCOL),
        rule("6.8: GOAWAY that is too short", &[frame(GOAWAY, 0, 0, &[0; 7])], FRAME_SIZE),
        rule("7: GOAWAY with an unknown code", &[frame(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 0xff])], ORDERLY),
    ]
}

fn windows() -> Vec<Http2Rule> {
    vec![
        rule("6.9: WINDOW_UPDATE", &[window(0, 1), whole(1), window(1, 1)], Reaction::Answer(1, 200)),
        rule("6.9: an increment of 0 on the connection", &[window(0, 0)], PROTOCOL),
        rule("6.9: an increment of 0 on a stream", &[open(), window(1, 0)], PROTOCOL),
        rule("6.9: WINDOW_UPDATE that is too short", &[frame(WINDOW_UPDATE, 0, 0, &[0, 0, 1])], FRAME_SIZE),
        rule(
            "6.9: WINDOW_UPDATE that is too long",
            &[frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 0, 1])],
            FRAME_SIZE,
        ),
        rule("6.9: a reserved bit of the increment", &[window(0, 0x8000_0001)], Reaction::Nothing),
        rule(
            "6.9.1: the window of the connection beyond its bound",
            &[window(0, WINDOW_MAX), window(0, WINDOW_MAX)],
            Reaction::GoAway(&[FLOW_CONTROL_ERROR]),
        ),
        rule(
            "6.9.1: the window of a stream beyond its bound",
            &[open(), window(1, WINDOW_MAX), window(1, WINDOW_MAX)],
            Reaction::Reset(1, &[FLOW_CONTROL_ERROR]),
        ),
        rule(
            "6.9.2: a setting that takes a window beyond its bound",
            &[open(), window(1, WINDOW_MAX - 65_535), settings(&[(4, 65_536)])],
            Reaction::GoAway(&[FLOW_CONTROL_ERROR]),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_pings_endings_and_windows() -> anyhow::Result<()> {
    expect_all([changes(), pings_and_endings(), windows()].into_iter().flatten().collect()).await
}
