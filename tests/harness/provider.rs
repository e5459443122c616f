//! A registration provider: a real HTTP server in place of the one that sends SMS codes or compares faces.
//! The test sets its behaviour and reads the requests it received.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// The provider's way to answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers with a status and a body.
    Answers(u16, &'static str),
    /// Never answers.
    #[default]
    Hangs,
    /// Closes the connection.
    Disconnects,
}

/// A request that the provider received.
#[derive(Debug, Clone)]
pub struct ProviderRequest {
    /// The method and the path, with a space between.
    pub method_and_path: String,
    /// The `authorization` header.
    pub authorization: Option<String>,
    /// The body as JSON.
    pub body: Value,
}

#[derive(Default)]
struct ProviderState {
    behaviour: Mutex<Behaviour>,
    requests: Mutex<Vec<ProviderRequest>>,
    hanging: Mutex<HangingRequests>,
}

/// The number of requests that wait for an answer that never comes, now and at most.
#[derive(Default)]
struct HangingRequests {
    now: usize,
    max: usize,
}

/// A request that waits until its client disconnects.
struct HangingRequest(Arc<ProviderState>);

impl HangingRequest {
    fn new(state: Arc<ProviderState>) -> Self {
        let mut hanging = locked(&state.hanging);
        hanging.now += 1;
        hanging.max = hanging.max.max(hanging.now);
        drop(hanging);
        Self(state)
    }
}

impl Drop for HangingRequest {
    fn drop(&mut self) {
        locked(&self.0.hanging).now -= 1;
    }
}

/// A running provider.
pub struct TestProvider {
    /// The address at which it listens.
    pub address: SocketAddr,
    state: Arc<ProviderState>,
    serving: JoinHandle<()>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl TestProvider {
    /// Starts a provider on plain HTTP.
    pub async fn start(behaviour: Behaviour) -> anyhow::Result<Self> {
        Self::start_with(behaviour, None).await
    }

    /// Starts a provider over TLS, with the certificate and the key of this folder.
    pub async fn start_tls(behaviour: Behaviour, folder: &Path) -> anyhow::Result<Self> {
        let chain = CertificateDer::pem_file_iter(folder.join("certificate.pem"))?;
        let chain = chain.collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_file(folder.join("key.pem"))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Self::start_with(behaviour, Some(TlsAcceptor::from(Arc::new(tls)))).await
    }

    async fn start_with(behaviour: Behaviour, tls: Option<TlsAcceptor>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let state = Arc::new(ProviderState { behaviour: Mutex::new(behaviour), ..ProviderState::default() });
        let serving = tokio::spawn(accept(listener, tls, Arc::clone(&state)));
        Ok(Self { address, state, serving })
    }

    /// Sets the behaviour of all later requests.
    pub fn behave(&self, behaviour: Behaviour) {
        *locked(&self.state.behaviour) = behaviour;
    }

    /// The requests received so far.
    #[must_use]
    pub fn requests(&self) -> Vec<ProviderRequest> {
        locked(&self.state.requests).clone()
    }

    /// The most requests that have waited at once for an answer that never came.
    #[must_use]
    pub fn hanging_max(&self) -> usize {
        locked(&self.state.hanging).max
    }

    /// The last request received.
    pub fn last_request(&self) -> anyhow::Result<ProviderRequest> {
        self.requests().pop().ok_or_else(|| anyhow::anyhow!("the provider has received no request"))
    }
}

impl Drop for TestProvider {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<ProviderState>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(connect(stream, tls.clone(), Arc::clone(&state)));
    }
}

async fn connect(stream: TcpStream, tls: Option<TlsAcceptor>, state: Arc<ProviderState>) {
    match tls {
        None => serve(stream, state).await,
        Some(tls) => {
            // A client that does not trust the certificate disconnects.
            if let Ok(stream) = tls.accept(stream).await {
                serve(stream, state).await;
            }
        }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, state: Arc<ProviderState>) {
    let service = service_fn(|request| answer(request, Arc::clone(&state)));
    // `Disconnects` ends the connection with an error, as intended.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<ProviderState>,
) -> anyhow::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let authorization = head.headers.get(AUTHORIZATION).and_then(|token| token.to_str().ok());
    let received = serde_json::from_slice(&body.collect().await?.to_bytes())?;
    let request = ProviderRequest {
        method_and_path: format!("{} {}", head.method, head.uri),
        authorization: authorization.map(str::to_owned),
        body: received,
    };
    locked(&state.requests).push(request);
    let behaviour = locked(&state.behaviour).clone();
    match behaviour {
        Behaviour::Answers(status, body) => Ok(Response::builder().status(status).body(body.into())?),
        Behaviour::Hangs => {
            let _hanging = HangingRequest::new(state);
            std::future::pending().await
        }
        Behaviour::Disconnects => anyhow::bail!("the provider disconnects"),
    }
}
