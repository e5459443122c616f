//! The CQL cluster under the trails and the registry: its address, the login, and the schema version. It may
//! be ScyllaDB or any server that its driver supports. Only this module and the stores built on it use the
//! driver.

mod address;
mod answer;
mod backoff;
pub(crate) mod clock;
mod cluster;
mod consistency;
mod copies;
mod error;
mod fill;
mod keyspace;
mod schema;
mod sunset;
#[cfg(test)]
pub(crate) mod testing;
mod write_once;

pub use address::{Address, AddressError};
pub(crate) use backoff::{RetryBackoff, random_bytes};
pub use cluster::{Cluster, ClusterOptions, Login, REQUEST_MAX};
pub use consistency::Consistency;
pub use copies::{COPIES, ClusterHealth, NODES_WAIT_MAX, ReplicationState};
pub use error::{ClusterError, ClusterSetting};
pub use fill::FillState;
pub use schema::{Schema, SchemaState};
pub use sunset::Nodes;
