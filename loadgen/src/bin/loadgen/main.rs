//! The `loadgen` command.

mod compare;
mod doctor;
mod load;
mod options;
mod reference;
mod replay;
mod target;

use crate::options::{LoadgenCli, LoadgenCommand, Scenario};
use anyhow::Context as _;
use clap::{Parser as _, ValueEnum as _};
use scangate_loadgen::report::report_schema;
use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = LoadgenCli::parse();
    match run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("loadgen: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: LoadgenCommand) -> anyhow::Result<ExitCode> {
    match command {
        LoadgenCommand::Scenarios => list_scenarios()?,
        LoadgenCommand::Doctor(options) => return on_all_cores(doctor::doctor(options)),
        LoadgenCommand::Run(options) => return on_all_cores(load::load(options)),
        LoadgenCommand::Replay(options) => return on_all_cores(replay::replay_file(options)),
        LoadgenCommand::Compare(options) => return compare::compare_files(&options),
        LoadgenCommand::Schema => println!("{}", serde_json::to_string_pretty(&report_schema())?),
        LoadgenCommand::Man { subcommand } => {
            reference::man_page(subcommand.as_deref(), &mut io::stdout())?;
        }
        LoadgenCommand::Completions { shell } => reference::completions(shell, &mut io::stdout())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn on_all_cores(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

fn list_scenarios() -> anyhow::Result<()> {
    for scenario in Scenario::value_variants() {
        let value = scenario.to_possible_value().context("every scenario has a name")?;
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        println!("{:<9} {help}", value.get_name());
    }
    Ok(())
}
