//! The cause of a broken exchange, told from the types of the client's errors by peers that break it on
//! purpose.

use super::stand_in;
use http::Request;
use scangate_loadgen::client::{BreakCause, LoadTarget, Version};
use scangate_tests::free_port;
use std::net::Ipv4Addr;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What a peer does with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breach {
    /// It closes the connection in the handshake.
    ClosesEarly,
    /// It closes the connection after the head of a request.
    Closes,
    /// It resets the connection after the head of a request.
    Resets,
    /// It answers a request with bytes of no protocol.
    Babbles,
}

async fn read_http1_request(stream: &mut (impl AsyncRead + Unpin)) -> anyhow::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(())
}

/// Reads the preface and all frames up to the first HEADERS (RFC 9113 sections 3.4 and 4.1).
async fn read_http2_request(stream: &mut (impl AsyncRead + Unpin)) -> anyhow::Result<()> {
    stream.read_exact(&mut [0; 24]).await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        stream.read_exact(&mut vec![0; length]).await?;
        if head[3] == 1 {
            return Ok(());
        }
    }
}

async fn serve(listener: TcpListener, tls: TlsAcceptor, breach: Breach) -> anyhow::Result<()> {
    let (stream, _) = listener.accept().await?;
    if breach == Breach::ClosesEarly {
        return Ok(());
    }
    if breach == Breach::Resets {
        stream.set_zero_linger()?;
    }
    let mut stream = tls.accept(stream).await?;
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        read_http2_request(&mut stream).await?;
    } else {
        read_http1_request(&mut stream).await?;
    }
    match breach {
        Breach::Closes => stream.shutdown().await?,
        Breach::Babbles => {
            stream.write_all(&b"babble ".repeat(10)).await?;
            // The client ends the connection, which it cannot understand.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        Breach::Resets | Breach::ClosesEarly => {}
    }
    Ok(())
}

async fn cause(version: Version, breach: Breach) -> anyhow::Result<BreakCause> {
    let (listener, tls, target) = stand_in().await?;
    tokio::spawn(serve(listener, tls, breach));
    let request = Request::get("/").body(bytes::Bytes::new())?;
    let broken = match target.connect(version).await {
        Ok(mut connection) => connection.exchange(request).await.map(|_| ()),
        Err(error) => Err(error),
    };
    let Err(error) = broken else { anyhow::bail!("{version:?} {breach:?}: there is an answer") };
    Ok(error.cause())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_breach_has_its_cause_in_each_version() -> anyhow::Result<()> {
    for (version, breach, expected) in [
        (Version::Http1, Breach::ClosesEarly, BreakCause::Handshake),
        (Version::Http1, Breach::Closes, BreakCause::Closed),
        (Version::Http1, Breach::Resets, BreakCause::Reset),
        (Version::Http1, Breach::Babbles, BreakCause::Malformed),
        (Version::Http2, Breach::ClosesEarly, BreakCause::Handshake),
        (Version::Http2, Breach::Closes, BreakCause::Closed),
        (Version::Http2, Breach::Resets, BreakCause::Reset),
        (Version::Http2, Breach::Babbles, BreakCause::Malformed),
    ] {
        assert_eq!(cause(version, breach).await?, expected, "{version:?} {breach:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_nobody_listens_on_breaks_the_connecting() -> anyhow::Result<()> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(&file, made.cert.pem())?;
    let target = LoadTarget::new((Ipv4Addr::LOCALHOST, free_port()?).into(), file.path())?;
    for version in [Version::Http1, Version::Http2] {
        let cause = target.connect(version).await.err().map(|error| error.cause());
        assert_eq!(cause, Some(BreakCause::Connect), "{version:?}");
    }
    Ok(())
}
