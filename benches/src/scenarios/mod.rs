//! The measurements, one file a subcommand.

pub(crate) mod fresh;
pub(crate) mod gate;
pub(crate) mod memory;
pub(crate) mod phone;
pub(crate) mod recolour;
pub(crate) mod register;
pub(crate) mod stored;
