//! `gateway check-config` and `gateway check-policy`: what is wrong with a file, by line.

use scangate_core::policy::Policy;
use scangate_gateway::clock;
use scangate_gateway::config::ConfigSources;
use scangate_gateway::deployment::{self, Identity};
use std::path::Path;

/// Checks a configuration file, and the rule pack, the mark and the certificate that it names. A certificate
/// that clients may refuse is only a warning, because the gateway starts with it. A service manager that runs
/// this before a start would keep the doors shut.
pub(crate) fn config(file: &Path) -> anyhow::Result<()> {
    let config = ConfigSources::of_process(Some(file.to_owned())).read()?.config;
    config.policy.as_deref().map(deployment::policy).transpose()?;
    config.city.shown()?;
    if config.certificate.is_some() {
        let identity = Identity::of(&config)?;
        for fault in identity.faults(clock::now()) {
            eprintln!("warning  {}: {fault}", identity.file().display());
        }
    }
    println!("{}: ok", file.display());
    Ok(())
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
