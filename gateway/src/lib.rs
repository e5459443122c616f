//! The Scangate server: sockets, threads and clocks around the rules of `scangate-core`.

pub mod http3;
