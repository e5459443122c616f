//! A CQL cluster under the trails and the registry: where it is, how to log in, and the version of what is in
//! it. ScyllaDB, or any server that its driver speaks to. Nothing else in the project names the driver but
//! the stores made of this.

mod address;
mod answer;
mod chosen;
pub(crate) mod clock;
mod cluster;
mod consistency;
mod ending;
mod error;
mod filling;
mod keyspace;
mod schema;
#[cfg(test)]
pub(crate) mod testing;
mod tries;

pub use address::{Address, AddressWrong};
pub use cluster::{Cluster, Login, Options, REQUEST_MAX};
pub use consistency::Consistency;
pub use ending::Nodes;
pub use error::ClusterError;
pub use filling::Filling;
pub use schema::Schema;
pub(crate) use tokio::sync::{Mutex, MutexGuard, OnceCell};
pub(crate) use tries::{Tries, drawn};
