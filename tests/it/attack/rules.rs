//! The rules of HTTP are the same for every version. HTTP/2's own client and server check some of them first,
//! with a reset.

use scangate_loadgen::client::Version;
use scangate_tests::TestTown;
use scangate_tests::wire::{
    END_HEADERS, END_STREAM, HEADERS, PREFACE, SETTINGS, block, frame, http3_head, opened, request,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A line of so many bytes.
fn long(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// Answers over HTTP/1.1 to these heads on one connection, each read up to its next head.
async fn over_http1(town: &TestTown, heads: &[String]) -> anyhow::Result<String> {
    let closing = "GET /v1/registration HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let bytes = heads.concat() + closing;
    let mut stream = opened(&town.target, b"http/1.1", bytes.as_bytes()).await?;
    let mut answers = Vec::new();
    // A close without TLS's own ends the answers too.
    let _ = stream.read_to_end(&mut answers).await;
    Ok(String::from_utf8_lossy(&answers).into_owned())
}

fn head(lines: &str) -> String {
    format!("GET /v1/issuer HTTP/1.1\r\n{lines}\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_breaks_a_rule_is_answered_over_http1_and_the_connection_goes_on() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    for (lines, status, words) in [
        (String::new(), "400", "names no host"),
        ("host: a\r\nhost: a\r\n".into(), "400", "names two hosts"),
        ("host: a b\r\n".into(), "400", "a host that cannot be one"),
        ("host:\r\n".into(), "400", "a host that cannot be one"),
        ("host: a\r\nauthorization: x\r\nauthorization: x\r\n".into(), "400", "authorization is there twice"),
        ("host: a\r\nexpect: x\r\n".into(), "417", "expectation-unsupported"),
        (format!("host: a\r\nx: {}\r\n", long(9_000)), "200", "\"issuer\":"),
        (format!("host: a\r\nx: {}\r\n", long(20_000)), "431", "head-too-large"),
    ] {
        let answers = over_http1(&town, &[head(&lines)]).await?;
        let what = lines.chars().take(60).collect::<String>();
        assert!(
            answers.starts_with(&format!("HTTP/1.1 {status} ")) && answers.contains(words),
            "{what}: {answers}"
        );
        // The next request of the connection is answered.
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 2, "{what}: {answers}");
        assert!(answers.contains("HTTP/1.1 200 OK"), "{what}: {answers}");
    }
    Ok(())
}

/// Over HTTP/2 and HTTP/3 the target is a field of the head, so it has no bound and status of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_target_beyond_the_bound_of_a_head_is_431_and_the_connection_goes_on() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let far = format!("/v1/issuer?{}", long(20_000));
    let answers = over_http1(&town, &[format!("GET {far} HTTP/1.1\r\nhost: a\r\n\r\n")]).await?;
    assert!(answers.starts_with("HTTP/1.1 431 ") && answers.contains("head-too-large"), "{answers}");
    assert!(answers.contains("HTTP/1.1 200 OK"), "{answers}");
    let connection = town.target.connect(Version::Http3).await?;
    let quic = connection.quic().cloned().ok_or_else(|| anyhow::anyhow!("HTTP/3 is QUIC"))?;
    for (path, words) in [(far.as_str(), "head-too-large"), ("/v1/issuer", "\"issuer\":")] {
        let (mut send, mut receive) = quic.open_bi().await?;
        // The gateway may stop reading before the end.
        let _ = send.write_all(&http3_head(&request("GET", path))).await;
        let _ = send.finish();
        let answer = receive.read_to_end(100_000).await?;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.contains(words), "{words}: {answer}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_transfer_coding_is_501_and_a_head_request_gets_no_body() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let coded = "POST /v1/people HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n";
    let answers = over_http1(&town, &[coded.into()]).await?;
    assert!(
        answers.starts_with("HTTP/1.1 501 ") && answers.contains("transfer-coding-unsupported"),
        "{answers}"
    );
    let head = |path: &str| format!("HEAD {path} HTTP/1.1\r\nhost: a\r\n\r\n");
    let heads = ["/me", "/none", "/v1/issuer", "/v1/none", "/v1/colours/AQH"].map(head);
    let answers = over_http1(&town, &heads).await?;
    let bodies = answers.split("\r\n\r\n").collect::<Vec<_>>();
    assert_eq!(bodies.len(), heads.len() + 2, "{answers}");
    assert!(bodies[..=heads.len()].iter().all(|part| part.starts_with("HTTP/1.1 ")), "{answers}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expectation_is_answered_before_the_body() -> anyhow::Result<()> {
    let mut town = TestTown::found(2).await?;
    for (path, body) in
        [("/v1/check-ins", town.scan(0, 0)), ("/v1/people/me/appeals", r#"{"text":"x"}"#.into())]
    {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = opened(&town.target, b"http/1.1", head.as_bytes()).await?;
        let mut interim = [0; 25];
        stream.read_exact(&mut interim).await?;
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n", "{path}");
        stream.write_all(body.as_bytes()).await?;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(String::from_utf8_lossy(&answer).contains("{\""), "{path}");
        // HTTP/3 answers it, too.
        let connection = town.target.connect(Version::Http3).await?;
        let quic = connection.quic().cloned().ok_or_else(|| anyhow::anyhow!("HTTP/3 is QUIC"))?;
        let (mut send, mut receive) = quic.open_bi().await?;
        send.write_all(&http3_head(&with(&request("POST", path), &[("expect", "100-continue")]))).await?;
        let mut interim = [0; 6];
        receive.read_exact(&mut interim).await?;
        // HEADERS with the static entry of `:status: 100`.
        assert_eq!(interim, [1, 4, 0, 0, 0xff, 0], "{path}");
    }
    drop(town.mine(0).await?);
    Ok(())
}

fn with<'a>(lines: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [lines, more].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_breaks_a_rule_is_answered_over_http3_and_the_connection_goes_on() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let connection = town.target.connect(Version::Http3).await?;
    let quic = connection.quic().cloned().ok_or_else(|| anyhow::anyhow!("HTTP/3 is QUIC"))?;
    let good = request("GET", "/v1/issuer");
    let without: Vec<_> = good.iter().copied().filter(|(name, _)| *name != ":authority").collect();
    let (within, beyond) = (long(9_000), long(20_000));
    for (lines, words) in [
        (without.clone(), "names no host"),
        (with(&good, &[("host", "other")]), "names two hosts"),
        (with(&without, &[("host", "a b")]), "a host that cannot be one"),
        (with(&good, &[("authorization", "x"), ("authorization", "x")]), "authorization is there twice"),
        (with(&good, &[("expect", "x")]), "expectation-unsupported"),
        (with(&good, &[("x", &within)]), "\"issuer\":"),
        (with(&good, &[("x", &beyond)]), "head-too-large"),
        (with(&without, &[("host", "localhost")]), "\"issuer\":"),
    ] {
        let (mut send, mut receive) = quic.open_bi().await?;
        // The gateway may stop reading before the end.
        let _ = send.write_all(&http3_head(&lines)).await;
        let _ = send.finish();
        let answer = receive.read_to_end(100_000).await?;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.contains(words), "{words}: {answer}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_breaks_a_rule_is_answered_over_http2_and_the_connection_goes_on() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let good = request("GET", "/v1/issuer");
    let without: Vec<_> = good.iter().copied().filter(|(name, _)| *name != ":authority").collect();
    let mut bytes = [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat();
    let heads = [
        without.clone(),
        with(&good, &[("host", "other")]),
        with(&good, &[("authorization", "x"), ("authorization", "x")]),
        with(&good, &[("expect", "x")]),
        with(&without, &[("host", "localhost")]),
    ];
    for (number, lines) in (0_u32..).zip(&heads) {
        bytes.extend(frame(HEADERS, END_HEADERS | END_STREAM, 2 * number + 1, &block(lines)));
    }
    let mut stream = opened(&town.target, b"h2", &bytes).await?;
    let (mut seen, mut some) = (String::new(), [0; 4_096]);
    let words = [
        "names no host",
        "names two hosts",
        "authorization is there twice",
        "expectation-unsupported",
        "\"issuer\":",
    ];
    while !words.iter().all(|words| seen.contains(words)) {
        let count = stream.read(&mut some).await?;
        anyhow::ensure!(count > 0, "the gateway closed the connection: {seen}");
        seen.push_str(&String::from_utf8_lossy(&some[..count]));
    }
    Ok(())
}
