//! The command line of `loadgen`: its subcommands, their options, and how a rate and a duration are written.

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use scangate_core::time::Timestamp;
use scangate_loadgen::client::Handshake;
use scangate_loadgen::report::slo::Slo;
use std::path::PathBuf;
use std::time::Duration;

/// Sends the check-ins of a city to a gateway and checks what the gateway stored.
#[derive(Parser)]
#[command(name = "loadgen", version, after_help = "loadgen reads no environment variables.")]
pub(crate) struct LoadgenCli {
    #[command(subcommand)]
    pub(crate) command: LoadgenCommand,
}

#[derive(Subcommand)]
pub(crate) enum LoadgenCommand {
    /// Lists the scenarios.
    Scenarios,
    /// Checks whether this machine, the data folder and the target are fit for a run.
    ///
    /// Each finding that is not fine has a remedy. Exit codes: 0 if no finding is an error; 1 if one is; 2
    /// for wrong usage.
    Doctor(DoctorOptions),
    /// Runs a scenario, then reads every acknowledged check-in back.
    ///
    /// Exit codes: 0 if every check-in was read back; 1 if one was not, or the run failed; 2 for wrong usage;
    /// 3 if a service level was missed.
    Run(RunOptions),
    /// Imports recorded check-ins and compares every co-presence answer with a brute-force calculation.
    ///
    /// Each row of the file becomes a check-in, or is left out and counted by reason with its line number.
    /// The replay covers at most 13 days; without --from and --to, those that hold the most rows.
    ///
    /// Exit codes: 0 if every row was replayed and every answer was equal; 1 if not, or the replay failed; 2
    /// for wrong usage.
    ///
    /// With --speed it sends each row as a scan in the register's own rhythm, and reads every acknowledged
    /// check-in back. The exit code is then 1 if a scan was not acknowledged.
    Replay(ReplayOptions),
    /// Prints the figures of two JSON reports side by side, with the change in percent.
    Compare {
        /// The earlier report.
        before: PathBuf,
        /// The later report.
        after: PathBuf,
    },
    /// Prints a man page in roff to standard output.
    Man {
        /// The subcommand that the page describes; the page describes loadgen itself if this is left out.
        subcommand: Option<String>,
    },
    /// Prints a shell's completion script to standard output.
    Completions {
        /// The shell that reads the script.
        shell: Shell,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// Gates: connections that stay open, many scans on each.
    Gate,
    /// Phones: a new connection for each scan.
    Phone,
    /// Gates and phones together over a day's curve, with its peaks.
    Commute,
}

#[derive(Args)]
pub(crate) struct RunOptions {
    /// The scenario to run.
    pub(crate) scenario: Scenario,
    /// The URL of the gateway, such as https://127.0.0.1:8443.
    #[arg(long)]
    pub(crate) target: String,
    /// The gateway's data folder, which holds its certificate and tokens.
    #[arg(long, default_value = "data")]
    pub(crate) data: PathBuf,
    /// Scans a second, such as 500 or 20k.
    #[arg(long, default_value = "1k", value_parser = rate)]
    pub(crate) rate: f64,
    /// The length of the run, such as 30s or 5m.
    #[arg(long = "for", default_value = "60s", value_parser = duration)]
    pub(crate) length: Duration,
    /// The number of gate connections.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) connections: u32,
    /// Scans in flight on each gate connection.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) in_flight: u32,
    /// The HTTP version of gate connections.
    #[arg(long, default_value = "3", value_parser = ["1", "2", "3"])]
    pub(crate) http: String,
    /// The TLS handshake of phones.
    #[arg(long, default_value = "full")]
    pub(crate) mode: Handshake,
    /// The number of residents to register.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=5_000_000))]
    pub(crate) residents: u32,
    /// The number of venues to register.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) venues: u32,
    /// The seed of the plan; the same seed makes the same run.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// The process id of the gateway, to read its CPU time. By default loadgen finds the process by its port.
    #[arg(long)]
    pub(crate) server_pid: Option<u32>,
    /// Writes the report as JSON to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Writes the report with its plots as HTML to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// A service level that the run must meet, such as p99<50ms or errors<0.1%. The option can be repeated.
    #[arg(long)]
    pub(crate) slo: Vec<Slo>,
    /// Does not read the acknowledged check-ins back.
    #[arg(long)]
    pub(crate) no_verify: bool,
    /// Allows a target on another machine. Use it only with the permission of that machine's owner.
    #[arg(long)]
    pub(crate) allow_remote: bool,
}

#[derive(Args)]
pub(crate) struct DoctorOptions {
    /// The URL of the gateway, such as https://127.0.0.1:8443. Without it no target is examined.
    #[arg(long)]
    pub(crate) target: Option<String>,
    /// The gateway's data folder, which holds its certificate and tokens.
    #[arg(long, default_value = "data")]
    pub(crate) data: PathBuf,
    /// The rate of the run: scans a second, such as 500 or 20k.
    #[arg(long, default_value = "1k", value_parser = rate)]
    pub(crate) rate: f64,
    /// The length of the run, such as 30s or 5m.
    #[arg(long = "for", default_value = "60s", value_parser = duration)]
    pub(crate) length: Duration,
    /// The number of gate connections of the run.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) connections: u32,
    /// The HTTP version of the gate connections. Those over HTTP/3 share one descriptor and one port.
    #[arg(long, default_value = "3", value_parser = ["1", "2", "3"])]
    pub(crate) http: String,
    /// The number of residents of the run.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=5_000_000))]
    pub(crate) residents: u32,
    /// Prints the findings as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Allows a target on another machine. Use it only with the permission of that machine's owner.
    #[arg(long)]
    pub(crate) allow_remote: bool,
}

#[derive(Args)]
pub(crate) struct ReplayOptions {
    /// A file of recorded check-ins with the columns user, venue, …, time, separated by tabs, commas or
    /// semicolons.
    pub(crate) file: PathBuf,
    /// Replays only the rows from this time on, such as 2012-04-03T00:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<Timestamp>,
    /// Replays only the rows before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) to: Option<Timestamp>,
    /// The URL of the gateway, such as https://127.0.0.1:8443.
    #[arg(long)]
    pub(crate) target: String,
    /// The gateway's data folder, which holds its certificate and tokens.
    #[arg(long, default_value = "data")]
    pub(crate) data: PathBuf,
    /// The maximum number of people to query, spread evenly over the file.
    #[arg(long, default_value_t = 1_500, conflicts_with = "speed")]
    pub(crate) people: usize,
    /// Sends the rows as scans, this many times as fast as they were recorded, such as x10.
    #[arg(long, value_parser = speed)]
    pub(crate) speed: Option<f64>,
    /// Allows a target on another machine. Use it only with the permission of that machine's owner.
    #[arg(long)]
    pub(crate) allow_remote: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    let (number, factor) = match text.strip_suffix('k') {
        Some(thousands) => (thousands, 1e3),
        None => (text, 1.0),
    };
    let rate = number.parse::<f64>().ok().map(|number| number * factor);
    rate.filter(|rate| (0.1..=5e6).contains(rate))
        .ok_or_else(|| format!("`{text}` is not a rate from 0.1 to 5000k scans a second"))
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.strip_prefix('x').unwrap_or(text).parse::<f64>().ok();
    speed
        .filter(|speed| (0.1..=1e6).contains(speed))
        .ok_or_else(|| format!("`{text}` is not a speed from x0.1 to x1000000"))
}

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| format!("`{text}` is not a time such as 2012-04-03T00:00:00Z"))
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) =
        text.split_at(text.find(|letter: char| letter.is_alphabetic()).unwrap_or(text.len()));
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err(format!("`{text}` is not a duration: write a number and s, m or h")),
    };
    let length = number.parse::<f64>().ok().map(|number| number * seconds);
    let length = length.filter(|length| (0.1..=86_400.0).contains(length));
    length
        .map(Duration::from_secs_f64)
        .ok_or_else(|| format!("`{text}` is not a duration from 0.1 seconds to 24 hours"))
}
