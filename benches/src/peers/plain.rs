//! A plain server on quinn and h3 that reads each request and returns a constant. It
//! checks, stores and syncs nothing.

use super::{ANSWER, identity};
use bytes::Bytes;
use h3::server::RequestStream;
use h3_quinn::BidiStream;
use quinn::crypto::rustls::QuicServerConfig;
use rustls::pki_types::PrivateKeyDer;
use scangate_gateway::serve::tls;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// Serves until the process is killed. Prints the server's address to standard output.
pub(crate) fn serve(folder: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let endpoint = quinn::Endpoint::server(config(folder)?, SocketAddr::from(([127, 0, 0, 1], 0)))?;
        println!("listen {}", endpoint.local_addr()?);
        while let Some(incoming) = endpoint.accept().await {
            tokio::spawn(async move {
                if let Err(error) = connection(incoming).await {
                    eprintln!("{error:#}");
                }
            });
        }
        Ok(())
    })
}

/// The server's settings: AES-128 first as in the gateway, and otherwise quinn's defaults with 100 streams.
fn config(folder: &Path) -> anyhow::Result<quinn::ServerConfig> {
    let made = identity::make(folder)?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(anyhow::Error::msg)?;
    let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(tls::provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    tls.alpn_protocols = vec![b"h3".to_vec()];
    Ok(quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?)))
}

async fn connection(incoming: quinn::Incoming) -> anyhow::Result<()> {
    let quic = h3_quinn::Connection::new(incoming.await?);
    let mut http = h3::server::Connection::new(quic).await?;
    while let Ok(Some(resolver)) = http.accept().await {
        tokio::spawn(async move {
            let Ok((_, stream)) = resolver.resolve_request().await else { return };
            // A client that has disconnected needs no answer.
            let _ = answer(stream).await;
        });
    }
    Ok(())
}

async fn answer(mut stream: RequestStream<BidiStream<Bytes>, Bytes>) -> anyhow::Result<()> {
    while stream.recv_data().await?.is_some() {}
    stream.send_response(http::Response::new(())).await?;
    stream.send_data(Bytes::from_static(ANSWER.as_bytes())).await?;
    Ok(stream.finish().await?)
}
