//! The wire: addresses, bodies, streams, pages, early data, connections that last, move or reach another
//! gateway.

mod addresses;
mod bodies;
mod described_answers;
mod early_data;
mod fuzzed;
mod idempotency;
mod keep_alive;
mod landing;
mod migration;
mod pages;
mod request_shapes;
mod storing;
mod stream_limits;
mod streams;
