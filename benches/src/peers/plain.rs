//! A plain server on quinn and h3 that reads each request and returns a constant. It checks, stores and syncs
//! nothing.

use super::{ANSWER, ConstantReply, identity};
use bytes::Bytes;
use h3::server::RequestStream;
use h3_quinn::BidiStream;
use quinn::crypto::rustls::QuicServerConfig;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Serves until the process is killed. Prints the server's address to standard output.
pub(crate) fn serve(folder: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let tls = identity::tls(&identity::make(folder)?, &[b"h3"])?;
        let endpoint = endpoint(tls, SocketAddr::from(([127, 0, 0, 1], 0)))?;
        println!("listen {}", endpoint.local_addr()?);
        accept(&endpoint, ConstantReply { text: ANSWER, delay: Duration::ZERO }).await;
        Ok(())
    })
}

/// Answers the requests of every connection.
pub(super) async fn accept(endpoint: &quinn::Endpoint, reply: ConstantReply) {
    while let Some(incoming) = endpoint.accept().await {
        tokio::spawn(async move {
            if let Err(error) = connection(incoming, reply).await {
                eprintln!("{error:#}");
            }
        });
    }
}

/// An endpoint with quinn's defaults, which are 100 streams a connection.
pub(super) fn endpoint(tls: rustls::ServerConfig, address: SocketAddr) -> anyhow::Result<quinn::Endpoint> {
    let config = quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    Ok(quinn::Endpoint::server(config, address)?)
}

async fn connection(incoming: quinn::Incoming, reply: ConstantReply) -> anyhow::Result<()> {
    let quic = h3_quinn::Connection::new(incoming.await?);
    let mut http = h3::server::Connection::new(quic).await?;
    while let Ok(Some(resolver)) = http.accept().await {
        tokio::spawn(async move {
            let Ok((_, stream)) = resolver.resolve_request().await else { return };
            // A client that has disconnected needs no answer.
            let _ = answer(stream, reply).await;
        });
    }
    Ok(())
}

async fn answer(
    mut stream: RequestStream<BidiStream<Bytes>, Bytes>,
    reply: ConstantReply,
) -> anyhow::Result<()> {
    while stream.recv_data().await?.is_some() {}
    reply.wait().await;
    stream.send_response(http::Response::new(())).await?;
    stream.send_data(Bytes::from_static(reply.text.as_bytes())).await?;
    Ok(stream.finish().await?)
}
