//! `gateway upgrade`: what this version changes in a deployment of an earlier one.

use crate::WARNINGS_ONLY;
use crate::serve::ServeOptions;
use clap::Args;
use scangate_gateway::config::LogSetting;
use scangate_gateway::ops::telemetry;
use scangate_gateway::ops::upgrade::{self, UpgradePart, UpgradePlan};
use std::process::ExitCode;

/// Brings the data folder of a stopped gateway and its keyspace to this version's formats, as a start does.
/// With `--dry-run` it only lists what would change, also beside a running gateway. It then exits with 0 if
/// nothing would change, 2 if something would, and 1 if this version cannot serve the deployment.
#[derive(Args)]
pub(crate) struct UpgradeOptions {
    #[command(flatten)]
    serve: ServeOptions,
    /// Lists what would change, and changes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Prints a JSON object in place of lines.
    #[arg(long)]
    json: bool,
}

/// Lists the changes, and makes them unless the run is a dry one.
pub(crate) fn run(options: &UpgradeOptions) -> anyhow::Result<ExitCode> {
    telemetry::start_logs(&LogSetting::default())?;
    let config = options.serve.config()?;
    let plan = upgrade::plan(&config)?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&plan)?);
    } else {
        print!("{}", lines(&plan, options.dry_run));
    }
    if plan.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    if options.dry_run {
        return Ok(ExitCode::from(WARNINGS_ONLY));
    }
    upgrade::upgrade(&config)?;
    if !options.json {
        println!("done: start the gateway");
    }
    Ok(ExitCode::SUCCESS)
}

/// The plan for a terminal.
fn lines(plan: &UpgradePlan, is_dry: bool) -> String {
    let mut lines = String::new();
    for UpgradePart { part, found, changes } in &plan.parts {
        lines += &format!("{part:12} {found}\n");
        for change in changes {
            lines += &format!("{:12} - {change}\n", "");
        }
    }
    let version = plan.version;
    lines += &match (plan.is_empty(), is_dry) {
        (true, _) => format!("Nothing changes: it has the formats of version {version}.\n"),
        (false, true) => format!(
            "A start of version {version} changes this, and an earlier version cannot read it afterwards: run \
             `gateway backup` first.\n"
        ),
        (false, false) => String::new(),
    };
    lines
}
