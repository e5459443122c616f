//! The wire: addresses, bodies, streams, early data, connections that migrate or reach another gateway.

mod addresses;
mod bodies;
mod described_answers;
mod early_data;
mod fuzzed;
mod idempotency;
mod landing;
mod migration;
mod request_shapes;
mod storing;
mod streams;
