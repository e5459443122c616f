//! The HTTP protocol without I/O: HTTP/3 as a state machine, the routes of the scan path, and problems.
//! It uses no socket, no QUIC library and none of the rooms.

pub mod http3;
pub mod problem;
pub mod route;
