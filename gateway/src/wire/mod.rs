//! What HTTP says: HTTP/3 as a state machine, the routes of the scan path, and problems. No socket, no QUIC
//! library and no room.

pub mod http3;
pub mod problem;
pub mod route;
