//! The session with a cluster, on a runtime of its own: callers are threads that may wait.

use super::address::Address;
use super::schema;
use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::statement::Consistency;
use scylla::statement::prepared::PreparedStatement;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Threads of the session's runtime.
const THREADS: usize = 2;
/// How long one request may take in all, its repetitions included.
const REQUEST_MAX: Duration = Duration::from_secs(10);
/// How long it may take to connect to a node.
const CONNECT_MAX: Duration = Duration::from_secs(5);

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
pub struct Options {
    /// Where it is.
    pub address: Address,
    /// Who asks, where the cluster wants to know.
    pub login: Option<Login>,
    /// TLS to its nodes, where that is wanted.
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// How many nodes must have a write, and be asked for a read.
    pub consistency: Consistency,
}

/// Why a cluster did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the CQL cluster: {cause}")]
pub struct ClusterError {
    cause: Box<dyn Error + Send + Sync>,
    is_final: bool,
}

impl ClusterError {
    /// Of any of the driver's errors, or of a message.
    pub(crate) fn of(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: error.into(), is_final: false }
    }

    /// One that no repetition changes.
    pub(crate) fn last(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: error.into(), is_final: true }
    }

    pub(super) fn is_final(&self) -> bool {
        self.is_final
    }
}

/// A cluster that is connected and has this version's schema.
pub struct Cluster {
    runtime: Runtime,
    session: Session,
    keyspace: String,
}

impl Cluster {
    /// Connects, and makes or migrates the schema. **Errors**: no node answers; the login is refused; the
    /// schema is of a later version.
    pub fn connect(options: &Options) -> Result<Self, ClusterError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("cql")
            .enable_all()
            .build()
            .map_err(ClusterError::of)?;
        let session = runtime.block_on(connect(options))?;
        Ok(Self { runtime, session, keyspace: options.address.keyspace.clone() })
    }

    /// Waits for something asked of the cluster. Not to be called by a task of a runtime.
    pub(crate) fn wait<T>(&self, asked: impl Future<Output = T>) -> T {
        self.runtime.block_on(asked)
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Prepares a statement that may be repeated without harm. `{}` in it stands for the keyspace.
    pub(crate) async fn prepare(&self, text: &str) -> Result<PreparedStatement, ClusterError> {
        let text = text.replace("{}", &self.keyspace);
        let mut statement = self.session.prepare(text).await.map_err(ClusterError::of)?;
        statement.set_is_idempotent(true);
        Ok(statement)
    }
}

async fn connect(options: &Options) -> Result<Session, ClusterError> {
    let profile = ExecutionProfile::builder()
        .consistency(options.consistency)
        .request_timeout(Some(REQUEST_MAX))
        .build();
    let mut builder = SessionBuilder::new()
        .known_nodes(&options.address.nodes)
        .default_execution_profile_handle(profile.into_handle())
        .connection_timeout(CONNECT_MAX)
        .tls_context(options.tls.clone());
    if let Some(Login { user, password }) = &options.login {
        builder = builder.user(user, password);
    }
    let session = builder.build().await.map_err(ClusterError::of)?;
    schema::migrate(&session, &options.address.keyspace).await?;
    Ok(session)
}
