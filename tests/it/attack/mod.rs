//! Peers that hold what they get: requests that never come whole, connections that say nothing, readers that
//! do not read. They cost the other clients nothing.

mod amplification;
mod half_requests;
mod rules;
mod silence;
mod silence_http3;
mod unread;
