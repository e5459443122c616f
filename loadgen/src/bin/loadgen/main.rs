//! The `loadgen` command.

mod choice;
mod compare;
mod doctor;
mod load;
mod options;
mod reference;
mod replay;
mod target;
mod worker;

use crate::options::{LoadgenCli, LoadgenCommand};
use clap::Parser as _;
use scangate_loadgen::report::report_schema;
use scangate_loadgen::scenario;
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
        LoadgenCommand::Scenarios { name } => list_scenarios(name.as_deref()),
        LoadgenCommand::Doctor(options) => return on_all_cores(doctor::doctor(options)),
        LoadgenCommand::Run(options) => return on_all_cores(load::load(*options)),
        LoadgenCommand::Replay(options) => return on_all_cores(replay::replay_file(options)),
        LoadgenCommand::Compare(options) => return compare::compare_files(&options),
        LoadgenCommand::Schema => println!("{}", serde_json::to_string_pretty(&report_schema())?),
        LoadgenCommand::Worker(options) => return on_all_cores(worker::worker(options)),
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

/// Prints the names of the scenarios, or the file of one.
fn list_scenarios(name: Option<&str>) {
    if let Some(file) = name.and_then(scenario::file) {
        print!("{file}");
        return;
    }
    for (name, summary) in scenario::list() {
        println!("{name:<14} {summary}");
    }
}
