//! A CQL cluster under the trails and the registry: where it is, how to log in, and the version of what is in
//! it. ScyllaDB, or any server that its driver speaks to. Nothing else in the project names the driver but
//! the stores made of this.

mod address;
mod answer;
mod backoff;
pub(crate) mod clock;
mod cluster;
mod consistency;
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
pub use error::ClusterError;
pub use fill::FillState;
pub use schema::Schema;
pub use sunset::Nodes;
