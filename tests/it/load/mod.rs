//! The `loadgen` command against the real gateway, and against servers that are no gateway.

mod replay;
mod target;
