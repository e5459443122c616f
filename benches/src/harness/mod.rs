//! The parts that scenarios share: a server and a client on one core each, a city, and figures with their
//! spread.

pub(crate) mod client;
pub(crate) mod machine;
pub(crate) mod scanning;
pub(crate) mod server;
pub(crate) mod spread;
pub(crate) mod token;
pub(crate) mod town;
pub(crate) mod turn;
pub(crate) mod wire;
