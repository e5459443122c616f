//! Requests in pieces, pipelined, or incomplete: the answers are the same, and nothing is stored in part.

use quinn::VarInt;
use scangate_core::time::Step;
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::TestTown;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Entries of the static table (RFC 9204 appendix A).
const GET: u8 = 17;
const POST: u8 = 20;
const SCHEME_HTTPS: u8 = 23;
const CONTENT_ENCODING_GZIP: u8 = 43;

/// A HEADERS frame of static entries, and of literal fields with static names (RFC 9204 section 4.5).
fn headers(method: u8, path: &str, others: &[u8]) -> Vec<u8> {
    // Required insert count and base are zero.
    let mut fields = vec![0, 0, 0xc0 | method, 0xc0 | SCHEME_HTTPS];
    for (name, value) in [(0_u8, "localhost"), (1, path)] {
        fields.extend([0x50 | name, u8::try_from(value.len()).unwrap_or(0)]);
        fields.extend(value.as_bytes());
    }
    fields.extend(others.iter().map(|entry| 0xc0 | entry));
    let mut frame = vec![1, u8::try_from(fields.len()).unwrap_or(0)];
    frame.extend(fields);
    frame
}

fn data(body: &[u8]) -> Vec<u8> {
    let mut frame = vec![0];
    frame.extend((0x4000 | u16::try_from(body.len()).unwrap_or(0)).to_be_bytes());
    frame.extend(body);
    frame
}

/// A check-in made by hand.
fn frames(body: &[u8]) -> Vec<u8> {
    [headers(POST, "/v1/check-ins", &[]), data(body)].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_split_at_every_byte_is_the_same_request() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let request = frames(town.scan(0, 0).as_bytes());
    let connection = town.target.connect(Version::Http3).await?;
    let quic = connection.quic().ok_or_else(|| anyhow::anyhow!("HTTP/3 is QUIC"))?;
    let mut whole: Option<Vec<u8>> = None;
    for at in 0..=request.len() {
        let (mut send, mut receive) = quic.open_bi().await?;
        send.write_all(&request[..at]).await?;
        // Each piece has its own packet, because the first is sent before the second is written.
        tokio::task::yield_now().await;
        send.write_all(&request[at..]).await?;
        send.finish()?;
        let answer = receive.read_to_end(10_000).await?;
        let text = String::from_utf8_lossy(&answer);
        let body = text.find("{\"id\"").map(|begin| text[begin..].as_bytes().to_vec());
        let body = body.ok_or_else(|| anyhow::anyhow!("split at {at}: {text}"))?;
        match &whole {
            None => whole = Some(body),
            Some(first) => assert_eq!(*first, body, "split at {at}"),
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoding_without_a_body_is_no_fault_when_the_end_comes_later() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let connection = town.target.connect(Version::Http3).await?;
    let quic = connection.quic().ok_or_else(|| anyhow::anyhow!("HTTP/3 is QUIC"))?;
    for (method, path, later, code) in [
        (GET, "/openapi.json", vec![], "\"openapi\""),
        (GET, "/openapi.json", data(b""), "\"openapi\""),
        (GET, "/openapi.json", data(b"{}"), "encoding-unsupported"),
        (POST, "/v1/check-ins", vec![], "malformed"),
        (POST, "/v1/check-ins", data(b"{}"), "encoding-unsupported"),
    ] {
        let place = format!("{path} with {later:?}");
        let (mut send, mut receive) = quic.open_bi().await?;
        send.write_all(&headers(method, path, &[CONTENT_ENCODING_GZIP])).await?;
        // The answer to a second request shows that the head has arrived.
        let (mut second, mut answer) = quic.open_bi().await?;
        second.write_all(&frames(town.scan(0, 0).as_bytes())).await?;
        second.finish()?;
        let answer = answer.read_to_end(10_000).await?;
        assert!(String::from_utf8_lossy(&answer).contains("\"colour\":\"green\""), "{place}");
        send.write_all(&later).await?;
        send.finish()?;
        let answer = receive.read_to_end(1 << 20).await?;
        let text = String::from_utf8_lossy(&answer);
        assert!(text.contains(code), "{place} {text}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_reset_half_way_is_not_kept_and_harms_nobody_else() -> anyhow::Result<()> {
    let mut town = TestTown::found(2).await?;
    let request = frames(town.scan(0, 0).as_bytes());
    let connection = town.target.connect(Version::Http3).await?;
    let quic = connection.quic().ok_or_else(|| anyhow::anyhow!("HTTP/3 is QUIC"))?;
    for at in [0, 1, 5, 20, request.len() / 2, request.len() - 1] {
        let (mut send, _receive) = quic.open_bi().await?;
        send.write_all(&request[..at]).await?;
        send.reset(VarInt::from_u32(0x10c))?;
    }
    let (mut send, mut receive) = quic.open_bi().await?;
    send.write_all(&frames(town.scan(1, 0).as_bytes())).await?;
    send.finish()?;
    let answer = receive.read_to_end(10_000).await?;
    assert!(String::from_utf8_lossy(&answer).contains("\"colour\":\"green\""));
    let mine = town.mine(0).await?;
    assert_eq!(mine["check_ins"], json!([]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_answered_in_their_order() -> anyhow::Result<()> {
    let town = TestTown::found(8).await?;
    let mut requests = Vec::new();
    for resident in 0..8 {
        let code = town.residents[resident].code(Step::of(now()));
        let body = json!({"venue": town.venues[0].poster, "person": code}).to_string();
        let head =
            format!("POST /v1/check-ins HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n", body.len());
        let close = if resident == 7 { "connection: close\r\n" } else { "" };
        requests.extend(format!("{head}{close}\r\n{body}").into_bytes());
    }
    let text = raw(&town, &requests).await?;
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 8, "{text}");
    // Venues have ids too; a check-in's id is followed by its time.
    let ids = text.match_indices("\",\"at\":").map(|(end, _)| &text[end - 26..end]);
    let ids: std::collections::HashSet<&str> = ids.collect();
    assert_eq!(ids.len(), 8);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_arrives_whole_is_given_up_and_its_connection_goes_on() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let scan = town.scan(0, 0);
    let request = frames(scan.as_bytes());
    let connection = town.target.connect(Version::Http3).await?;
    let quic = connection.quic().ok_or_else(|| anyhow::anyhow!("HTTP/3 is QUIC"))?;
    let over_quic = async {
        let mut answers = Vec::new();
        // Cut within the head, and within the body.
        for length in [5, request.len() - 1] {
            let (mut send, receive) = quic.open_bi().await?;
            send.write_all(&request[..length]).await?;
            answers.push((send, receive));
        }
        for (send, mut receive) in answers {
            let answer = receive.read_to_end(10_000).await?;
            assert!(String::from_utf8_lossy(&answer).contains("too-slow"));
            drop(send);
        }
        let (mut send, mut receive) = quic.open_bi().await?;
        send.write_all(&request).await?;
        send.finish()?;
        let taken = receive.read_to_end(10_000).await?;
        assert!(String::from_utf8_lossy(&taken).contains("\"colour\":\"green\""));
        anyhow::Ok(())
    };
    let head =
        format!("POST /v1/check-ins HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n", scan.len());
    let in_body = format!("{head}\r\n{}", &scan[1..]);
    let (over_quic, in_head, in_body) =
        tokio::join!(over_quic, raw(&town, head.as_bytes()), raw(&town, in_body.as_bytes()));
    over_quic?;
    in_head?;
    let in_body = in_body?;
    assert!(in_body.starts_with("HTTP/1.1 408 ") && in_body.contains("too-slow"), "{in_body}");
    Ok(())
}

/// Many clients read nothing before they have sent the whole request.
#[tokio::test(flavor = "multi_thread")]
async fn who_sends_far_too_much_before_reading_is_told_so() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    for path in ["/v1/check-ins", "/v1/people"] {
        for length in [70_000, 1 << 20] {
            let mut bytes = format!(
                "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
            );
            bytes.push_str(&"x".repeat(length));
            let answer = raw(&town, bytes.as_bytes()).await?;
            assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("too-large"), "{path} {length}");
        }
    }
    Ok(())
}

/// Sends bytes over TLS and reads to the end.
async fn raw(town: &TestTown, bytes: &[u8]) -> anyhow::Result<String> {
    use rustls::pki_types::pem::PemObject as _;
    let pem = std::fs::read(town.gateway.folder().path().join("certificate.pem"))?;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(rustls::pki_types::CertificateDer::from_pem_slice(&pem)?)?;
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = tokio::net::TcpStream::connect(town.gateway.listen).await?;
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let mut stream = connector.connect("localhost".try_into()?, stream).await?;
    stream.write_all(bytes).await?;
    let mut answer = Vec::new();
    // A server may end without close_notify once it has said connection: close.
    let _ = stream.read_to_end(&mut answer).await;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
