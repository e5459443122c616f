//! The wire: streams, early data, connections that migrate or reach another gateway.

mod early_data;
mod landing;
mod migration;
mod streams;
