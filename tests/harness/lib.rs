//! The harness: starts the real server on loopback, gives tests its clients and tokens, and fails on a
//! warning that nobody expected.

mod gateway;
mod town;

pub use gateway::{Expect, Gateway};
pub use town::{Sent, Town, send};
