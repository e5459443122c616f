//! The gateway: sockets, threads and clocks around the rules of `scangate-core`. [`rooms`] holds the stages
//! of a check-in. [`serve`] carries requests to them, [`drain`] writes their check-ins to the store, and
//! [`office`] answers everything that is not a scan. [`run`] starts and stops all of it.

pub mod clock;
pub mod config;
pub mod deployment;
pub mod drain;
pub mod fairness;
pub mod office;
pub mod ops;
pub mod rooms;
pub mod run;
pub mod serve;
pub mod store_copy;
pub mod sunset;
pub mod tables;
pub mod wire;
