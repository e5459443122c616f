//! The session with a cluster, on a runtime of its own: callers are threads that may wait.

use super::address::Address;
use super::consistency::Consistency;
use super::error::ClusterError;
use super::keyspace::ensure_living;
use super::schema::{self, Schema};
use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::statement::prepared::PreparedStatement;
use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

/// Threads of the session's runtime.
const THREADS: usize = 2;
/// How long one request of a gateway's may take in all, its repetitions included.
pub const REQUEST_MAX: Duration = Duration::from_secs(5);
/// How long it may take to connect to a node.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long after a failure nobody tries to connect.
const CONNECT_PAUSE: Duration = Duration::from_secs(2);

/// User and password.
#[derive(Clone)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
}

/// The password is in no log.
impl fmt::Debug for Login {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Login({}, …)", self.user)
    }
}

/// How to talk to a cluster.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// Where it is.
    pub address: Address,
    /// Who asks, where the cluster wants to know.
    pub login: Option<Login>,
    /// TLS to its nodes, where that is wanted.
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// How many nodes must have a write, and be asked for a read.
    pub consistency: Consistency,
    /// Where nodes are reached that announce another address, behind a forwarder or a proxy.
    pub translate: HashMap<SocketAddr, SocketAddr>,
    /// What becomes of the keyspace's schema.
    pub schema: Schema,
    /// How long one request may take in all, its repetitions included: [`REQUEST_MAX`], where somebody waits for it.
    pub request_max: Duration,
}

/// A cluster, connected when something is first asked of it.
pub struct Cluster {
    runtime: Runtime,
    options: ClusterOptions,
    session: OnceCell<Session>,
    /// When connecting failed last, and why.
    failed: Mutex<Option<(Instant, String)>>,
}

impl Cluster {
    /// A cluster to be connected. **Errors**: the system gives no threads.
    pub fn new(options: ClusterOptions) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("cql")
            .enable_all()
            .build()?;
        Ok(Self { runtime, options, session: OnceCell::new(), failed: Mutex::default() })
    }

    /// Connects within this time, and makes or migrates the schema unless that is to be left alone. **Errors**: no
    /// node answers; the login is refused; the schema is of a later version; the keyspace is being ended, or was.
    /// Whoever asks for something later tries again.
    pub fn connect(&self, within: Duration) -> Result<(), ClusterError> {
        let connected = self.wait(async { tokio::time::timeout(within, self.session()).await });
        match connected {
            Ok(connected) => connected.map(drop),
            Err(_) => Err(ClusterError::of(format!("no node answers within {} s", within.as_secs()))),
        }
    }

    pub(super) fn keyspace(&self) -> &str {
        &self.options.address.keyspace
    }

    /// Waits for something asked of the cluster. Not to be called by a task of a runtime.
    pub(crate) fn wait<T>(&self, asked: impl Future<Output = T>) -> T {
        self.runtime.block_on(asked)
    }

    /// The session; later it finds nodes again by itself. Where connecting has just failed, that is said again.
    pub(crate) async fn session(&self) -> Result<&Session, ClusterError> {
        self.session.get_or_try_init(|| self.try_to_connect()).await
    }

    async fn try_to_connect(&self) -> Result<Session, ClusterError> {
        let failed = || self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, why)) = &*failed()
            && at.elapsed() < CONNECT_PAUSE
        {
            return Err(ClusterError::of(why.clone()));
        }
        let connected = connect(&self.options).await;
        *failed() = connected.as_ref().err().map(|error| (Instant::now(), error.cause().to_string()));
        connected
    }

    /// Prepares a statement that may be repeated without harm. `{}` in it stands for the keyspace.
    pub(crate) async fn prepare(&self, text: &str) -> Result<PreparedStatement, ClusterError> {
        let mut statement = self.prepare_conditional(text).await?;
        statement.set_is_idempotent(true);
        Ok(statement)
    }

    /// Prepares a statement that is done or not by what it finds: the driver does not repeat it, and who asks does so by
    /// [`RetryBackoff`](super::RetryBackoff).
    pub(crate) async fn prepare_conditional(&self, text: &str) -> Result<PreparedStatement, ClusterError> {
        let text = text.replace("{}", self.keyspace());
        self.session().await?.prepare(text).await.map_err(ClusterError::of)
    }

    /// Prepares a read that first ends every conditional write which has begun.
    pub(crate) async fn prepare_settling(&self, text: &str) -> Result<PreparedStatement, ClusterError> {
        let mut statement = self.prepare(text).await?;
        statement.set_consistency(self.options.consistency.settling());
        Ok(statement)
    }
}

async fn connect(options: &ClusterOptions) -> Result<Session, ClusterError> {
    let (consistency, serial) = options.consistency.levels();
    let profile = ExecutionProfile::builder()
        .consistency(consistency)
        .serial_consistency(Some(serial))
        .request_timeout(Some(options.request_max))
        .build();
    let mut builder = SessionBuilder::new()
        .known_nodes(&options.address.nodes)
        .default_execution_profile_handle(profile.into_handle())
        .connection_timeout(CONNECT_MAX)
        .keyspaces_to_fetch([&options.address.keyspace])
        .tls_context(options.tls.clone());
    if !options.translate.is_empty() {
        builder = builder.address_translator(Arc::new(options.translate.clone()));
    }
    if let Some(Login { user, password }) = &options.login {
        builder = builder.user(user, password);
    }
    let session = builder.build().await.map_err(ClusterError::of)?;
    if options.schema != Schema::Leave {
        schema::migrate(&session, &options.address.keyspace, options.schema).await?;
        ensure_living(&session, &options.address.keyspace).await?;
    }
    Ok(session)
}
