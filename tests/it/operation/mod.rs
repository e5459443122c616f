//! The operator's side: the command line, crashes, the data folder, the deployment's size, and the sunset.

mod commands;
mod crashes;
mod endings;
mod modes;
mod size;
pub(crate) mod sunset;
