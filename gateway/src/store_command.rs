//! `gateway store`: a deployment copied to a cluster, and the gateways that a city on a cluster waits for.

use anyhow::ensure;
use clap::{Args, Subcommand};
use indicatif::{HumanCount, HumanDuration};
use scangate_core::time::Timestamp;
use scangate_gateway::config::Config;
use scangate_gateway::moving::{self, Copied, Order};
use scangate_gateway::{clock, deployment, store, telemetry};
use scangate_storage::cql::{Address, Schema};
use scangate_storage::registry::Registry;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// How long the cluster's first answer is waited for.
const CONNECT_MAX: Duration = Duration::from_secs(20);
/// Digits of a gateway's number.
const NUMBER_DIGITS: usize = 16;

/// What is done with a store.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Copies a stopped gateway's data folder to a cluster, and compares the two. Goes on where it was interrupted.
    Copy(CopyOptions),
    /// Lists the gateways that the city waits for before it calls its trails complete.
    Gateways(City),
    /// Lets the city wait no more for a gateway that is gone for good.
    Retire(Retire),
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

#[derive(Args)]
pub(crate) struct City {
    /// The cluster: `cql://HOST[:PORT][,HOST…]/KEYSPACE`.
    #[arg(long, value_name = "STORE")]
    store: Address,
    /// The configuration, for its `cql`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The city's secret.
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Retire {
    /// The gateway's number: 16 digits, as `gateway store gateways` prints it and the file `gateway` in its data
    /// folder has it.
    #[arg(value_parser = number)]
    number: u64,
    #[command(flatten)]
    city: City,
    /// Does it.
    #[arg(long)]
    yes: bool,
}

/// Runs a command.
pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    telemetry::start_logs();
    match command {
        Command::Copy(options) => copy(options),
        Command::Gateways(city) => gateways(city),
        Command::Retire(options) => retire(options),
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

fn open(city: City) -> anyhow::Result<Registry> {
    let City { store, config, data, secret } = city;
    let config = configured(config.as_deref(), secret)?;
    let secret = deployment::existing_secret(&data.unwrap_or(config.data), config.secret.as_deref())?;
    let cluster = Arc::new(store::cluster(&store, &config.cql, Schema::Make)?);
    cluster.connect(CONNECT_MAX)?;
    Ok(Registry::clustered(cluster, &secret)?)
}

fn gateways(city: City) -> anyhow::Result<()> {
    let mut gateways = open(city)?.drained()?;
    gateways.sort_unstable_by_key(|(_, through)| *through);
    let now = clock::now();
    for (number, through) in gateways {
        println!("{number:016x}  {}", drained(through, now));
    }
    Ok(())
}

/// How far a gateway is.
fn drained(through: Timestamp, now: Timestamp) -> String {
    format!("drained through {through}, {} ago", HumanDuration(Duration::from_millis(now.since_ms(through))))
}

fn retire(options: Retire) -> anyhow::Result<()> {
    let Retire { number, city, yes } = options;
    let registry = open(city)?;
    let known = registry.drained()?.into_iter().find(|(gateway, _)| *gateway == number);
    let Some((_, through)) = known else {
        anyhow::bail!("the city does not wait for gateway {number:016x}");
    };
    eprintln!(
        "Gateway {number:016x}, {}. What is in its journal from then on is lost to tracers until a gateway is \
         started on its data folder again; answers will call themselves complete without it.",
        drained(through, clock::now())
    );
    ensure!(yes, "nothing was done; --yes does it");
    registry.report_empty(number)?;
    println!("the city waits for gateway {number:016x} no more");
    Ok(())
}

/// A gateway's number.
fn number(text: &str) -> Result<u64, String> {
    let is_one = text.len() == NUMBER_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = is_one.then(|| u64::from_str_radix(text, 16).ok());
    number.flatten().ok_or_else(|| format!("it has {NUMBER_DIGITS} digits of 0-9 and a-f"))
}
