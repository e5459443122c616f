//! `gateway store`: a deployment copied to a cluster.

use clap::{Args, Subcommand};
use indicatif::HumanCount;
use scangate_gateway::config::Config;
use scangate_gateway::moving::{self, Copied, Order};
use scangate_gateway::telemetry;
use scangate_storage::cql::Address;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What is done with a store.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Copies a stopped gateway's data folder to a cluster, and compares the two. Goes on where it was interrupted.
    Copy(CopyOptions),
}

/// `embedded:DIR`.
#[derive(Clone)]
struct Embedded(PathBuf);

impl FromStr for Embedded {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let folder = text.strip_prefix("embedded:").filter(|folder| !folder.is_empty());
        folder.map(|folder| Self(folder.into())).ok_or("it is like embedded:DIR, DIR being a data folder")
    }
}

#[derive(Args)]
pub(crate) struct CopyOptions {
    /// The data folder of a gateway that has been stopped.
    #[arg(long, value_name = "embedded:DIR")]
    from: Embedded,
    /// The cluster: `cql://HOST[:PORT][,HOST…]/KEYSPACE`.
    #[arg(long, value_name = "STORE")]
    to: Address,
    /// The configuration: its `cql` and `retention_days` are those of the city.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The deployment's secret; the one in DIR unless set.
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
}

/// Runs a command.
pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    telemetry::start_logs();
    match command {
        Command::Copy(options) => copy(options),
    }
}

fn configured(file: Option<&Path>, secret: Option<PathBuf>) -> anyhow::Result<Config> {
    let mut config = file.map(Config::read).transpose()?.unwrap_or_default();
    config.secret = secret.or(config.secret);
    Ok(config)
}

fn copy(options: CopyOptions) -> anyhow::Result<()> {
    let CopyOptions { from: Embedded(from), to, config, secret } = options;
    let config = configured(config.as_deref(), secret)?;
    let secret = config.secret.clone().unwrap_or_else(|| from.join("secret"));
    let days = config.retention_days;
    let order = Order { from, to, config };
    let Copied { rows, check_ins, left_out } = moving::copy(&order)?;
    println!("copied and verified {} rows and {} check-ins", HumanCount(rows), HumanCount(check_ins));
    if left_out > 0 {
        println!("left out {} check-ins older than {days} days", HumanCount(left_out));
    }
    println!(
        "Start each gateway of the city with --store {to} and this secret, under which the rows are sealed: \
         --secret {secret}. Start none on {from} without --store again.",
        to = order.to,
        secret = secret.display(),
        from = order.from.display(),
    );
    Ok(())
}
