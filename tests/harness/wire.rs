//! Requests by hand, for peers that no client library would imitate.

use quinn::{ConnectionError, VarInt};
use scangate_loadgen::client::LoadTarget;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// How long a test waits for the gateway's deadlines, of which the longest here is ten seconds.
const GIVEN_UP: Duration = Duration::from_secs(60);

/// The client's preface of HTTP/2 (RFC 9113 section 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The frame type DATA of HTTP/2.
pub const DATA: u8 = 0;
/// The frame type HEADERS.
pub const HEADERS: u8 = 1;
/// The frame type PRIORITY.
pub const PRIORITY: u8 = 2;
/// The frame type RST_STREAM.
pub const RST_STREAM: u8 = 3;
/// The frame type SETTINGS.
pub const SETTINGS: u8 = 4;
/// The frame type PUSH_PROMISE.
pub const PUSH_PROMISE: u8 = 5;
/// The frame type PING.
pub const PING: u8 = 6;
/// The frame type GOAWAY.
pub const GOAWAY: u8 = 7;
/// The frame type WINDOW_UPDATE.
pub const WINDOW_UPDATE: u8 = 8;
/// The frame type CONTINUATION.
pub const CONTINUATION: u8 = 9;
/// The flag of SETTINGS and PING that acknowledges one.
pub const ACK: u8 = 1;
/// The flag of DATA and HEADERS that ends the stream.
pub const END_STREAM: u8 = 1;
/// The flag that ends a field block.
pub const END_HEADERS: u8 = 4;
/// The flag of padding.
pub const PADDED: u8 = 8;
/// The code of an end without an error (RFC 9114 section 8.1).
const H3_NO_ERROR: VarInt = VarInt::from_u32(0x100);
/// The flag of a priority in HEADERS.
pub const PRIORITISED: u8 = 0x20;

/// A frame of HTTP/2.
#[must_use]
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("test frames are short").to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A field block of HTTP/2: literals without indexing (RFC 7541 section 6.2.2).
#[must_use]
pub fn block(lines: &[(&str, &str)]) -> Vec<u8> {
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

/// An integer with a prefix of so many bits (RFC 7541 section 5.1).
fn integer(first: u8, bits: u32, value: usize) -> Vec<u8> {
    let most = (1_usize << bits) - 1;
    if value < most {
        return vec![first | u8::try_from(value).unwrap_or(0)];
    }
    let (mut bytes, mut rest) = (vec![first | u8::try_from(most).unwrap_or(0)], value - most);
    while rest >= 128 {
        bytes.push(u8::try_from(rest % 128).unwrap_or(0) | 128);
        rest /= 128;
    }
    bytes.push(u8::try_from(rest).unwrap_or(0));
    bytes
}

/// A field section of HTTP/3, with literal names (RFC 9204 section 4.5.6).
#[must_use]
pub fn field_section(lines: &[(&str, &str)]) -> Vec<u8> {
    let mut fields = vec![0, 0];
    for (name, value) in lines {
        fields.extend(integer(0x20, 3, name.len()));
        fields.extend(name.as_bytes());
        fields.extend(integer(0, 7, value.len()));
        fields.extend(value.as_bytes());
    }
    fields
}

/// A frame of HTTP/3 whose type has one byte.
#[must_use]
pub fn http3_frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("test frames are short") | 0x8000_0000;
    [&[kind][..], &length.to_be_bytes(), payload].concat()
}

/// A HEADERS frame of HTTP/3.
#[must_use]
pub fn http3_head(lines: &[(&str, &str)]) -> Vec<u8> {
    http3_frame(1, &field_section(lines))
}

/// Whether the gateway closed a QUIC connection with `H3_NO_ERROR` (RFC 9114 section 8.1).
#[must_use]
pub fn is_orderly(end: &ConnectionError) -> bool {
    matches!(end, ConnectionError::ApplicationClosed(why) if why.error_code == H3_NO_ERROR)
}

/// The pseudo-headers of a request.
#[must_use]
pub fn request<'a>(method: &'a str, path: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path)]
}

/// Opens a TLS stream and sends these bytes.
pub async fn opened(target: &LoadTarget, alpn: &[u8], bytes: &[u8]) -> anyhow::Result<TlsStream<TcpStream>> {
    let mut stream = target.tls_stream(alpn).await?;
    stream.write_all(bytes).await?;
    stream.flush().await?;
    Ok(stream)
}

/// Reads until the gateway ends the connection. **Errors**: it does not.
pub async fn read_to_end(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // A reset ends it as well as a close.
    let _ = tokio::time::timeout(GIVEN_UP, stream.read_to_end(&mut bytes)).await?;
    Ok(bytes)
}
