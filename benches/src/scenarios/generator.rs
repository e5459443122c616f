//! The load generator's own share of a latency: it measures a server whose delay is known, and h2load
//! measures the same server at the same rate.

use crate::harness::machine::{self, Core};
use crate::harness::server::{Server, ServerKind};
use crate::harness::spread::Spread;
use crate::peers::delayed::DELAY;
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use scangate_loadgen::city::LoadCity;
use scangate_loadgen::client::{LoadTarget, Version};
use scangate_loadgen::drive::{Carrier, LoadRun, drive};
use scangate_loadgen::interrupt::Interruption;
use scangate_loadgen::machine::cpu;
use scangate_loadgen::plan::{Plan, PlanOptions};
use scangate_loadgen::sample::{KeptAnswers, RunTotals};
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// The venues of the city.
const VENUES: u32 = 200;
/// The body that h2load sends. It is as long as a scan, and the server does not look into it.
const BODY_BYTES: usize = 160;

/// The command-line options of the measurement.
#[derive(Args)]
pub(crate) struct GeneratorOptions {
    /// A load generator beside which loadgen is measured over HTTP/2.
    #[arg(long, value_enum)]
    peer: Option<GeneratorPeer>,
    /// The rate. **Units**: scans a second.
    #[arg(long, default_value_t = 1_000)]
    rate: u32,
    /// The length of each measurement. **Units**: seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// The number of rounds, in each of which the generators and versions take turns.
    #[arg(long, default_value_t = 5)]
    rounds: u64,
    /// The number of connections.
    #[arg(long, default_value_t = 8)]
    connections: u32,
    /// Scans in flight on each connection. HTTP/1.1 has one.
    #[arg(long, default_value_t = 8)]
    in_flight: usize,
}

/// A load generator beside which loadgen is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GeneratorPeer {
    /// h2load, of Debian's package nghttp2-client.
    H2load,
}

/// The figures of a generator over the rounds.
#[derive(Default)]
struct GeneratorSpread {
    /// The rate of answers. **Units**: scans a second.
    rate: Spread,
    /// The median time from sending to the answer. **Units**: milliseconds.
    service: Spread,
    /// The median time from the intended time to the answer. **Units**: milliseconds.
    response: Spread,
    /// The 99th percentile of the latter. **Units**: milliseconds.
    response_p99: Spread,
    /// The median lag. **Units**: milliseconds.
    lag: Spread,
    /// The generator's CPU time a scan. **Units**: microseconds.
    cpu: Spread,
}

/// Runs the measurement and prints its figures.
pub(crate) fn measure(options: &GeneratorOptions) -> anyhow::Result<()> {
    let server = Server::start(ServerKind::Delayed)?;
    let PlanOptions { residents, venues, .. } = plan_options(options, 0);
    let city = Arc::new(LoadCity::made_up(residents, venues));
    println!(
        "{}/s to a server that answers after {} ms; {} connections x {} in flight, {} rounds of {} s",
        options.rate,
        DELAY.as_millis(),
        options.connections,
        options.in_flight,
        options.rounds,
        options.seconds
    );
    println!("ms: the median of the rounds (least to most)");
    // The server has the other core.
    machine::pin(Core::Client)?;
    let mut spreads: BTreeMap<&str, GeneratorSpread> = BTreeMap::new();
    for round in 0..options.rounds {
        for (name, version) in [
            ("loadgen, HTTP/1.1", Version::Http1),
            ("loadgen, HTTP/2", Version::Http2),
            ("loadgen, HTTP/3", Version::Http3),
        ] {
            run_loadgen(&server, &city, options, version, round, spreads.entry(name).or_default())?;
        }
        if options.peer == Some(GeneratorPeer::H2load) {
            run_h2load(&server, options, spreads.entry("h2load, HTTP/2").or_default())?;
        }
    }
    machine::unpin()?;
    println!(
        "{:<18}{:<26}{:<26}{:<26}{:<26}{:<10}CPU, us",
        "generator", "service p50", "response p50", "response p99", "lag p50", "rate/s"
    );
    for (name, spread) in &spreads {
        let GeneratorSpread { rate, service, response, response_p99, lag, cpu } = spread;
        let [service, response, p99, lag] = [service, response, response_p99, lag].map(ms);
        let cpu = if cpu.median().is_nan() { "-".to_owned() } else { format!("{:.1}", cpu.median()) };
        let rate = rate.median();
        println!("{name:<18}{service:<26}{response:<26}{p99:<26}{lag:<26}{rate:<10.0}{cpu}");
    }
    Ok(())
}

fn ms(spread: &Spread) -> String {
    let [least, median, most] = [0.0, 0.5, 1.0].map(|share| spread.quantile(share));
    if median.is_nan() { "-".to_owned() } else { format!("{median:.2} ({least:.2} to {most:.2})") }
}

fn plan_options(options: &GeneratorOptions, seed: u64) -> PlanOptions {
    let (rate, length) = (f64::from(options.rate), Duration::from_secs(options.seconds));
    let residents = options.rate.max(1_000);
    PlanOptions { rate, length, residents, venues: VENUES, seed, ..PlanOptions::default() }
}

fn run_loadgen(
    server: &Server,
    city: &Arc<LoadCity>,
    options: &GeneratorOptions,
    version: Version,
    round: u64,
    spread: &mut GeneratorSpread,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let _inside = runtime.enter();
    let target = Arc::new(LoadTarget::new(server.address, &server.certificate())?);
    let (connections, in_flight) = (options.connections as usize, options.in_flight);
    let gates = Carrier::Gates { connections, in_flight, version };
    let run = LoadRun::new(target, Arc::clone(city), gates, Plan::new(plan_options(options, round))?);
    let run = LoadRun { keep: KeptAnswers::Count, ..run };
    let before = cpu::used(std::process::id()).context("this process runs")?;
    let totals = runtime.block_on(drive(run, Interruption::never()))?;
    let used = cpu::used(std::process::id()).context("this process runs")? - before;
    let RunTotals { outcomes, response, service, lag, wall, .. } = totals;
    anyhow::ensure!(outcomes.errors() == 0 && outcomes.acknowledged > 0, "scans failed: {outcomes:?}");
    let ms = |us: u64| us as f64 / 1e3;
    spread.rate.push(outcomes.acknowledged as f64 / wall.as_secs_f64());
    spread.service.push(ms(service.value_at_quantile(0.5)));
    spread.response.push(ms(response.value_at_quantile(0.5)));
    spread.response_p99.push(ms(response.value_at_quantile(0.99)));
    spread.lag.push(ms(lag.value_at_quantile(0.5)));
    spread.cpu.push(used.as_secs_f64() * 1e6 / outcomes.acknowledged as f64);
    Ok(())
}

fn run_h2load(
    server: &Server,
    options: &GeneratorOptions,
    spread: &mut GeneratorSpread,
) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (body, log) = (folder.path().join("body"), folder.path().join("log"));
    fs::write(&body, "b".repeat(BODY_BYTES))?;
    let output = Command::new("h2load")
        .arg(format!("--rps={}", f64::from(options.rate) / f64::from(options.connections)))
        .arg(format!("--duration={}", options.seconds))
        .arg(format!("--clients={}", options.connections))
        .arg(format!("--max-concurrent-streams={}", options.in_flight))
        .args(["--threads=1", "--header=content-type: application/json", "--data"])
        .arg(&body)
        .arg("--log-file")
        .arg(&log)
        .arg(format!("https://{}/v1/check-ins", server.address))
        .output()
        .context("h2load, of Debian's package nghttp2-client")?;
    anyhow::ensure!(output.status.success(), "h2load: {}", String::from_utf8_lossy(&output.stderr));
    let mut took = Spread::default();
    let lines = fs::read_to_string(&log)?;
    for line in lines.lines() {
        let mut fields = line.split('\t').skip(1);
        let (status, us) = (fields.next(), fields.next());
        anyhow::ensure!(status == Some("200"), "h2load got another answer: {line}");
        took.push(us.context("a third column in h2load's log")?.parse::<f64>()? / 1e3);
    }
    anyhow::ensure!(!took.median().is_nan(), "h2load made no request");
    spread.rate.push(lines.lines().count() as f64 / options.seconds as f64);
    spread.service.push(took.median());
    Ok(())
}
