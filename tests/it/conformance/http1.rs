//! The rules of HTTP/1.1 (RFC 9112). A request that two servers could read differently ends the connection:
//! no bytes of one request are taken for the next one.

use futures_util::future::join_all;
use scangate_loadgen::client::LoadTarget;
use scangate_tests::Gateway;
use scangate_tests::wire::{opened, read_to_end};

/// The request behind each one under test. It is answered if the connection went on.
const LAST: &[u8] = b"GET /me HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// A rule, the bytes that keep or break it, and the statuses of all answers up to the close.
type Http1Rule<'a> = (&'a str, Vec<u8>, &'a [u16]);

/// A page's request with these lines.
fn get(lines: &str) -> Vec<u8> {
    format!("GET /me HTTP/1.1\r\nhost: a\r\n{lines}\r\n").into_bytes()
}

/// A request that begins with this line.
fn line(first: &str) -> Vec<u8> {
    format!("{first}\r\nhost: a\r\n\r\n").into_bytes()
}

/// A check-in that is refused with 400, once its body has been read by these lines.
fn post(lines: &str, body: &str) -> Vec<u8> {
    format!("POST /v1/check-ins HTTP/1.1\r\nhost: a\r\n{lines}\r\n\r\n{body}").into_bytes()
}

/// The same in chunks.
fn chunked(chunks: &str) -> Vec<u8> {
    post("transfer-encoding: chunked", chunks)
}

async fn statuses(target: &LoadTarget, bytes: &[u8]) -> anyhow::Result<Vec<u16>> {
    let mut stream = opened(target, b"http/1.1", &[bytes, LAST].concat()).await?;
    let answers = String::from_utf8_lossy(&read_to_end(&mut stream).await?).into_owned();
    let heads = answers.match_indices("HTTP/1.").map(|(at, _)| at + "HTTP/1.1 ".len());
    heads.map(|at| Ok(answers.get(at..at + 3).unwrap_or_default().parse()?)).collect()
}

/// Tries every rule, each on its own connection to the same gateway.
async fn expect_all(rules: Vec<Http1Rule<'_>>) -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let target = gateway.target()?;
    let tried = join_all(rules.into_iter().map(|(name, bytes, expected)| {
        let target = &target;
        async move {
            let statuses = statuses(target, &bytes).await;
            let holds = statuses.as_ref().is_ok_and(|statuses| statuses == expected);
            (!holds).then(|| format!("{name}: {expected:?}, but {statuses:?}"))
        }
    }));
    let broken: Vec<String> = tried.await.into_iter().flatten().collect();
    anyhow::ensure!(broken.is_empty(), "{} rules do not hold:\n{}", broken.len(), broken.join("\n"));
    Ok(())
}

fn lengths() -> Vec<Http1Rule<'static>> {
    let post = |lines| post(lines, "{");
    vec![
        ("6.2: a length", post("content-length: 1"), &[400, 200]),
        ("6.3: the same length twice", post("content-length: 1\r\ncontent-length: 1"), &[400, 200]),
        ("6.3: two lengths", post("content-length: 1\r\ncontent-length: 2"), &[400]),
        ("6.3: a list of lengths", post("content-length: 1, 1"), &[400]),
        ("6.3: a negative length", post("content-length: -1"), &[400]),
        ("6.3: a length with a sign", post("content-length: +1"), &[400]),
        ("6.3: a length with a space within", post("content-length: 1 1"), &[400]),
        ("6.3: a length in hex", post("content-length: 0x1"), &[400]),
        ("6.3: a length with a fraction", post("content-length: 1.0"), &[400]),
        ("6.3: an empty length", post("content-length:"), &[400]),
        ("6.3: a length in words", post("content-length: one"), &[400]),
        ("6.3: a length beyond 64 bits", post("content-length: 18446744073709551617"), &[400]),
        ("5.1: a length with white space around it", post("content-length:  \t1 \t"), &[400, 200]),
        ("5.1: a length with a space before its colon", post("content-length : 1"), &[400]),
        ("5.1: a length with a tab before its colon", post("content-length\t: 1"), &[400]),
        (
            "6.3: a body without a length is none",
            b"POST /v1/check-ins HTTP/1.1\r\nhost: a\r\n\r\n".to_vec(),
            &[400, 200],
        ),
    ]
}

fn codings() -> Vec<Http1Rule<'static>> {
    let post = |lines| post(lines, "0\r\n\r\n");
    vec![
        ("6.1: chunked", post("transfer-encoding: chunked"), &[400, 200]),
        ("7: chunked in upper case", post("Transfer-Encoding: CHUNKED"), &[400, 200]),
        ("6.1: a length and then a coding", post("content-length: 5\r\ntransfer-encoding: chunked"), &[400]),
        ("6.1: a coding and then a length", post("transfer-encoding: chunked\r\ncontent-length: 5"), &[400]),
        ("6.3: chunked is not the last coding", post("transfer-encoding: chunked, gzip"), &[400]),
        ("6.3: a coding without chunked", post("transfer-encoding: gzip"), &[400]),
        ("6.3: a coding that ends in chunked", post("transfer-encoding: xchunked"), &[400]),
        ("6.3: identity", post("transfer-encoding: identity"), &[400]),
        ("6.3: an empty coding", post("transfer-encoding:"), &[400]),
        ("6.1: chunked twice", post("transfer-encoding: chunked, chunked"), &[501, 200]),
        (
            "6.1: chunked on two lines",
            post("transfer-encoding: chunked\r\ntransfer-encoding: chunked"),
            &[501, 200],
        ),
        (
            "6.1: chunked, then another coding",
            post("transfer-encoding: chunked\r\ntransfer-encoding: gzip"),
            &[400],
        ),
        ("5.1: a coding with a space before its colon", post("transfer-encoding : chunked"), &[400]),
        ("5.2: a coding on a folded line", post("transfer-encoding:\r\n chunked"), &[400]),
        ("5.5: a coding with a control character", post("transfer-encoding: \u{b}chunked"), &[400]),
        (
            "6.1: a coding over HTTP/1.0",
            b"POST /v1/check-ins HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
            &[400],
        ),
    ]
}

fn chunks() -> Vec<Http1Rule<'static>> {
    vec![
        ("7.1: a chunk", chunked("1\r\n{\r\n0\r\n\r\n"), &[400, 200]),
        ("7.1: a size in hex with zeros before it", chunked("000A\r\n{         \r\n0\r\n\r\n"), &[400, 200]),
        ("7.1.1: an extension", chunked("1;a=b;c=\"d\"\r\n{\r\n0;e\r\n\r\n"), &[400, 200]),
        ("7.1.2: trailers", chunked("1\r\n{\r\n0\r\nx: y\r\n\r\n"), &[400, 200]),
        ("7.1: a size that is no number", chunked("g\r\n{\r\n0\r\n\r\n"), &[400]),
        ("7.1: a size with a sign", chunked("+1\r\n{\r\n0\r\n\r\n"), &[400]),
        ("7.1: a negative size", chunked("-1\r\n{\r\n0\r\n\r\n"), &[400]),
        ("7.1: a size with a prefix", chunked("0x1\r\n{\r\n0\r\n\r\n"), &[400]),
        ("7.1: a space before the size", chunked(" 1\r\n{\r\n0\r\n\r\n"), &[400]),
        ("7.1: no size", chunked("\r\n{\r\n0\r\n\r\n"), &[400]),
        ("7.1: a size beyond 64 bits", chunked("10000000000000001\r\n{\r\n0\r\n\r\n"), &[400]),
        ("2.2: a line feed alone after a size", chunked("1\n{\r\n0\r\n\r\n"), &[400]),
        ("2.2: a carriage return alone after a size", chunked("1\r{\r\n0\r\n\r\n"), &[400]),
        ("2.2: a line feed alone in an extension", chunked("1;a\n{\r\n0\r\n\r\n"), &[400]),
        ("7.1: more data than the size", chunked("1\r\n{}\r\n0\r\n\r\n"), &[400]),
        ("7.1: no line end after the data", chunked("1\r\n{0\r\n\r\n"), &[400]),
        ("7.1.2: a trailer without a line end", chunked("1\r\n{\r\n0\r\nx: y\rz\r\n\r\n"), &[400]),
    ]
}

fn fields() -> Vec<Http1Rule<'static>> {
    vec![
        ("5: a line", get("x: y\r\n"), &[200, 200]),
        ("5.1: no space after the colon, and much after the value", get("x:y \t \r\n"), &[200, 200]),
        ("5.5: bytes beyond ASCII in a value", get("x: \u{e9}\r\n"), &[200, 200]),
        ("5.1: a space before the colon", get("x : y\r\n"), &[400]),
        ("5.1: a space within the name", get("x y: z\r\n"), &[400]),
        ("5.1: an empty name", get(": y\r\n"), &[400]),
        ("5: a line without a colon", get("x\r\n"), &[400]),
        ("5.2: a folded line", get("x: y\r\n z\r\n"), &[400]),
        ("2.2: white space before the first line", b"GET /me HTTP/1.1\r\n host: a\r\n\r\n".to_vec(), &[400]),
        ("5.5: NUL in a value", get("x: y\0z\r\n"), &[400]),
        ("5.5: a control character in a value", get("x: y\u{1}z\r\n"), &[400]),
        ("5.5: DEL in a value", get("x: y\u{7f}z\r\n"), &[400]),
        ("2.2: a carriage return alone in a value", get("x: y\rz\r\n"), &[400]),
        ("5.1: NUL in a name", get("x\0y: z\r\n"), &[400]),
        ("5.1: a control character in a name", get("x\u{1}: z\r\n"), &[400]),
        ("5.1: bytes beyond ASCII in a name", get("\u{e9}: z\r\n"), &[400]),
        (
            "2.2: line feeds alone end lines, as they may",
            b"GET /me HTTP/1.1\nhost: a\n\n".to_vec(),
            &[200, 200],
        ),
        ("3.2: no host", b"GET /me HTTP/1.1\r\n\r\n".to_vec(), &[400, 200]),
        ("3.2: two hosts", get("host: a\r\n"), &[400, 200]),
        ("9.6: the connection is to be closed", get("connection: close\r\n"), &[200]),
        (
            "9.6: it is to be closed, whatever else is said",
            get("connection: close\r\nconnection: keep-alive\r\n"),
            &[200],
        ),
        (
            "7.8 of RFC 9110: an upgrade that nobody offers",
            get("connection: upgrade\r\nupgrade: h2c\r\n"),
            &[200, 200],
        ),
    ]
}

fn request_lines() -> Vec<Http1Rule<'static>> {
    vec![
        (
            "2.2: an empty line before the request",
            b"\r\nGET /me HTTP/1.1\r\nhost: a\r\n\r\n".to_vec(),
            &[200, 200],
        ),
        ("3: two spaces", line("GET  /me HTTP/1.1"), &[400]),
        ("3: two spaces before the version", line("GET /me  HTTP/1.1"), &[400]),
        ("3: a tab", line("GET\t/me HTTP/1.1"), &[400]),
        ("3: a space before the method", line(" GET /me HTTP/1.1"), &[400]),
        ("3: a space after the version", line("GET /me HTTP/1.1 "), &[400]),
        ("3.1: a method in lower case is another one", line("get /me HTTP/1.1"), &[405, 200]),
        ("3.1: a method that is no token", line("G@T /me HTTP/1.1"), &[400]),
        ("2.3: a version in lower case", line("GET /me http/1.1"), &[400]),
        ("2.3: no version", line("GET /me"), &[400]),
        ("2.3: HTTP/0.9", b"GET /me\r\n".to_vec(), &[400]),
        ("2.3: HTTP/1.2", line("GET /me HTTP/1.2"), &[400]),
        ("2.3: HTTP/2.0", line("GET /me HTTP/2.0"), &[400]),
        ("2.3: a version with three digits", line("GET /me HTTP/1.10"), &[400]),
        ("9.3: HTTP/1.0 closes", line("GET /me HTTP/1.0"), &[200]),
        (
            "9.3: HTTP/1.0 that is to be kept",
            b"GET /me HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\n\r\n".to_vec(),
            &[200, 200],
        ),
        ("3.2.2: the absolute form", line("GET https://a/me HTTP/1.1"), &[200, 200]),
        ("3.2.2: the absolute form of another host", line("GET https://b/me HTTP/1.1"), &[400, 200]),
        ("3.2.2: the absolute form with userinfo", line("GET https://u@a/me HTTP/1.1"), &[400, 200]),
        ("3.2.3: the authority form", line("GET a:443 HTTP/1.1"), &[400, 200]),
        ("3.2.3: CONNECT with a path", line("CONNECT /me HTTP/1.1"), &[400, 200]),
        ("3.2.4: the asterisk form", line("GET * HTTP/1.1"), &[400, 200]),
        ("3.2: a target without a slash", line("GET me HTTP/1.1"), &[400, 200]),
        ("3.2: a control character in the target", line("GET /m\u{1}e HTTP/1.1"), &[400]),
        ("3.2: NUL in the target", line("GET /m\0e HTTP/1.1"), &[400]),
        ("3: a target of 20 KB", line(&format!("GET /{} HTTP/1.1", "x".repeat(20_000))), &[431, 200]),
        (
            "9.3.2: answers in the order of their requests",
            [get(""), line("GET /none HTTP/1.1"), post("content-length: 1", "{"), get("")].concat(),
            &[200, 404, 400, 200, 200],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_over_http1() -> anyhow::Result<()> {
    expect_all([lengths(), codings(), chunks()].into_iter().flatten().collect()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_over_http1() -> anyhow::Result<()> {
    expect_all([fields(), request_lines()].into_iter().flatten().collect()).await
}
