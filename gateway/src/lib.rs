//! The gateway: sockets, threads and clocks around the rules of `scangate-core`. A check-in's way is in
//! [`rooms`]; who carries it there is in [`serve`] (HTTP/3) and [`http`]; what follows it is in [`batcher`];
//! everything that is not a scan is in [`office`], which asks [`parties`] outside.

pub mod admin;
pub mod assembly;
pub mod batcher;
pub mod channels;
pub mod clock;
pub mod colours;
pub mod config;
pub mod deployment;
pub mod essentials;
pub mod fevers;
pub mod gate;
pub mod headroom;
pub mod http;
pub mod http3;
pub mod intake;
pub mod keyring;
pub mod moving;
pub mod office;
pub mod pace;
pub mod parties;
pub mod policies;
pub mod poster;
pub mod problem;
pub mod recent;
pub mod rooms;
pub mod route;
pub mod serve;
pub mod snapshot;
pub mod store;
pub mod sunset;
pub mod telemetry;
pub mod venues;
