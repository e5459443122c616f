//! Requests by hand that never come whole, or whose answers are never read.

/// The client's preface of HTTP/2 (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Frame types and flags of HTTP/2.
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// SETTINGS_INITIAL_WINDOW_SIZE of 0: the gateway may send no body.
const NO_WINDOW: [u8; 6] = [0, 4, 0, 0, 0, 0];
/// One path of each kind of work that takes a body.
const PATHS: [&str; 4] = ["/v1/people", "/v1/people/me/appeals", "/v1/cases", "/v1/tokens/revoke"];

fn path(number: usize) -> &'static str {
    PATHS[number % PATHS.len()]
}

/// A HEADERS frame of HTTP/3 for a POST, whose body is to follow.
pub(super) fn http3_head(number: usize) -> Vec<u8> {
    const METHOD_POST: u8 = 20;
    const SCHEME_HTTPS: u8 = 23;
    let mut fields = vec![0, 0, 0xc0 | METHOD_POST, 0xc0 | SCHEME_HTTPS];
    // Names of the static table: :authority, :path and content-length.
    for (name, value) in [(0_u8, "localhost"), (1, path(number)), (4, "100")] {
        fields.extend([0x50 | name, short(value.len())]);
        fields.extend(value.as_bytes());
    }
    let mut head = vec![1, short(fields.len())];
    head.extend(fields);
    head
}

/// A head of HTTP/1.1 for a POST, with the first byte of its body.
pub(super) fn http1_half_body(number: usize) -> Vec<u8> {
    let path = path(number);
    format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{{").into_bytes()
}

/// A connection of HTTP/2 with so many streams, each a POST whose body is to follow.
pub(super) fn http2_half_bodies(streams: u32) -> Vec<u8> {
    let post = |number| [request("POST", path(number)), vec![("content-length", "100")]].concat();
    let heads = (0..streams)
        .map(|number| frame(HEADERS, END_HEADERS, 2 * number + 1, &block(&post(number as usize))));
    [PREFACE, &frame(SETTINGS, 0, 0, &[]), &heads.collect::<Vec<_>>().concat()].concat()
}

/// A connection of HTTP/2 that asks for a large answer on so many streams, and allows no byte of it.
pub(super) fn http2_no_window(streams: u32) -> Vec<u8> {
    let get = block(&request("GET", "/openapi.json"));
    let heads = (0..streams).map(|number| frame(HEADERS, END_HEADERS | END_STREAM, 2 * number + 1, &get));
    [PREFACE, &frame(SETTINGS, 0, 0, &NO_WINDOW), &heads.collect::<Vec<_>>().concat()].concat()
}

/// The reply to a frame of HTTP/2, without which the gateway would end the connection. SETTINGS and PING need
/// one.
pub(super) fn http2_reply(kind: u8, flags: u8, payload: &[u8]) -> Option<Vec<u8>> {
    match (kind, flags & ACK) {
        (SETTINGS, 0) => Some(frame(SETTINGS, ACK, 0, &[])),
        (PING, 0) => Some(frame(PING, ACK, 0, payload)),
        _ => None,
    }
}

fn request<'a>(method: &'a str, path: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path)]
}

/// A field block of HTTP/2: literals without indexing (RFC 7541 section 6.2.2).
fn block(lines: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in lines {
        block.push(0);
        for text in [name, value] {
            block.push(short(text.len()));
            block.extend(text.as_bytes());
        }
    }
    block
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0, 0, short(payload.len()), kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A length in one byte. The texts of this file are constants of less than 128 bytes.
fn short(length: usize) -> u8 {
    u8::try_from(length).expect("a short constant")
}
