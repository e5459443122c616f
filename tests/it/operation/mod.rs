//! The operator's side: the command line, crashes, the deployment's size, and the sunset.

mod commands;
mod crashes;
mod endings;
mod size;
pub(crate) mod sunset;
