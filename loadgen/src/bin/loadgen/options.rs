//! The command line of `loadgen`: its subcommands, their options, and how a rate and a duration are written.

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use scangate_core::time::Timestamp;
use scangate_loadgen::client::Handshake;
use scangate_loadgen::machine::gateway::MetricsUrl;
use scangate_loadgen::report::slo::Slo;
use scangate_loadgen::scenario::amount::{Rate, length, rate, wait};
use scangate_loadgen::scenario::carriers::{CONNECTIONS_MAX, GatesChanges, HttpNumber, IN_FLIGHT_MAX};
use scangate_loadgen::scenario::{self, RESIDENTS_MAX, ScenarioChanges, VENUES_MAX};
use std::net::SocketAddr;
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
    /// Lists the scenarios, or prints the file of one, to be copied and changed.
    Scenarios {
        /// The scenario whose file is printed.
        #[arg(value_parser = PossibleValuesParser::new(scenario::names()))]
        name: Option<String>,
    },
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
    Run(Box<RunOptions>),
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
    /// Compares the figures of two JSON reports, and shows which became better or worse.
    ///
    /// Each figure has the change of its mean over the runs of each report, and the 95 % confidence interval
    /// of that change (Welch's t interval). A figure is better or worse if the interval excludes 0. A report
    /// needs two runs or more for an interval, so run both with --repeat.
    ///
    /// Exit code 0 means that no figure regressed, and 3 that one became worse by more than --threshold. Exit
    /// code 1 means that a report could not be read, and 4 that one is invalid. Exit code 2 means wrong
    /// usage, or runs that differ in more than the seed.
    Compare(CompareOptions),
    /// Prints the JSON Schema of the reports that `run --json` writes.
    Schema,
    /// Waits for a coordinator and sends its part of a run.
    ///
    /// `loadgen run --workers A,B` is the coordinator. Between machines both need one token, of which a file
    /// has the text. It proves each side to the other, and their connection is encrypted.
    Worker(WorkerCommand),
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

#[derive(Args)]
pub(crate) struct RunOptions {
    /// The built-in scenario to run: see `loadgen scenarios`.
    #[arg(value_parser = PossibleValuesParser::new(scenario::names()), required_unless_present = "scenario")]
    pub(crate) name: Option<String>,
    /// A scenario of your own: a copy of `loadgen scenarios NAME` with changes.
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    pub(crate) scenario: Option<PathBuf>,
    /// Describes the scenario with a curve of its rate, and sends nothing.
    #[arg(long)]
    pub(crate) explain: bool,
    /// The URL of the gateway, such as https://127.0.0.1:8443.
    #[arg(long, required_unless_present = "explain")]
    target: Option<String>,
    /// The gateway's data folder, which holds its certificate and tokens.
    #[arg(long, default_value = "data")]
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) changes: ScenarioOptions,
    /// The seed of the plan; the same seed makes the same run.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Runs the scenario this many times, each with the next seed. The report has all runs together and the
    /// figures of each.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) repeat: u32,
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
    /// The URL of the gateway's metrics, such as http://127.0.0.1:9443/metrics, which is the default for a
    /// gateway on this machine. The report shows the gateway's CPU, backlog and fsyncs by second.
    #[arg(long, value_name = "URL")]
    pub(crate) metrics: Option<MetricsUrl>,
    /// Writes the report as JSON to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Writes the report with its plots as HTML to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Writes the latencies of each second to this file, as an HdrHistogram interval log.
    #[arg(long, value_name = "FILE")]
    pub(crate) hlog: Option<PathBuf>,
    /// A service level that the run must meet, such as p99.9<50ms, rate>19k, errors<0.1% or unanswered<1. The
    /// option can be repeated. Besides errors, the classes are refused, unanswered, broken, not-sent and
    /// late.
    #[arg(long)]
    pub(crate) slo: Vec<Slo>,
    /// Sends the load from these workers, in equal parts, such as 10.0.0.2:7000,10.0.0.3:7000. See `loadgen
    /// worker`.
    #[arg(long, value_name = "ADDR,ADDR", value_delimiter = ',')]
    pub(crate) workers: Vec<SocketAddr>,
    /// The file with the token of the workers, needed unless all of them are on loopback.
    #[arg(long, value_name = "FILE", requires = "workers")]
    pub(crate) worker_token: Option<PathBuf>,
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

impl RunOptions {
    /// The URL of the gateway, which only an explanation lacks.
    pub(crate) fn target(&self) -> &str {
        self.target.as_deref().unwrap_or_default()
    }
}

#[derive(Args)]
pub(crate) struct WorkerCommand {
    /// The address on which it waits.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    /// The file with the token of its coordinator, needed unless the address is on loopback.
    #[arg(long, value_name = "FILE")]
    pub(crate) token: Option<PathBuf>,
    /// Allows a target on another machine. Use it only with the permission of that machine's owner.
    #[arg(long)]
    pub(crate) allow_remote: bool,
}

/// The settings that take the place of the scenario's.
#[derive(Args)]
pub(crate) struct ScenarioOptions {
    /// Scans a second on average, such as 500 or 20k. Rates beside the scans change in proportion.
    #[arg(long, value_parser = rate)]
    rate: Option<Rate>,
    /// The length of the run, such as 30s or 5m.
    #[arg(long = "for", value_parser = length)]
    length: Option<Duration>,
    /// The number of gate connections.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(CONNECTIONS_MAX)))]
    connections: Option<u32>,
    /// Scans in flight on each gate connection. HTTP/1.1 has one.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(IN_FLIGHT_MAX)))]
    in_flight: Option<u32>,
    /// The HTTP version of gate connections: 1, 2 or 3.
    #[arg(long, value_parser = http)]
    http: Option<HttpNumber>,
    /// The TLS handshake of phones.
    #[arg(long)]
    mode: Option<Handshake>,
    /// The number of residents to register; by default 10000, or as many as the rate needs so that each scan
    /// is a check-in of its own.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(RESIDENTS_MAX)))]
    residents: Option<u32>,
    /// The number of venues to register.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(VENUES_MAX)))]
    venues: Option<u32>,
}

impl ScenarioOptions {
    /// The changes to the scenario.
    pub(crate) fn changes(&self) -> ScenarioChanges {
        let Self { rate, length, connections, in_flight, http, mode, residents, venues } = *self;
        let gates = GatesChanges { connections, in_flight, http };
        ScenarioChanges { rate, length, residents, venues, gates, handshake: mode }
    }
}

#[derive(Args)]
pub(crate) struct CompareOptions {
    /// The earlier report.
    pub(crate) before: PathBuf,
    /// The later report.
    pub(crate) after: PathBuf,
    /// The change in percent by which a figure may become worse.
    #[arg(long, value_name = "PERCENT", default_value = "2", value_parser = percent)]
    pub(crate) threshold: f64,
    /// Prints the comparison as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct DoctorOptions {
    /// The built-in scenario of the run; gate if neither it nor a file is given.
    #[arg(value_parser = PossibleValuesParser::new(scenario::names()))]
    pub(crate) name: Option<String>,
    /// The scenario of the run, in a file of your own.
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    pub(crate) scenario: Option<PathBuf>,
    /// The seed of the plan.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// The URL of the gateway, such as https://127.0.0.1:8443. Without it no target is examined.
    #[arg(long)]
    pub(crate) target: Option<String>,
    /// The gateway's data folder, which holds its certificate and tokens.
    #[arg(long, default_value = "data")]
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) changes: ScenarioOptions,
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

fn http(text: &str) -> Result<HttpNumber, String> {
    let number =
        text.parse::<u8>().map_err(|_| format!("`{text}` is not an HTTP version: write 1, 2 or 3"))?;
    HttpNumber::try_from(number).map_err(|error| error.to_string())
}

fn percent(text: &str) -> Result<f64, String> {
    let percent = text.strip_suffix('%').unwrap_or(text).parse::<f64>().ok();
    percent
        .filter(|percent| (0.0..=1e3).contains(percent))
        .ok_or_else(|| format!("`{text}` is not a percentage from 0 to 1000"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_loadgen::limits::RunWaits;

    #[test]
    fn the_waits_default_to_those_of_the_library() {
        let arguments = ["loadgen", "run", "gate", "--target", "https://localhost"];
        let LoadgenCommand::Run(options) = LoadgenCli::parse_from(arguments).command else {
            panic!("these are the arguments of a run")
        };
        let RunOptions { answer_max, late_after, .. } = *options;
        assert_eq!(RunWaits { answer_max, late_after }, RunWaits::default());
    }
}
