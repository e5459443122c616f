//! Runs of the `loadgen` command, which cargo builds beside the gateway.

use crate::gateway::{Gateway, binary};
use anyhow::Context as _;
use std::process::{Command, Output};

/// A `loadgen` command that the test runs itself.
pub fn loadgen_command(arguments: &[&str]) -> anyhow::Result<Command> {
    let mut command = Command::new(binary("loadgen")?);
    command.args(arguments);
    Ok(command)
}

/// Runs a `loadgen` command against a gateway to its end.
pub fn run_loadgen(gateway: &Gateway, arguments: &[&str]) -> anyhow::Result<Output> {
    let folder = gateway.folder();
    let data = folder.path().to_str().context("a temporary folder has a plain name")?;
    let target = format!("https://{}", gateway.listen);
    Ok(loadgen_command(arguments)?.args(["--target", &target, "--data", data]).output()?)
}
