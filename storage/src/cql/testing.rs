//! The cluster that tests run on: `SCANGATE_TEST_CQL=host1,host2,…` says where it is, and `tests/run` starts
//! one. Each test has a keyspace of its own.

use super::{Cluster, Consistency, Options, Schema};
use std::collections::HashMap;
use std::sync::Arc;

/// How to reach a test's keyspace.
pub(crate) fn options(test: &str) -> Options {
    let hosts = std::env::var("SCANGATE_TEST_CQL").expect("tests/run sets SCANGATE_TEST_CQL");
    let keyspace = format!("test_{test}_{}", std::process::id());
    let address = format!("cql://{hosts}/{keyspace}").parse().unwrap();
    Options {
        address,
        login: None,
        tls: None,
        consistency: Consistency::default(),
        translate: HashMap::new(),
        schema: Schema::Make,
    }
}

/// A session with a test's keyspace.
pub(crate) fn cluster(test: &str) -> Arc<Cluster> {
    Arc::new(Cluster::new(options(test)).unwrap())
}
