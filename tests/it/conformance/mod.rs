//! The rules of the RFCs on HTTP/1.1, HTTP/2 and HTTP/3, one row each. Peers that send bytes by hand keep or
//! break them.

mod http1;
mod http2_frames;
mod http2_hpack;
mod http2_peer;
mod http2_requests;
mod http2_settings;
mod http2_streams;
mod http2_windows;
mod http3_peer;
mod http3_requests;
mod http3_streams;
