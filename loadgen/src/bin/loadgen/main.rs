//! The `loadgen` command.

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand, ValueEnum};
use scangate_loadgen::city::{self, LoadCity};
use scangate_loadgen::client::{Handshake, LoadTarget, Version};
use scangate_loadgen::drive::{Carrier, LoadRun, drive};
use scangate_loadgen::machine::{cpu, doctor};
use scangate_loadgen::plan::{Curve, PlanOptions, plan};
use scangate_loadgen::report::slo::Slo;
use scangate_loadgen::report::{RunReport, RunSettings, compare, html};
use scangate_loadgen::{replay, verify};
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Exit code of a run that missed a service level; 2 is clap's for wrong usage.
const MISSED: u8 = 3;
/// The part of a commute's scans that phones carry; gates carry the rest.
const COMMUTE_PHONES: f64 = 0.8;

/// Makes the load of a city's check-ins and checks what became of it.
#[derive(Parser)]
#[command(name = "loadgen", version)]
struct LoadgenCli {
    #[command(subcommand)]
    command: LoadgenCommand,
}

#[derive(Subcommand)]
enum LoadgenCommand {
    /// Lists the scenarios.
    Scenarios,
    /// Looks whether this machine and the data folder are fit for a run.
    Doctor {
        /// The gateway's data folder.
        #[arg(long, default_value = "data")]
        data: PathBuf,
    },
    /// Runs a scenario, then reads every acknowledged check-in back.
    Run(RunOptions),
    /// Imports real check-ins and compares every co-presence answer with a reckoning of its own.
    Replay(ReplayOptions),
    /// Puts two reports side by side.
    Compare {
        /// The earlier report.
        before: PathBuf,
        /// The later one.
        after: PathBuf,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Gates: connections that stay, many scans on each.
    Gate,
    /// Phones: a connection a scan.
    Phone,
    /// A day's curve of both, with its peaks.
    Commute,
}

#[derive(Args)]
struct RunOptions {
    scenario: Scenario,
    /// The gateway, such as https://127.0.0.1:8443.
    #[arg(long)]
    target: String,
    /// The gateway's data folder: its certificate and tokens.
    #[arg(long, default_value = "data")]
    data: PathBuf,
    /// Scans a second, such as 500 or 20k.
    #[arg(long, default_value = "1k", value_parser = rate)]
    rate: f64,
    /// How long, such as 30s or 5m.
    #[arg(long = "for", default_value = "60s", value_parser = duration)]
    length: Duration,
    /// Connections of gates.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    connections: u32,
    /// Scans in flight on each.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256))]
    in_flight: u32,
    /// HTTP version of gates.
    #[arg(long, default_value = "3", value_parser = ["1", "2", "3"])]
    http: String,
    /// How phones shake hands.
    #[arg(long, default_value = "full")]
    mode: Handshake,
    /// Residents of the city.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=5_000_000))]
    residents: u32,
    /// Venues of the city.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    venues: u32,
    /// The same seed makes the same run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The gateway's process, for its CPU time; found by its port unless given.
    #[arg(long)]
    server_pid: Option<u32>,
    /// Writes the report as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes the report with its plots.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// A level to keep, such as p99<50ms or errors<0.1%.
    #[arg(long)]
    slo: Vec<Slo>,
    /// Leaves out reading back.
    #[arg(long)]
    no_verify: bool,
    /// Lets the target be another machine: yours, or one whose owner has agreed.
    #[arg(long)]
    allow_remote: bool,
}

#[derive(Args)]
struct ReplayOptions {
    /// The register: user, venue, …, time.
    file: PathBuf,
    /// The gateway.
    #[arg(long)]
    target: String,
    /// The gateway's data folder.
    #[arg(long, default_value = "data")]
    data: PathBuf,
    /// People to ask for, spread over the register.
    #[arg(long, default_value_t = 1_500)]
    people: usize,
    /// Lets the target be another machine.
    #[arg(long)]
    allow_remote: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    let (number, factor) = match text.strip_suffix('k') {
        Some(thousands) => (thousands, 1e3),
        None => (text, 1.0),
    };
    let rate = number.parse::<f64>().map(|number| number * factor);
    rate.ok().filter(|rate| (0.1..=5e6).contains(rate)).ok_or_else(|| format!("`{text}` is no rate"))
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) =
        text.split_at(text.find(|letter: char| letter.is_alphabetic()).unwrap_or(text.len()));
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err(format!("`{text}` is no duration: write a number and s, m or h")),
    };
    let length = number.parse::<f64>().ok().map(|number| number * seconds);
    let length = length.filter(|length| (0.1..=86_400.0).contains(length));
    length.map(Duration::from_secs_f64).ok_or_else(|| format!("`{text}` is no duration"))
}

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
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match command {
        LoadgenCommand::Scenarios => {
            for scenario in Scenario::value_variants() {
                let value = scenario.to_possible_value().context("every scenario has a name")?;
                let help = value.get_help().map(ToString::to_string).unwrap_or_default();
                println!("{:<9} {help}", value.get_name());
            }
            Ok(ExitCode::SUCCESS)
        }
        LoadgenCommand::Doctor { data } => {
            Ok(if doctor::look(&data) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        LoadgenCommand::Run(options) => runtime.block_on(load(options)),
        LoadgenCommand::Replay(options) => runtime.block_on(replay_file(options)),
        LoadgenCommand::Compare { before, after } => {
            print!("{}", compare::table(&read_report(&before)?, &read_report(&after)?));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn read_report(path: &Path) -> anyhow::Result<RunReport> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| format!("{} is no report", path.display()))
}

/// The target. Only this machine, unless the other's owner is known to agree. A host that is a name is asked for by it.
fn target(target: &str, data: &Path, allow_remote: bool) -> anyhow::Result<LoadTarget> {
    let host = target.strip_prefix("https://").context("--target must begin with https://")?;
    let host = host.trim_end_matches('/');
    let host = if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        host.to_owned()
    } else {
        format!("{host}:443")
    };
    let mut addresses = host.to_socket_addrs().with_context(|| host.clone())?;
    let address = addresses.find(SocketAddr::is_ipv4).or_else(|| host.to_socket_addrs().ok()?.next());
    let address = address.with_context(|| format!("{host} has no address"))?;
    anyhow::ensure!(
        allow_remote || address.ip().is_loopback(),
        "{address} is another machine: load it only with its owner's word, and --allow-remote"
    );
    let target = LoadTarget::new(address, &data.join("certificate.pem"))?;
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    let is_address = name.parse::<Ipv4Addr>().is_ok() || name.starts_with('[');
    Ok(if is_address { target } else { target.named(name) })
}

async fn load(options: RunOptions) -> anyhow::Result<ExitCode> {
    let target = Arc::new(target(&options.target, &options.data, options.allow_remote)?);
    let authority = city::authorization(&options.data, "authority")?;
    let mut connection = target.connect(Version::Http3).await.context("connecting to the target")?;
    eprintln!("registering {} residents and {} venues", options.residents, options.venues);
    let residents =
        city::residents(&mut connection, &authority, options.seed, options.residents as usize).await?;
    let venues = city::venues(&mut connection, &authority, options.venues as usize).await?;
    let city = Arc::new(LoadCity { venues, residents });
    let shares = shares(&options);
    let carrier = carrier_words(&options);
    let pid = options.server_pid.or_else(|| cpu::listener(target.address));
    let cpu_before = pid.and_then(cpu::used);
    let length = options.length;
    let samples =
        drive(LoadRun { target: Arc::clone(&target), city: Arc::clone(&city), shares, length }).await?;
    let cpu = pid.and_then(cpu::used).zip(cpu_before).map(|(after, before)| after.saturating_sub(before));
    let seen = samples.into_totals();
    let verified = if options.no_verify {
        None
    } else {
        eprintln!("reading {} check-ins back", seen.kept_count);
        Some(verify::verify(&target, &city.residents, &seen.kept).await?)
    };
    let asked = RunSettings {
        scenario: options
            .scenario
            .to_possible_value()
            .map_or_else(String::new, |value| value.get_name().into()),
        rate: options.rate,
        seconds: length.as_secs_f64(),
        carrier,
        residents: city.residents.len(),
        venues: city.venues.len(),
        seed: options.seed,
    };
    conclude(&options, &RunReport::new(asked, &seen, cpu, verified))
}

fn conclude(options: &RunOptions, report: &RunReport) -> anyhow::Result<ExitCode> {
    print!("{}", report.text());
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(report)?;
        std::fs::write(path, text).with_context(|| path.display().to_string())?;
    }
    if let Some(path) = &options.html {
        std::fs::write(path, html::page(report)).with_context(|| path.display().to_string())?;
    }
    let missed: Vec<&Slo> = options.slo.iter().filter(|slo| !slo.is_met(report)).collect();
    for slo in &missed {
        println!("  missed         {slo}");
    }
    let is_well = report.kept > 0 && report.verified.as_ref().is_none_or(verify::VerificationResult::is_ok);
    Ok(if !is_well {
        ExitCode::FAILURE
    } else if missed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(MISSED)
    })
}

fn version(text: &str) -> Version {
    match text {
        "1" => Version::Http1,
        "2" => Version::Http2,
        _ => Version::Http3,
    }
}

fn shares(options: &RunOptions) -> Vec<(Carrier, Vec<scangate_loadgen::plan::PlannedScan>)> {
    let gates = Carrier::Gates {
        connections: options.connections as usize,
        in_flight: options.in_flight as usize,
        version: version(&options.http),
    };
    let phones = Carrier::Phones(options.mode);
    let wish = |rate, curve, seed| PlanOptions {
        rate,
        length: options.length,
        curve,
        residents: options.residents,
        venues: options.venues,
        seed,
    };
    match options.scenario {
        Scenario::Gate => vec![(gates, plan(&wish(options.rate, Curve::Flat, options.seed)))],
        Scenario::Phone => vec![(phones, plan(&wish(options.rate, Curve::Flat, options.seed)))],
        Scenario::Commute => {
            let by_phone = options.rate * COMMUTE_PHONES;
            vec![
                (phones, plan(&wish(by_phone, Curve::Day, options.seed))),
                (gates, plan(&wish(options.rate - by_phone, Curve::Day, options.seed + 1))),
            ]
        }
    }
}

fn carrier_words(options: &RunOptions) -> String {
    let gates = format!(
        "{} connections x {} in flight over HTTP/{}",
        options.connections, options.in_flight, options.http
    );
    let phones = match options.mode {
        Handshake::Full => "a connection a scan, full handshakes",
        Handshake::Resumed => "a connection a scan, resumed",
        Handshake::Early => "a connection a scan, 0-RTT",
    };
    match options.scenario {
        Scenario::Gate => gates,
        Scenario::Phone => phones.to_owned(),
        Scenario::Commute => format!("{phones}; {gates}"),
    }
}

async fn replay_file(options: ReplayOptions) -> anyhow::Result<ExitCode> {
    let visits = replay::read(&options.file)?;
    let target = target(&options.target, &options.data, options.allow_remote)?;
    let authority = city::authorization(&options.data, "authority")?;
    let tracer = city::authorization(&options.data, "tracer")?;
    let replayed = replay::replay(&target, &authority, &tracer, &visits, options.people).await?;
    println!(
        "replay · {} check-ins imported; co-presence over one hop and two equal for {} of {} people",
        replayed.imported, replayed.equal, replayed.asked
    );
    if let Some(difference) = &replayed.difference {
        println!("  first difference: {difference}");
    }
    Ok(if replayed.equal == replayed.asked { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
