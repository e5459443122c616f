//! The cluster that tests run on. `SCANGATE_TEST_CQL=host1,host2,…` names its nodes, and `tests/run` starts
//! one. Each test has its own keyspace.

use super::{COPIES, Cluster, ClusterOptions, Consistency, NODES_WAIT_MAX, Schema, clock};
use scylla_proxy::example_db_errors::{read_timeout, write_timeout};
use scylla_proxy::{
    Condition, Node, Proxy, Reaction as _, RequestOpcode, RequestReaction, RequestRule, ResponseReaction,
    ResponseRule, RunningProxy, ShardAwareness, get_exclusive_local_address,
};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::runtime::Runtime;

/// The CQL port.
const PORT: u16 = 9_042;
/// The time limits of one request, and of connecting with the whole schema. The nodes share a test machine's
/// cores with the tests and all pause together for garbage collection.
const REQUEST_MAX: Duration = Duration::from_secs(60);
pub(crate) const CONNECT_MAX: Duration = Duration::from_secs(300);

/// The start time in milliseconds, part of keyspace names: a cluster that is used again may have seen this
/// process number before.
static STARTED: LazyLock<u64> = LazyLock::new(|| clock::now().0);

/// The connection settings of a test's keyspace.
#[expect(clippy::disallowed_methods, reason = "tests/run sets the variable")]
pub(crate) fn options(test: &str) -> ClusterOptions {
    let hosts = std::env::var("SCANGATE_TEST_CQL").expect("tests/run sets SCANGATE_TEST_CQL");
    let keyspace = format!("test_{test}_{}_{}", std::process::id(), *STARTED);
    let address = format!("cql://{hosts}/{keyspace}").parse().unwrap();
    ClusterOptions {
        address,
        login: None,
        tls: None,
        consistency: Consistency::default(),
        translate: HashMap::new(),
        schema: Schema::Make,
        copies: COPIES,
        nodes_wait_max: NODES_WAIT_MAX,
        request_max: REQUEST_MAX,
    }
}

/// A cluster handle for a test's keyspace.
pub(crate) fn cluster(test: &str) -> Arc<Cluster> {
    Arc::new(Cluster::new(options(test)).unwrap())
}

/// A failure after which it is unknown whether a write was applied.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Doubt {
    /// Too few nodes acknowledged the write in time.
    WriteTimeout,
    /// Too few nodes returned the previous value in time.
    ReadTimeout,
    /// The answer was lost on its way.
    Lost,
}

/// A cluster with a proxy in front of each node.
pub(crate) struct Doubtful {
    pub(crate) cluster: Arc<Cluster>,
    running: RunningProxy,
    _runtime: Runtime,
}

impl Doubtful {
    /// Connects through the proxies.
    pub(crate) fn connected(test: &str) -> Self {
        let doubtful = Self::new(test);
        doubtful.cluster.connect(CONNECT_MAX).unwrap();
        doubtful
    }

    /// Sets the proxies up without connecting.
    pub(crate) fn new(test: &str) -> Self {
        let mut options = options(test);
        let real: Vec<SocketAddr> = options.address.nodes.iter().map(|node| node.parse().unwrap()).collect();
        let nodes = real.iter().map(|&real| {
            let before = SocketAddr::new(get_exclusive_local_address(), PORT);
            options.translate.insert(real, before);
            Node::new(real, before, ShardAwareness::Unaware, None, None)
        });
        let proxy = Proxy::new(nodes.collect::<Vec<_>>());
        options.address.nodes = options.translate.values().map(SocketAddr::to_string).collect();
        let runtime = Runtime::new().unwrap();
        let running = runtime.block_on(proxy.run()).unwrap();
        let cluster = Arc::new(Cluster::new(options).unwrap());
        Self { cluster, running, _runtime: runtime }
    }

    /// Runs a change while every node once leaves the outcome of a write that binds these bytes unknown.
    pub(crate) fn doubt<T>(&mut self, bound: &[u8], how: Doubt, change: impl FnOnce() -> T) -> T {
        let once = |condition: Condition| condition.and(Condition::TrueForLimitedTimes(1));
        let contains = |bytes: &[u8]| Condition::BodyContainsCaseSensitive(bytes.into());
        for node in &mut self.running.running_nodes {
            let asked = Condition::RequestOpcode(RequestOpcode::Execute).and(contains(bound));
            let fails =
                |error| Some(vec![RequestRule(once(asked), RequestReaction::forge_with_error(error))]);
            match how {
                Doubt::WriteTimeout => node.change_request_rules(fails(write_timeout())),
                Doubt::ReadTimeout => node.change_request_rules(fails(read_timeout())),
                Doubt::Lost => {
                    let answer = once(contains(b"[applied]"));
                    let lost = ResponseRule(answer, ResponseReaction::drop_connection());
                    node.change_response_rules(Some(vec![lost]));
                }
            }
        }
        let changed = change();
        self.running.turn_off_rules();
        changed
    }
}
