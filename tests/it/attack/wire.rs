//! Requests by hand, for peers that no client library would imitate.

use scangate_loadgen::client::LoadTarget;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// How long a test waits for the gateway's deadlines, of which the longest here is ten seconds.
const GIVEN_UP: Duration = Duration::from_secs(60);

/// The client's preface of HTTP/2 (RFC 9113 section 3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Frame types and flags of HTTP/2.
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const SETTINGS: u8 = 4;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

/// A frame of HTTP/2.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("test frames are short").to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A field block of HTTP/2: literals without indexing (RFC 7541 section 6.2.2).
pub(super) fn block(lines: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in lines {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).expect("test fields are short"));
            block.extend(text.as_bytes());
        }
    }
    block
}

/// The pseudo-headers of a request.
pub(super) fn request<'a>(method: &'a str, path: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path)]
}

/// Opens a TLS stream and sends these bytes.
pub(super) async fn opened(
    target: &LoadTarget,
    alpn: &[u8],
    bytes: &[u8],
) -> anyhow::Result<TlsStream<TcpStream>> {
    let mut stream = target.tls_stream(alpn).await?;
    stream.write_all(bytes).await?;
    stream.flush().await?;
    Ok(stream)
}

/// Reads until the gateway ends the connection. **Errors**: it does not.
pub(super) async fn read_to_end(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // A reset ends it as well as a close.
    let _ = tokio::time::timeout(GIVEN_UP, stream.read_to_end(&mut bytes)).await?;
    Ok(bytes)
}
