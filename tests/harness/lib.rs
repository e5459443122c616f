//! The harness: starts the real server on loopback, gives tests its clients and tokens, and fails on a
//! warning that nobody expected.

mod between;
pub mod city;
mod clock;
mod command;
mod gateway;
mod party;
mod relay;
mod town;

pub use between::Between;
pub use city::City;
pub use clock::Clock;
pub use command::{assert_done, assert_refused, told};
pub use gateway::{Expect, Gateway};
pub use party::{Asked, Manner, Party};
pub use relay::Relay;
pub use town::{
    CITIES_EAST_MS, Sent, Town, away_from_midnight, eventually, is_complete, refused, send, tick,
};
