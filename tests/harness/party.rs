//! An outside party: a real HTTP server that stands for who sends codes to phones or compares faces, answers as
//! a test tells it, and remembers what it was asked.

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

/// How it answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Manner {
    /// With a status and a body.
    Says(u16, &'static str),
    /// Never.
    #[default]
    Hangs,
    /// By closing the connection.
    HangsUp,
}

/// What it was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The method and path.
    pub what: String,
    /// The token it was shown.
    pub authorization: Option<String>,
    /// The question.
    pub question: Value,
}

#[derive(Default)]
struct Room {
    manner: Mutex<Manner>,
    asked: Mutex<Vec<Asked>>,
    waiting: Mutex<Waiting>,
}

/// Who waits for an answer that never comes: now, and at most at once.
#[derive(Default)]
struct Waiting {
    now: usize,
    max: usize,
}

/// One who does, until it hangs up.
struct Waiter(Arc<Room>);

impl Waiter {
    fn new(room: Arc<Room>) -> Self {
        let mut waiting = locked(&room.waiting);
        waiting.now += 1;
        waiting.max = waiting.max.max(waiting.now);
        drop(waiting);
        Self(room)
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        locked(&self.0.waiting).now -= 1;
    }
}

/// The party.
pub struct Party {
    /// Where it listens.
    pub address: SocketAddr,
    room: Arc<Room>,
    serving: JoinHandle<()>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Party {
    /// Starts one on plain HTTP.
    pub async fn start(manner: Manner) -> anyhow::Result<Self> {
        Self::start_with(manner, None).await
    }

    /// Starts one over TLS, with a certificate that lies with its key in this folder.
    pub async fn start_tls(manner: Manner, folder: &Path) -> anyhow::Result<Self> {
        let chain = CertificateDer::pem_file_iter(folder.join("certificate.pem"))?;
        let chain = chain.collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_file(folder.join("key.pem"))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Self::start_with(manner, Some(TlsAcceptor::from(Arc::new(tls)))).await
    }

    async fn start_with(manner: Manner, tls: Option<TlsAcceptor>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let room = Arc::new(Room { manner: Mutex::new(manner), ..Room::default() });
        let serving = tokio::spawn(accept(listener, tls, Arc::clone(&room)));
        Ok(Self { address, room, serving })
    }

    /// From now on it answers so.
    pub fn behave(&self, manner: Manner) {
        *locked(&self.room.manner) = manner;
    }

    /// What it was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        locked(&self.room.asked).clone()
    }

    /// How many at most have waited at once for an answer that never came.
    #[must_use]
    pub fn waiting_max(&self) -> usize {
        locked(&self.room.waiting).max
    }

    /// What it was asked last.
    pub fn asked_last(&self) -> anyhow::Result<Asked> {
        self.asked().pop().ok_or_else(|| anyhow::anyhow!("nobody has asked it"))
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, room: Arc<Room>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(connect(stream, tls.clone(), Arc::clone(&room)));
    }
}

async fn connect(stream: TcpStream, tls: Option<TlsAcceptor>, room: Arc<Room>) {
    match tls {
        None => serve(stream, room).await,
        Some(tls) => {
            // Who does not trust the certificate leaves.
            if let Ok(stream) = tls.accept(stream).await {
                serve(stream, room).await;
            }
        }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, room: Arc<Room>) {
    let service = service_fn(|request| answer(request, Arc::clone(&room)));
    // A connection that is hung up ends with an error, which is what was wanted.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, room: Arc<Room>) -> anyhow::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let authorization = head.headers.get(AUTHORIZATION).and_then(|token| token.to_str().ok());
    let question = serde_json::from_slice(&body.collect().await?.to_bytes())?;
    let asked = Asked {
        what: format!("{} {}", head.method, head.uri),
        authorization: authorization.map(str::to_owned),
        question,
    };
    locked(&room.asked).push(asked);
    let manner = locked(&room.manner).clone();
    match manner {
        Manner::Says(status, body) => Ok(Response::builder().status(status).body(body.into())?),
        Manner::Hangs => {
            let _waiter = Waiter::new(room);
            std::future::pending().await
        }
        Manner::HangsUp => anyhow::bail!("it hangs up"),
    }
}
