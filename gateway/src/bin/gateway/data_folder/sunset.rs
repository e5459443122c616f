//! `gateway sunset`: ends a deployment, or checks the report of one that has ended.

use crate::refuse_options;
use anyhow::bail;
use clap::Args;
use scangate_gateway::config::{Config, ConfigSources, LogSetting, StoreLocation};
use scangate_gateway::ops::telemetry;
use scangate_gateway::sunset::{self, PublicKey, SunsetJob, SunsetOutcome};
use std::path::{Path, PathBuf};

/// Ends a deployment permanently; with --key or --verify it only prints the key or checks a report.
#[derive(Args)]
pub(crate) struct SunsetOptions {
    /// The data folder of a gateway that has been stopped.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The store of trails and registry: `embedded`, or `cql://HOST[:PORT][,HOST…]/KEYSPACE`.
    #[arg(long, value_name = "STORE")]
    store: Option<StoreLocation>,
    /// The file of the deployment's secret, if it is outside DIR. It is not deleted.
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
    /// The report's file, outside DIR.
    #[arg(long, value_name = "FILE", default_value = "sunset-report.json")]
    report: PathBuf,
    /// Confirms the end: DIR's absolute path, or the keyspace's name. Without it, lists what would be
    /// deleted.
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
    /// Checks a report and prints it. Nothing else is read.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "config", "store", "secret", "confirm"])]
    verify: Option<PathBuf>,
    /// Prints the public key that will sign the report, before the deployment ends. With --verify: the key
    /// that must have signed it.
    #[arg(long, value_name = "HEX", conflicts_with = "confirm")]
    #[expect(clippy::option_option, reason = "absent, alone, or with a key")]
    key: Option<Option<PublicKey>>,
}

/// Runs the command.
pub(crate) fn run(options: SunsetOptions) -> anyhow::Result<()> {
    match (&options.verify, options.key) {
        (Some(file), None) => verify(file, None),
        (Some(file), Some(Some(key))) => verify(file, Some(key)),
        (None, Some(None)) => {
            println!("{}", sunset::key(&options.config()?)?);
            Ok(())
        }
        (None, None) => end(options),
        (Some(_), Some(None)) => refuse_options("--key with --verify needs the key"),
        (None, Some(Some(_))) => refuse_options("--key with a key needs --verify"),
    }
}

impl SunsetOptions {
    /// The configuration in force.
    fn config(&self) -> anyhow::Result<Config> {
        let sources = ConfigSources::of_process(self.config.clone())
            .with("--data", "data", self.data.as_deref().map(Path::display))
            .with("--store", "store", self.store.as_ref())
            .with("--secret", "secret", self.secret.as_deref().map(Path::display));
        Ok(sources.read()?.config)
    }
}

fn end(options: SunsetOptions) -> anyhow::Result<()> {
    telemetry::start_logs(&LogSetting::default())?;
    let job = SunsetJob { config: options.config()?, report: options.report, confirm: options.confirm };
    match sunset::end(&job)? {
        SunsetOutcome::Unconfirmed { inventory, name } => {
            println!("This would be deleted permanently:\n\n{inventory}");
            bail!("nothing was touched; --confirm {name} does it")
        }
        SunsetOutcome::Ended { report, path } => {
            println!("{report}\nThe report is {}.", path.display());
            Ok(())
        }
    }
}

fn verify(file: &Path, key: Option<PublicKey>) -> anyhow::Result<()> {
    let (report, signer) = sunset::verify(file, key)?;
    println!("{} is unchanged since it was signed by {signer}", file.display());
    if key.is_none() {
        println!(
            "The file does not prove that this is the deployment's key: compare it with the key that `gateway sunset \
             --key` printed before the end, or pass that key by --key."
        );
    }
    println!("\n{report}");
    Ok(())
}
