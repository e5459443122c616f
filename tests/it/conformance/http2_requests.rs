//! The rules of HTTP for requests over HTTP/2 (RFC 9113 section 8): a malformed request is reset or answered
//! with 400, and its connection goes on.

use super::http2_peer::{Http2Rule, PROTOCOL_ERROR, Reaction, expect_all, rule};
use scangate_tests::wire::{DATA, END_HEADERS, END_STREAM, HEADERS, block, frame, request};

const MALFORMED: Reaction = Reaction::Reset(1, &[PROTOCOL_ERROR]);
/// hyper's HTTP/2 cannot go on after a field that is none, and ends the connection (RFC 9113 section 5.4.1).
const NO_FIELD: Reaction = Reaction::GoAway(&[PROTOCOL_ERROR]);
const ANSWERED: Reaction = Reaction::Answer(1, 200);
const REFUSED: Reaction = Reaction::Answer(1, 400);

type Lines<'a> = Vec<(&'a str, &'a str)>;

/// A whole request of these lines.
fn whole(lines: &[(&str, &str)]) -> Vec<Vec<u8>> {
    vec![frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(lines))]
}

fn get() -> Lines<'static> {
    request("GET", "/me")
}

/// A page's request with more lines behind its own.
fn with(name: &'static str, lines: &[(&str, &str)], reaction: Reaction) -> Http2Rule {
    rule(name, &whole(&[&get()[..], lines].concat()), reaction)
}

/// A page's request without one of its lines.
fn without(name: &'static str, line: &str) -> Http2Rule {
    let rest: Lines<'_> = get().into_iter().filter(|(name, _)| *name != line).collect();
    rule(name, &whole(&rest), MALFORMED)
}

/// A page's request with another value of one of its lines.
fn changed(name: &'static str, line: &str, value: &str, reaction: Reaction) -> Http2Rule {
    let changed: Vec<(&str, &str)> =
        get().into_iter().map(|(name, old)| (name, if name == line { value } else { old })).collect();
    rule(name, &whole(&changed), reaction)
}

fn names_and_values() -> Vec<Http2Rule> {
    vec![
        with("8.2: a name in upper case", &[("X-Line", "y")], NO_FIELD),
        with("8.2.1: a name with a space", &[("x y", "z")], NO_FIELD),
        with("8.2.1: a name with a colon", &[("x:y", "z")], NO_FIELD),
        with("8.2.1: an empty name", &[("", "z")], NO_FIELD),
        with("8.2.1: a name with a control character", &[("x\u{1}", "z")], NO_FIELD),
        with("8.2.1: a name with DEL", &[("x\u{7f}", "z")], NO_FIELD),
        with("8.2.1: a name beyond ASCII", &[("x\u{e9}", "z")], NO_FIELD),
        with("8.2.1: a value with NUL", &[("x", "a\0b")], NO_FIELD),
        with("8.2.1: a value with a line feed", &[("x", "a\nhost: b")], NO_FIELD),
        with("8.2.1: a value with a carriage return", &[("x", "a\rb")], NO_FIELD),
        with("8.2.1: a value that begins with a space", &[("x", " a")], REFUSED),
        with("8.2.1: a value that ends with a tab", &[("x", "a\t")], REFUSED),
        with("8.2.1: a value with a space within", &[("x", "a b\tc")], ANSWERED),
        with("8.2.3: a cookie in pieces", &[("cookie", "a=b"), ("cookie", "c=d")], ANSWERED),
    ]
}

fn connection_lines() -> Vec<Http2Rule> {
    vec![
        with("8.2.2: connection", &[("connection", "keep-alive")], MALFORMED),
        with("8.2.2: proxy-connection", &[("proxy-connection", "keep-alive")], MALFORMED),
        with("8.2.2: keep-alive", &[("keep-alive", "timeout=5")], MALFORMED),
        with("8.2.2: transfer-encoding", &[("transfer-encoding", "chunked")], MALFORMED),
        with("8.2.2: upgrade", &[("upgrade", "h2c")], MALFORMED),
        with("8.2.2: te with a coding", &[("te", "gzip")], MALFORMED),
        with("8.2.2: te with trailers and a coding", &[("te", "trailers, deflate;q=0.5")], MALFORMED),
        with("8.2.2: te with trailers alone", &[("te", "trailers")], ANSWERED),
    ]
}

fn pseudo_headers() -> Vec<Http2Rule> {
    let late = [&[("x", "y")][..], &get()].concat();
    let connect = vec![(":method", "CONNECT"), (":authority", "a:443"), (":path", "/me")];
    vec![
        with("8.3: an unknown pseudo-header", &[(":x", "y")], NO_FIELD),
        with("8.3: a pseudo-header of answers", &[(":status", "200")], MALFORMED),
        rule("8.3: pseudo-headers after other lines", &whole(&late), MALFORMED),
        without("8.3.1: no :method", ":method"),
        without("8.3.1: no :scheme", ":scheme"),
        without("8.3.1: no :path", ":path"),
        with("8.3: :method twice", &[(":method", "GET")], MALFORMED),
        with("8.3: :scheme twice", &[(":scheme", "https")], MALFORMED),
        with("8.3: :path twice", &[(":path", "/me")], MALFORMED),
        with("8.3: :authority twice", &[(":authority", "localhost")], MALFORMED),
        changed("8.3.1: an empty :path", ":path", "", MALFORMED),
        changed("8.3.1: a :path without a slash", ":path", "me", MALFORMED),
        changed("8.3.1: a :path of * for another method than OPTIONS", ":path", "*", REFUSED),
        changed("8.3.1: an empty :method", ":method", "", NO_FIELD),
        changed("8.3.1: a :method that is no token", ":method", "G T", NO_FIELD),
        changed("8.3.1: userinfo in :authority", ":authority", "user@localhost", REFUSED),
        changed("8.3.1: an empty :authority", ":authority", "", MALFORMED),
        rule("8.5: CONNECT with a path", &whole(&connect), MALFORMED),
    ]
}

/// A check-in of these bytes in DATA frames, then these trailers. Its `content-length` is given.
fn post(length: &[&str], data: &[&[u8]], trailers: Option<(u8, &[(&str, &str)])>) -> Vec<Vec<u8>> {
    let mut lines = request("POST", "/v1/check-ins");
    lines.extend(length.iter().map(|length| ("content-length", *length)));
    let mut frames = vec![frame(HEADERS, END_HEADERS, 1, &block(&lines))];
    let last = data.len();
    for (number, bytes) in (1..).zip(data) {
        let is_end = number == last && trailers.is_none();
        frames.push(frame(DATA, u8::from(is_end), 1, bytes));
    }
    frames.extend(trailers.map(|(flags, lines)| frame(HEADERS, END_HEADERS | flags, 1, &block(lines))));
    frames
}

fn lengths() -> Vec<Http2Rule> {
    let get = [&get()[..], &[("content-length", "1")]].concat();
    vec![
        rule("8.1.1: the length that was said", &post(&["2"], &[b"{}"], None), REFUSED),
        rule("8.1.1: the same in two DATA", &post(&["2"], &[b"{", b"}"], None), REFUSED),
        rule("8.1.1: more than was said", &post(&["1"], &[b"{}"], None), MALFORMED),
        rule("8.1.1: more than was said, in two DATA", &post(&["1"], &[b"{", b"}"], None), MALFORMED),
        rule("8.1.1: less than was said", &post(&["3"], &[b"{}"], None), MALFORMED),
        rule("8.1.1: nothing, where a length was said", &whole(&get), MALFORMED),
        rule("8.1.1: something, where no length was said to be", &post(&["0"], &[b"{"], None), MALFORMED),
        rule("8.1.1: two lengths that differ", &post(&["2", "3"], &[b"{}"], None), MALFORMED),
        rule("8.1.1: a length that is none", &post(&["two"], &[b"{}"], None), MALFORMED),
        rule("8.1.1: a length with a sign", &post(&["+2"], &[b"{}"], None), MALFORMED),
        rule("8.1.1: two lengths in one", &post(&["2, 2"], &[b"{}"], None), MALFORMED),
    ]
}

fn trailers() -> Vec<Http2Rule> {
    vec![
        rule("8.1: trailers", &post(&[], &[b"{"], Some((END_STREAM, &[("x", "y")]))), REFUSED),
        rule(
            "8.1: trailers after a length",
            &post(&["1"], &[b"{"], Some((END_STREAM, &[("x", "y")]))),
            REFUSED,
        ),
        rule("8.1: trailers without a body", &post(&[], &[], Some((END_STREAM, &[("x", "y")]))), REFUSED),
        rule(
            "8.1: trailers that do not end the stream",
            &post(&[], &[b"{"], Some((0, &[("x", "y")]))),
            MALFORMED,
        ),
        rule("8.1: a second head", &post(&[], &[], Some((0, &get()))), MALFORMED),
        rule(
            "8.2: upper case in trailers",
            &post(&[], &[b"{"], Some((END_STREAM, &[("X-Line", "y")]))),
            NO_FIELD,
        ),
        rule(
            "8.2.2: a connection's line in trailers",
            &post(&[], &[b"{"], Some((END_STREAM, &[("connection", "x")]))),
            MALFORMED,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn requests() -> anyhow::Result<()> {
    let rules = [names_and_values(), connection_lines(), pseudo_headers(), lengths(), trailers()];
    expect_all(rules.into_iter().flatten().collect()).await
}
