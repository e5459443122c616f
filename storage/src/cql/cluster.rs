//! The session with a cluster. It has its own runtime, because callers are threads that may block.

use super::address::Address;
use super::consistency::Consistency;
use super::error::ClusterError;
use super::keyspace::ensure_living;
use super::schema::{self, Schema};
use scylla::client::execution_profile::{ExecutionProfile, ExecutionProfileBuilder, ExecutionProfileHandle};
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::policies::speculative_execution::SimpleSpeculativeExecutionPolicy;
use scylla::statement::prepared::PreparedStatement;
use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

/// Worker threads of the session's runtime.
const THREADS: usize = 2;
/// The time limit of one request of a gateway, retries included.
pub const REQUEST_MAX: Duration = Duration::from_secs(5);
/// The share of a request's time limit after which a conditional write is in doubt and its caller looks for
/// its outcome: a coordinator that has died silently must not use the whole of it. **Units**: fifths.
const CONDITIONAL_FIFTHS: u32 = 2;
/// The time after which a hedged read also goes to a second node. An answer takes some milliseconds, and a
/// node that has died silently gives none. A shorter time would double the load of a slow cluster.
const HEDGE_AFTER: Duration = Duration::from_millis(300);
/// The time limit for connecting to a node.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// After a failed connection attempt, no new attempt is made for this long.
const CONNECT_PAUSE: Duration = Duration::from_secs(2);

/// The credentials of the gateway.
#[derive(Clone)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
}

/// Leaves the password out of logs.
impl fmt::Debug for Login {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Login({}, …)", self.user)
    }
}

/// The settings of a cluster connection.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// The contact points and the keyspace.
    pub address: Address,
    /// The credentials, if the cluster requires them.
    pub login: Option<Login>,
    /// The TLS configuration for connections to its nodes, if TLS is used.
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// How many replicas must acknowledge a write and answer a read.
    pub consistency: Consistency,
    /// Replacement addresses for nodes behind a forwarder or a proxy, by the address that they announce.
    pub translate: HashMap<SocketAddr, SocketAddr>,
    /// What connecting does to the schema.
    pub schema: Schema,
    /// The copies of each row in a keyspace that connecting makes.
    pub copies: u8,
    /// The longest wait for as many nodes as copies: [`NODES_WAIT_MAX`](super::NODES_WAIT_MAX) in a gateway.
    pub nodes_wait_max: Duration,
    /// The time limit of one request, retries included: [`REQUEST_MAX`] where a client waits for the answer.
    pub request_max: Duration,
}

/// A cluster. It connects at the first request.
pub struct Cluster {
    runtime: Runtime,
    options: ClusterOptions,
    /// The profile of hedged reads.
    hedged: ExecutionProfileHandle,
    session: OnceCell<Session>,
    /// The time and the cause of the last failed connection attempt.
    failed: Mutex<Option<(Instant, String)>>,
}

impl Cluster {
    /// Prepares a cluster without connecting. **Errors**: the system cannot start threads.
    pub fn new(options: ClusterOptions) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("cql")
            .enable_all()
            .build()?;
        let policy = SimpleSpeculativeExecutionPolicy { max_retry_count: 1, retry_interval: HEDGE_AFTER };
        let hedged = profile(&options).speculative_execution_policy(Some(Arc::new(policy))).build();
        let hedged = hedged.into_handle();
        Ok(Self { runtime, options, hedged, session: OnceCell::new(), failed: Mutex::default() })
    }

    /// Connects within this time, then makes or migrates the schema unless [`Schema::Leave`] is set. After an
    /// error, the next request tries again. **Errors**: no node answers; the login is refused; the schema has
    /// a later version; the keyspace is being ended or is gone; it would have fewer copies than asked for.
    pub fn connect(&self, within: Duration) -> Result<(), ClusterError> {
        let connected = self.wait(async { tokio::time::timeout(within, self.session()).await });
        match connected {
            Ok(connected) => connected.map(drop),
            Err(_) => Err(ClusterError::of(format!("no node answers within {} s", within.as_secs()))),
        }
    }

    /// The keyspace.
    #[must_use]
    pub fn keyspace(&self) -> &str {
        &self.options.address.keyspace
    }

    /// Blocks until a future completes. It must not be called from a task of a runtime.
    pub(crate) fn wait<T>(&self, request: impl Future<Output = T>) -> T {
        self.runtime.block_on(request)
    }

    /// The session, which reconnects to nodes by itself. Shortly after a failed connection attempt it returns
    /// the same error.
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

    /// Prepares an idempotent statement. `{}` in it stands for the keyspace.
    pub(crate) async fn prepare(&self, text: &str) -> Result<PreparedStatement, ClusterError> {
        let mut statement = self.prepare_plain(text).await?;
        statement.set_is_idempotent(true);
        Ok(statement)
    }

    /// Prepares a small read that a client waits for. It is hedged: without an answer after a moment it also
    /// goes to a second node. A write must not be hedged: its slower copy could overwrite a later write.
    pub(crate) async fn prepare_hedged(&self, text: &str) -> Result<PreparedStatement, ClusterError> {
        let mut statement = self.prepare(text).await?;
        statement.set_execution_profile_handle(Some(self.hedged.clone()));
        Ok(statement)
    }

    /// Prepares a conditional statement. The driver does not retry it; callers do, with
    /// [`RetryBackoff`](super::RetryBackoff).
    pub(crate) async fn prepare_conditional(&self, text: &str) -> Result<PreparedStatement, ClusterError> {
        let mut statement = self.prepare_plain(text).await?;
        statement.set_request_timeout(Some(self.options.request_max * CONDITIONAL_FIFTHS / 5));
        Ok(statement)
    }

    async fn prepare_plain(&self, text: &str) -> Result<PreparedStatement, ClusterError> {
        let text = text.replace("{}", self.keyspace());
        self.session().await?.prepare(text).await.map_err(ClusterError::of)
    }

    /// Prepares a read with serial consistency: it first completes every conditional write in progress.
    pub(crate) async fn prepare_settling(&self, text: &str) -> Result<PreparedStatement, ClusterError> {
        let mut statement = self.prepare_hedged(text).await?;
        statement.set_consistency(self.options.consistency.settling());
        Ok(statement)
    }
}

/// The profile of a gateway's requests.
fn profile(options: &ClusterOptions) -> ExecutionProfileBuilder {
    let (consistency, serial) = options.consistency.levels();
    ExecutionProfile::builder()
        .consistency(consistency)
        .serial_consistency(Some(serial))
        .request_timeout(Some(options.request_max))
}

async fn connect(options: &ClusterOptions) -> Result<Session, ClusterError> {
    let mut builder = SessionBuilder::new()
        .known_nodes(&options.address.nodes)
        .default_execution_profile_handle(profile(options).build().into_handle())
        .connection_timeout(CONNECT_MAX)
        .keyspaces_to_fetch([&options.address.keyspace])
        .tls_context(options.tls.clone());
    if !options.translate.is_empty() {
        builder = builder.address_translator(Arc::new(options.translate.clone()));
    }
    if let Some(Login { user, password }) = &options.login {
        builder = builder.user(user, password);
    }
    let has_tls = options.tls.is_some();
    let session = builder.build().await.map_err(|error| ClusterError::unopened(error, has_tls))?;
    if options.schema != Schema::Leave {
        schema::migrate(&session, options).await?;
        ensure_living(&session, &options.address.keyspace).await?;
    }
    Ok(session)
}
