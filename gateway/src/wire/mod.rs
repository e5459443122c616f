//! The protocols without I/O: HTTP/3 as a state machine, the padding of QUIC, the routes of the scan path,
//! problems, the lines of lists, and what may be stored. It uses no socket, no QUIC library and none of the
//! rooms.

pub mod caching;
pub mod http3;
pub mod limits;
pub mod line_cutter;
pub mod media_type;
pub mod problem;
pub mod quic_padding;
pub mod request_rules;
pub mod route;
pub mod waiting_page;
