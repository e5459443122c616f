//! The command line of `loadgen`: its subcommands, their options, and how a rate and a duration are written.

use crate::load::RESIDENTS_MAX;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use scangate_core::time::Timestamp;
use scangate_loadgen::client::Handshake;
use scangate_loadgen::report::slo::Slo;
use std::path::PathBuf;
use std::time::Duration;

/// The environment variables in `--help`.
const ENVIRONMENT: &str = "Environment variables:
  NO_COLOR  Any value but an empty one leaves the colours of the live view out.";

/// Sends the check-ins of a city to a gateway and checks what the gateway stored.
#[derive(Parser)]
#[command(name = "loadgen", version, after_help = ENVIRONMENT)]
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
    /// Exit codes: 0 if every check-in was read back and every service level was met; 1 if a check-in was not
    /// read back, or the run failed or was interrupted; 2 for wrong usage; 3 if a service level was missed; 4
    /// if the run is invalid because loadgen itself was the limit.
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
    /// Scans in flight on each gate connection. HTTP/1.1 has one.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) in_flight: u32,
    /// The HTTP version of gate connections.
    #[arg(long, default_value = "3", value_parser = ["1", "2", "3"])]
    pub(crate) http: String,
    /// The TLS handshake of phones.
    #[arg(long, default_value = "full")]
    pub(crate) mode: Handshake,
    /// The number of residents to register; by default 10000, or as many as the rate needs so that each scan
    /// is a check-in of its own.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(RESIDENTS_MAX)))]
    pub(crate) residents: Option<u32>,
    /// The number of venues to register.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) venues: u32,
    /// The seed of the plan; the same seed makes the same run.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// The longest time from a scan's intended time to its answer, such as 500ms or 30s.
    #[arg(long, default_value = "30s", value_parser = wait)]
    pub(crate) answer_max: Duration,
    /// The time from the intended time after which an acknowledgement counts as late.
    #[arg(long, default_value = "5s", value_parser = wait)]
    pub(crate) late_after: Duration,
    /// The p99 of loadgen's own lag above which the run is invalid, if at least five scans were later.
    #[arg(long, default_value = "20ms", value_parser = wait)]
    pub(crate) lag_max: Duration,
    /// The process id of the gateway, to read its CPU time. By default loadgen finds the process by its port.
    #[arg(long)]
    pub(crate) server_pid: Option<u32>,
    /// Writes the report as JSON to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Writes the report with its plots as HTML to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// A service level that the run must meet, such as p99.9<50ms, rate>19k, errors<0.1% or unanswered<1. The
    /// option can be repeated. Besides errors, the classes are refused, unanswered, broken, not-sent and
    /// late.
    #[arg(long)]
    pub(crate) slo: Vec<Slo>,
    /// Does not read the acknowledged check-ins back. Otherwise loadgen remembers each, with 24 to 48 bytes.
    #[arg(long)]
    pub(crate) no_verify: bool,
    /// Shows no progress on standard error: neither the live view of a terminal nor a line a second.
    #[arg(long)]
    pub(crate) quiet: bool,
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
    let length = time_span(text)?;
    let is_fit = (Duration::from_millis(100)..=Duration::from_secs(86_400)).contains(&length);
    is_fit.then_some(length).ok_or_else(|| format!("`{text}` is not a duration from 0.1 seconds to 24 hours"))
}

/// Reads a wait, of which no histogram of an hour loses sight.
fn wait(text: &str) -> Result<Duration, String> {
    let wait = time_span(text)?;
    let is_fit = (Duration::from_millis(1)..=Duration::from_secs(600)).contains(&wait);
    is_fit.then_some(wait).ok_or_else(|| format!("`{text}` is not a wait from 1 ms to 10 minutes"))
}

fn time_span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a time: write a number and ms, s, m or h");
    let (number, unit) =
        text.split_at(text.find(|letter: char| letter.is_alphabetic()).unwrap_or(text.len()));
    let seconds = match unit {
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err(wrong()),
    };
    let number = number.parse::<f64>().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_loadgen::limits::RunWaits;

    #[test]
    fn times_are_read_with_their_units_and_bounds() {
        assert_eq!(wait("20ms"), Ok(Duration::from_millis(20)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        for text in ["", "5", "ms", "-1s", "NaNs", "5d", "1e400s"] {
            assert!(time_span(text).is_err(), "{text}");
        }
        assert!(wait("0.1ms").is_err() && wait("11m").is_err() && duration("50ms").is_err());
    }

    #[test]
    fn the_waits_default_to_those_of_the_library() {
        let arguments = ["loadgen", "run", "gate", "--target", "https://localhost"];
        let LoadgenCommand::Run(RunOptions { answer_max, late_after, .. }) =
            LoadgenCli::parse_from(arguments).command
        else {
            panic!("these are the arguments of a run")
        };
        assert_eq!(RunWaits { answer_max, late_after }, RunWaits::default());
    }
}
