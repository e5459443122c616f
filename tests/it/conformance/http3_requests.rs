//! Requests over HTTP/3 (RFC 9114 sections 4, 7 and 10.3): a malformed one is reset or answered, and a wrong
//! sequence of frames closes the connection.

use super::http3_peer::{
    CANCEL_PUSH, ClientStream, DATA, FRAME_ERROR, FRAME_UNEXPECTED, GOAWAY, Http3Reaction, Http3Rule,
    MAX_PUSH_ID, MESSAGE_ERROR, PUSH_PROMISE, REQUEST_INCOMPLETE, RESERVED, SETTINGS, STATUS_200, STATUS_400,
    expect_all,
};
use ClientStream::Request;
use Http3Reaction::{Answer, Close, Reset};
use scangate_tests::wire::{http3_frame, http3_head, request};

fn get() -> Vec<u8> {
    http3_head(&request("GET", "/me"))
}

/// A check-in that is refused with 400 for its body.
fn post(lines: &[(&str, &str)], body: &[Vec<u8>]) -> Vec<u8> {
    [http3_head(&[&request("POST", "/v1/check-ins"), lines].concat()), body.concat()].concat()
}

fn with(lines: &[(&str, &str)]) -> Vec<ClientStream> {
    vec![Request(http3_head(&[&request("GET", "/me")[..], lines].concat()))]
}

fn without(line: &str) -> Vec<ClientStream> {
    let lines: Vec<_> = request("GET", "/me").into_iter().filter(|(name, _)| *name != line).collect();
    vec![Request(http3_head(&lines))]
}

fn changed(line: &str, value: &str) -> Vec<ClientStream> {
    let lines = request("GET", "/me").into_iter();
    let lines: Vec<_> = lines.map(|(name, old)| (name, if name == line { value } else { old })).collect();
    vec![Request(http3_head(&lines))]
}

fn pseudo_headers() -> Vec<Http3Rule> {
    let late = [&[("x", "y")][..], &request("GET", "/me")].concat();
    let tunnel = [(":method", "CONNECT"), (":authority", "a:443"), (":path", "/me")];
    vec![
        ("4.3: a request", with(&[]), Answer(STATUS_200)),
        ("4.3.1: no :method", without(":method"), Reset(MESSAGE_ERROR)),
        ("4.3.1: no :scheme", without(":scheme"), Reset(MESSAGE_ERROR)),
        ("4.3.1: no :path", without(":path"), Reset(MESSAGE_ERROR)),
        ("4.3.1: no :authority", without(":authority"), Answer(STATUS_400)),
        ("4.3.1: an empty :authority", changed(":authority", ""), Answer(STATUS_400)),
        ("4.3: :method twice", with(&[(":method", "GET")]), Reset(MESSAGE_ERROR)),
        ("4.3: :scheme twice", with(&[(":scheme", "https")]), Reset(MESSAGE_ERROR)),
        ("4.3: :path twice", with(&[(":path", "/me")]), Reset(MESSAGE_ERROR)),
        ("4.3: :authority twice", with(&[(":authority", "localhost")]), Answer(STATUS_400)),
        ("4.3: a pseudo-header after other lines", vec![Request(http3_head(&late))], Reset(MESSAGE_ERROR)),
        ("4.3: an unknown pseudo-header", with(&[(":x", "y")]), Reset(MESSAGE_ERROR)),
        ("4.3: a pseudo-header of answers", with(&[(":status", "200")]), Reset(MESSAGE_ERROR)),
        ("4.3.1: an empty :path", changed(":path", ""), Reset(MESSAGE_ERROR)),
        ("4.3.1: a :path without a slash", changed(":path", "me"), Reset(MESSAGE_ERROR)),
        ("4.3.1: a :path of * for GET", changed(":path", "*"), Reset(MESSAGE_ERROR)),
        ("4.3.1: a :path with a space", changed(":path", "/m e"), Reset(MESSAGE_ERROR)),
        ("4.3.1: a :scheme that is none", changed(":scheme", "1s"), Reset(MESSAGE_ERROR)),
        ("4.3.1: a :method that is no token", changed(":method", "G T"), Reset(MESSAGE_ERROR)),
        ("4.4: CONNECT with a path", vec![Request(http3_head(&tunnel))], Reset(MESSAGE_ERROR)),
    ]
}

fn fields() -> Vec<Http3Rule> {
    let malformed = |name, lines: &[(&str, &str)]| (name, with(lines), Reset(MESSAGE_ERROR));
    vec![
        malformed("4.2: a name in upper case", &[("X-Line", "y")]),
        malformed("4.2: an empty name", &[("", "y")]),
        malformed("4.2: a name with a space", &[("x y", "z")]),
        malformed("10.3: a name with a colon", &[("x:y", "z")]),
        malformed("10.3: a value with NUL", &[("x", "a\0b")]),
        malformed("10.3: a value with a line feed", &[("x", "a\nb")]),
        malformed("10.3: a value with a carriage return", &[("x", "a\rb")]),
        malformed("10.3: a value that begins with a space", &[("x", " a")]),
        malformed("10.3: a value that ends with a tab", &[("x", "a\t")]),
        malformed("4.2: connection", &[("connection", "close")]),
        malformed("4.2: keep-alive", &[("keep-alive", "timeout=5")]),
        malformed("4.2: proxy-connection", &[("proxy-connection", "close")]),
        malformed("4.2: transfer-encoding", &[("transfer-encoding", "chunked")]),
        malformed("4.2: upgrade", &[("upgrade", "h2c")]),
        malformed("4.2: te with a coding", &[("te", "gzip")]),
        ("4.2: te with trailers", with(&[("te", "trailers")]), Answer(STATUS_200)),
        ("4.2.1: a cookie in pieces", with(&[("cookie", "a=b"), ("cookie", "c=d")]), Answer(STATUS_200)),
    ]
}

fn messages() -> Vec<Http3Rule> {
    let data = |bytes: &[u8]| http3_frame(DATA, bytes);
    let trailers = |lines: &[(&str, &str)]| http3_head(lines);
    let one = |name, bytes: Vec<u8>, reaction| (name, vec![Request(bytes)], reaction);
    vec![
        one("4.1: DATA before HEADERS", [data(b"{"), get()].concat(), Close(FRAME_UNEXPECTED)),
        one("4.1: trailers", post(&[], &[data(b"{"), trailers(&[("x", "y")])]), Answer(STATUS_400)),
        one(
            "4.1: DATA after trailers",
            post(&[], &[data(b"{"), trailers(&[("x", "y")]), data(b"}")]),
            Close(FRAME_UNEXPECTED),
        ),
        one(
            "4.1: trailers twice",
            post(&[], &[trailers(&[("x", "y")]), trailers(&[("x", "y")])]),
            Close(FRAME_UNEXPECTED),
        ),
        one(
            "4.3: a pseudo-header in trailers",
            post(&[], &[data(b"{"), trailers(&[(":path", "/x")])]),
            Reset(MESSAGE_ERROR),
        ),
        one("4.1: nothing before the end", vec![], Reset(REQUEST_INCOMPLETE)),
        one("4.1.2: a length", post(&[("content-length", "1")], &[data(b"{")]), Answer(STATUS_400)),
        one(
            "4.1.2: more than was said",
            post(&[("content-length", "1")], &[data(b"{}")]),
            Reset(MESSAGE_ERROR),
        ),
        one(
            "4.1.2: less than was said",
            post(&[("content-length", "3")], &[data(b"{}")]),
            Reset(MESSAGE_ERROR),
        ),
        one(
            "4.1.2: a length that is none",
            post(&[("content-length", "+1")], &[data(b"{")]),
            Reset(MESSAGE_ERROR),
        ),
        one("7.1: a frame that is cut", post(&[], &[data(b"{}")[..6].to_vec()]), Close(FRAME_ERROR)),
        one("7.1: a frame header that is cut", post(&[], &[vec![0, 0x40]]), Close(FRAME_ERROR)),
        one(
            "7.2.8: a reserved frame before HEADERS",
            [http3_frame(RESERVED, b"x"), get()].concat(),
            Answer(STATUS_200),
        ),
        one("7.2.8: a frame of HTTP/2", [http3_frame(2, b""), get()].concat(), Close(FRAME_UNEXPECTED)),
        one(
            "7.2.4: SETTINGS on a request",
            [http3_frame(SETTINGS, b""), get()].concat(),
            Close(FRAME_UNEXPECTED),
        ),
        one(
            "7.2.3: CANCEL_PUSH on a request",
            [http3_frame(CANCEL_PUSH, &[0]), get()].concat(),
            Close(FRAME_UNEXPECTED),
        ),
        one(
            "7.2.6: GOAWAY on a request",
            [http3_frame(GOAWAY, &[0]), get()].concat(),
            Close(FRAME_UNEXPECTED),
        ),
        one(
            "7.2.7: MAX_PUSH_ID on a request",
            [http3_frame(MAX_PUSH_ID, &[0]), get()].concat(),
            Close(FRAME_UNEXPECTED),
        ),
        one(
            "7.2.5: PUSH_PROMISE from a client",
            [http3_frame(PUSH_PROMISE, &[0]), get()].concat(),
            Close(FRAME_UNEXPECTED),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn requests() -> anyhow::Result<()> {
    expect_all([pseudo_headers(), fields(), messages()].into_iter().flatten().collect()).await
}
