//! `gateway store`: copies a deployment to a cluster, and manages the gateways for which a city waits.

use anyhow::ensure;
use clap::{Args, Subcommand};
use indicatif::{HumanCount, HumanDuration};
use scangate_core::time::Timestamp;
use scangate_gateway::clock;
use scangate_gateway::config::{Config, ConfigSources, LogSetting};
use scangate_gateway::deployment;
use scangate_gateway::deployment::store::{self, retried};
use scangate_gateway::ops::telemetry;
use scangate_gateway::store_copy::{self, CopyJob, CopySummary};
use scangate_storage::cql::{Address, Schema};
use scangate_storage::registry::Registry;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// How long the command waits for the cluster's first answer.
const CONNECT_MAX: Duration = Duration::from_secs(20);
/// Digits of a gateway's number.
const NUMBER_DIGITS: usize = 16;

#[derive(Subcommand)]
pub(crate) enum StoreCommand {
    /// Copies a stopped gateway's data folder to a cluster and compares the two. Resumes after an
    /// interruption.
    Copy(CopyOptions),
    /// Lists the gateways that the city waits for before it calls its trails complete.
    Gateways(CityOptions),
    /// Removes a gateway that will never return from those for which the city waits.
    Retire(RetireOptions),
}

/// `embedded:DIR`.
#[derive(Clone)]
struct Embedded(PathBuf);

impl FromStr for Embedded {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let folder = text.strip_prefix("embedded:").filter(|folder| !folder.is_empty());
        folder.map(|folder| Self(folder.into())).ok_or("write embedded:DIR, where DIR is a data folder")
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
    /// The configuration file; its `cql` and `retention_days` are the city's.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The file of the deployment's secret [default: `secret` in DIR].
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct CityOptions {
    /// The cluster: `cql://HOST[:PORT][,HOST…]/KEYSPACE`.
    #[arg(long, value_name = "STORE")]
    store: Address,
    /// The configuration file, for its `cql`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The file of the city's secret.
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct RetireOptions {
    /// The gateway's number: 16 digits, as `gateway store gateways` prints it and the file `gateway` in its
    /// data folder has it.
    #[arg(value_parser = number)]
    number: u64,
    #[command(flatten)]
    city: CityOptions,
    /// Confirms the removal.
    #[arg(long)]
    yes: bool,
}

/// Runs a command.
pub(crate) fn run(command: StoreCommand) -> anyhow::Result<()> {
    telemetry::start_logs(&LogSetting::default())?;
    match command {
        StoreCommand::Copy(options) => copy(options),
        StoreCommand::Gateways(city) => gateways(city),
        StoreCommand::Retire(options) => retire(options),
    }
}

fn configured(file: Option<PathBuf>, secret: Option<&Path>) -> anyhow::Result<Config> {
    let sources = ConfigSources::of_process(file).with("--secret", "secret", secret.map(Path::display));
    Ok(sources.read()?.config)
}

fn copy(options: CopyOptions) -> anyhow::Result<()> {
    let CopyOptions { from: Embedded(from), to, config, secret } = options;
    let config = configured(config, secret.as_deref())?;
    let secret = config.secret.clone().unwrap_or_else(|| from.join("secret"));
    let days = config.retention_days;
    let job = CopyJob { from, to, config };
    let CopySummary { rows, check_ins, expired } = store_copy::copy(&job)?;
    println!("copied and verified {} rows and {} check-ins", HumanCount(rows), HumanCount(check_ins));
    if expired > 0 {
        println!("left out {} check-ins older than {days} days", HumanCount(expired));
    }
    println!(
        "Start each gateway of the city with --store {to} and this secret, under which the rows are sealed: \
         --secret {secret}. Start none on {from} without --store again.",
        to = job.to,
        secret = secret.display(),
        from = job.from.display(),
    );
    Ok(())
}

fn open(city: CityOptions) -> anyhow::Result<Registry> {
    let CityOptions { store, config, data, secret } = city;
    let config = configured(config, secret.as_deref())?;
    let secret = deployment::existing_secret(&data.unwrap_or(config.data), config.secret.as_deref())?;
    let cluster = Arc::new(store::cluster(&store, &config.cql, Schema::Make)?);
    cluster.connect(CONNECT_MAX)?;
    Ok(Registry::clustered(cluster, &secret)?)
}

fn gateways(city: CityOptions) -> anyhow::Result<()> {
    let registry = open(city)?;
    let mut gateways = retried(|| registry.drained())?;
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

fn retire(options: RetireOptions) -> anyhow::Result<()> {
    let RetireOptions { number, city, yes } = options;
    let registry = open(city)?;
    let known = retried(|| registry.drained())?.into_iter().find(|(gateway, _)| *gateway == number);
    let Some((_, through)) = known else {
        anyhow::bail!("the city does not wait for gateway {number:016x}");
    };
    eprintln!(
        "Gateway {number:016x}, {}. Tracers lose what its journal holds from then on, until a gateway starts on its \
         data folder again. Answers will report themselves complete without it.",
        drained(through, clock::now())
    );
    ensure!(yes, "nothing was changed; confirm with --yes");
    retried(|| registry.report_empty(number))?;
    println!("the city no longer waits for gateway {number:016x}");
    Ok(())
}

/// A gateway's number.
fn number(text: &str) -> Result<u64, String> {
    let is_one = text.len() == NUMBER_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = is_one.then(|| u64::from_str_radix(text, 16).ok());
    number.flatten().ok_or_else(|| format!("it has {NUMBER_DIGITS} digits of 0-9 and a-f"))
}
