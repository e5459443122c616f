//! The parts that scenarios share: servers and clients on a core each, a city to scan in, and figures with their spread.

pub(crate) mod client;
pub(crate) mod machine;
pub(crate) mod scanning;
pub(crate) mod server;
pub(crate) mod spread;
pub(crate) mod token;
pub(crate) mod town;
pub(crate) mod turn;
pub(crate) mod wire;
