//! The measurements, with one file for each subcommand.

pub(crate) mod attack;
pub(crate) mod faults;
pub(crate) mod fresh;
pub(crate) mod gate;
pub(crate) mod generator;
pub(crate) mod idle;
pub(crate) mod memory;
pub(crate) mod overload;
pub(crate) mod phone;
pub(crate) mod recolour;
pub(crate) mod register;
pub(crate) mod stored;
