//! `gateway doctor`: whether this machine is fit for a gateway. Beside a running gateway it looks at that
//! one.

mod data;
mod finding;
mod machine;
mod ports;
mod running;
mod store;

use crate::WARNINGS_ONLY;
use crate::serve::ServeOptions;
use clap::Args;
use finding::{DoctorFinding, Severity};
use running::NeighbourGateway;
use scangate_gateway::config::Config;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Checks this machine for a gateway: disk, memory, limits, network, clock, ports, certificate, secret,
/// store. Beside a running gateway it looks at that one. Exits with 0 if all is well, 1 after an error, 2
/// after warnings only.
#[derive(Args)]
pub(crate) struct DoctorOptions {
    #[command(flatten)]
    serve: ServeOptions,
    /// Prints a JSON object in place of lines.
    #[arg(long)]
    json: bool,
}

/// Prints every finding, with a remedy for each fault.
pub(crate) fn check(options: &DoctorOptions) -> anyhow::Result<ExitCode> {
    let config = options.serve.config()?;
    let neighbour = NeighbourGateway::of(&config);
    let findings = examine(&config, neighbour.as_ref());
    let (errors, warnings) = (count(&findings, Severity::Error), count(&findings, Severity::Warning));
    if options.json {
        println!("{:#}", as_json(&findings, neighbour.is_some()));
    } else {
        findings.iter().for_each(|finding| print!("{}", finding.lines()));
    }
    if errors > 0 {
        eprintln!("gateway: {errors} of these would stop the gateway or its phones");
        return Ok(ExitCode::FAILURE);
    }
    Ok(if warnings > 0 { ExitCode::from(WARNINGS_ONLY) } else { ExitCode::SUCCESS })
}

/// The findings as JSON.
pub(crate) fn report(config: &Config) -> Value {
    let neighbour = NeighbourGateway::of(config);
    as_json(&examine(config, neighbour.as_ref()), neighbour.is_some())
}

fn as_json(findings: &[DoctorFinding], is_running: bool) -> Value {
    let (errors, warnings) = (count(findings, Severity::Error), count(findings, Severity::Warning));
    let findings: Vec<_> = findings.iter().map(DoctorFinding::json).collect();
    json!({"is_running": is_running, "errors": errors, "warnings": warnings, "findings": findings})
}

fn count(findings: &[DoctorFinding], severity: Severity) -> usize {
    findings.iter().filter(|finding| finding.severity == severity).count()
}

/// All findings, also those without a fault.
fn examine(config: &Config, neighbour: Option<&NeighbourGateway>) -> Vec<DoctorFinding> {
    let mut findings = Vec::new();
    findings.extend(neighbour.map(NeighbourGateway::readiness));
    findings.extend(ports::examine(config, neighbour));
    findings.extend(data::examine(config, neighbour));
    findings.extend(machine::examine(config, neighbour));
    findings.extend(store::examine(config));
    findings
}
