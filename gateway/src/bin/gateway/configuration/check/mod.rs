//! `gateway check-config` and `gateway check-policy`: what is wrong with a file, by line. Everything that a
//! configuration names is opened, and all findings are listed.

mod connections;
mod files;
mod machine;

use crate::WARNINGS_ONLY;
use clap::Args;
use scangate_core::policy::Policy;
use scangate_gateway::config::{ConfigError, ConfigSources, EffectiveConfig};
use scangate_gateway::deployment;
use std::path::PathBuf;
use std::process::ExitCode;

/// Checks a configuration and everything that it names: reports each fault with its line. Exits with 0 if all
/// is well, 1 after an error, 2 after warnings only.
#[derive(Args)]
pub(crate) struct CheckConfigOptions {
    /// The file; without it, the environment alone.
    file: Option<PathBuf>,
    /// Also connects: to the cluster, and to the webhooks with their token. No message is sent to anybody.
    #[arg(long)]
    connect: bool,
}

/// One fault. A gateway starts with a warning, and does not start with an error.
#[derive(Debug, Clone, PartialEq, Eq)]
enum CheckFinding {
    Warning(String),
    Error(String),
}

/// Checks a configuration, and prints a line for each finding.
pub(crate) fn config(options: &CheckConfigOptions) -> ExitCode {
    let sources = ConfigSources::of_process(options.file.clone());
    let name = options.file.as_ref().map_or("the environment".to_owned(), |file| file.display().to_string());
    let findings = match sources.read() {
        Ok(effective) => examine(&effective, options.connect),
        Err(error @ ConfigError::Unreadable { .. }) => vec![CheckFinding::Error(error.to_string())],
        Err(ConfigError::Wrong(faults)) => {
            faults.iter().map(|fault| CheckFinding::Error(fault.to_string())).collect()
        }
    };
    let (mut errors, mut warnings) = (0, 0);
    for finding in findings {
        match finding {
            CheckFinding::Warning(text) => {
                warnings += 1;
                eprintln!("warning  {text}");
            }
            CheckFinding::Error(text) => {
                errors += 1;
                eprintln!("error    {text}");
            }
        }
    }
    match (errors, warnings) {
        (0, 0) => {
            println!("{name}: ok");
            ExitCode::SUCCESS
        }
        (0, warnings) => {
            println!("{name}: ok, with {}", counted(warnings, "warning"));
            ExitCode::from(WARNINGS_ONLY)
        }
        (errors, 0) => {
            eprintln!("{name}: {}", counted(errors, "error"));
            ExitCode::FAILURE
        }
        (errors, warnings) => {
            eprintln!("{name}: {}, {}", counted(errors, "error"), counted(warnings, "warning"));
            ExitCode::FAILURE
        }
    }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn examine(effective: &EffectiveConfig, connect: bool) -> Vec<CheckFinding> {
    let mut findings = files::examine(effective);
    findings.extend(machine::examine(effective));
    if connect {
        findings.extend(connections::examine(effective));
    }
    findings
}

/// A text with the place of a key before it.
fn at(effective: &EffectiveConfig, key: &str, text: impl std::fmt::Display) -> String {
    format!("{}: {key}: {text}", effective.origin(key))
}

/// Checks a rule pack and prints where its rules overlap.
pub(crate) fn policy(pack: &str) -> anyhow::Result<()> {
    let text = deployment::policy(pack)?;
    let policy = Policy::parse(&text).map_err(|error| anyhow::anyhow!(error.of_file(pack)))?;
    let overlaps = policy.overlaps();
    for overlap in &overlaps {
        println!("{pack}:{overlap}");
    }
    let (label, rules) = (policy.label(), policy.rules().len());
    println!("{pack}: ok: {label}, {rules} rules, {} overlaps", overlaps.len());
    Ok(())
}
