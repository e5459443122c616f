//! The operator's side: the command line, the configuration, certificates, crashes, the status, the data
//! folder, the deployment's size, and the sunset.

mod admin;
mod certificates;
mod commands;
mod configuration;
pub(crate) mod crashes;
mod doctor;
mod endings;
mod logs;
mod modes;
mod reload;
mod size;
pub(crate) mod status;
pub(crate) mod sunset;
pub(crate) mod supervision;
