//! A server whose delay is known: it reads each request and returns a check-in's answer 5 ms later, over each
//! HTTP version on one port. A load generator beside it shows how much it adds by itself.

use super::{ConstantReply, identity, plain};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The time from the whole request to its answer.
pub(crate) const DELAY: Duration = Duration::from_millis(5);
/// The answer, which acknowledges a check-in.
const REPLY: ConstantReply = ConstantReply {
    text: r#"{"id":"00000000000000000000000000","at":"2020-01-01T00:00:00Z"}"#,
    delay: DELAY,
};

/// Serves until the process is killed. Prints the server's address to standard output.
pub(crate) fn serve(folder: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let made = identity::make(folder)?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let endpoint = plain::endpoint(identity::tls(&made, &[b"h3"])?, address)?;
        let tls = TlsAcceptor::from(Arc::new(identity::tls(&made, &[b"h2", b"http/1.1"])?));
        println!("listen {address}");
        tokio::spawn(async move { plain::accept(&endpoint, REPLY).await });
        loop {
            let (stream, _) = listener.accept().await?;
            let tls = tls.clone();
            tokio::spawn(async move {
                // A generator that has ended leaves its connections without closing them.
                let _ = connection(stream, &tls).await;
            });
        }
    })
}

async fn connection(stream: TcpStream, tls: &TlsAcceptor) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let stream = tls.accept(stream).await?;
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let stream = TokioIo::new(stream);
    if is_http2 {
        http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service_fn(answer)).await?;
    } else {
        http1::Builder::new().serve_connection(stream, service_fn(answer)).await?;
    }
    Ok(())
}

async fn answer(request: Request<Incoming>) -> anyhow::Result<Response<Full<Bytes>>> {
    request.into_body().collect().await?;
    REPLY.wait().await;
    let answer = Response::builder().header("content-type", "application/json");
    Ok(answer.body(Full::new(Bytes::from_static(REPLY.text.as_bytes())))?)
}
