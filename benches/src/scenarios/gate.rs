//! M1: the server's maximum rate on connections that stay open, with a fixed number of check-ins in flight on
//! each.

use crate::harness::client::{Client, exchange};
use crate::harness::server::{PeerOptions, Server, ServerKind};
use crate::harness::spread::Spread;
use crate::harness::town::BenchTown;
use crate::harness::turn;
use anyhow::Context as _;
use clap::Args;
use scangate_loadgen::client::Handshake;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::str::FromStr;
use std::time::Duration;
use tokio::task::JoinSet;

/// The command-line options of the measurement.
#[derive(Args)]
pub(crate) struct GateOptions {
    #[command(flatten)]
    peers: PeerOptions,
    /// Connections and check-ins in flight on each, such as 256x1. The option can be repeated.
    #[arg(long, default_values = ["256x1", "8x32", "1000x1"])]
    shape: Vec<LoadShape>,
    /// The number of repeats of each measurement.
    #[arg(long, default_value_t = 5)]
    repeat: usize,
    /// The length of each measurement. **Units**: seconds.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// The length of the load before the measurement. After two minutes the tables of recent check-ins stop
    /// growing. **Units**: seconds.
    #[arg(long, default_value_t = 1)]
    warm: u64,
    /// The number of residents of the city.
    #[arg(long, default_value_t = 100_000)]
    residents: usize,
}

/// The number of connections and of check-ins in flight on each, as in `256x1`.
#[derive(Debug, Clone, Copy)]
struct LoadShape {
    connections: usize,
    in_flight: usize,
}

impl FromStr for LoadShape {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (connections, in_flight) = text.split_once('x').context("a shape is like 256x1")?;
        Ok(Self { connections: connections.parse()?, in_flight: in_flight.parse()? })
    }
}

/// Runs the measurement and prints its figures.
pub(crate) fn measure(options: &GateOptions) -> anyhow::Result<()> {
    println!("us of server CPU a check-in: median (least to most) of {}", options.repeat);
    for &shape in &options.shape {
        let mut spreads = BTreeMap::new();
        for _ in 0..options.repeat {
            // The servers take turns, so that a slow minute of the machine affects both.
            for which in options.peers.servers() {
                let run = one(which, shape, options)?;
                let (cost, rate, threads): &mut (Spread, Spread, BTreeMap<String, Spread>) =
                    spreads.entry(which).or_default();
                cost.push(run.us(run.used));
                rate.push(run.answered / 1e3 / run.took.as_secs_f64());
                for (name, used) in &run.threads {
                    threads.entry(name.clone()).or_default().push(run.us(*used));
                }
            }
        }
        for (which, (cost, rate, threads)) in &spreads {
            let LoadShape { connections, in_flight } = shape;
            println!("{:<10}{:<28}{cost:<24}{rate} k/s", format!("{connections}x{in_flight}"), which.name());
            for (thread, cost) in threads.iter().filter(|(_, cost)| cost.median() >= 0.05) {
                println!("{:<10}  {thread:<26}{cost}", "");
            }
        }
    }
    Ok(())
}

/// The counts of one measurement.
struct GateSample {
    answered: f64,
    took: Duration,
    used: Duration,
    threads: BTreeMap<String, Duration>,
}

impl GateSample {
    fn us(&self, used: Duration) -> f64 {
        used.as_secs_f64() * 1e6 / self.answered
    }
}

fn one(which: ServerKind, shape: LoadShape, options: &GateOptions) -> anyhow::Result<GateSample> {
    let (warm, seconds) = (Duration::from_secs(options.warm), Duration::from_secs(options.seconds));
    turn::take(which, options.residents, async |server, town| load(server, town, shape, warm, seconds).await)
}

async fn load(
    server: &Server,
    town: &Rc<BenchTown>,
    shape: LoadShape,
    warm: Duration,
    length: Duration,
) -> anyhow::Result<GateSample> {
    let client = Client::new(server.address, &server.certificate())?;
    let answered = Rc::new(Cell::new(0_u64));
    let mut loops = spawn_loops(&client, town, shape, &answered).await?;
    let measured = async {
        tokio::time::sleep(warm).await;
        let start = (tokio::time::Instant::now(), answered.get(), server.used_by_thread()?);
        tokio::time::sleep(length).await;
        let (took, count) = (start.0.elapsed(), answered.get() - start.1);
        let mut threads = server.used_by_thread()?;
        for (name, used) in &mut threads {
            *used -= start.2.get(name).copied().unwrap_or_default();
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
        let answered = count as f64;
        anyhow::Ok(GateSample { answered, took, used: threads.values().sum(), threads })
    };
    tokio::select! {
        run = measured => run,
        Some(failed) = loops.join_next() => Err(failed?).context("a check-in failed"),
    }
}

/// Starts the loops, each of which sends its next check-in once the last is answered. A loop ends with its
/// error.
async fn spawn_loops(
    client: &Client,
    town: &Rc<BenchTown>,
    shape: LoadShape,
    answered: &Rc<Cell<u64>>,
) -> anyhow::Result<JoinSet<anyhow::Error>> {
    let phone = client.phone(Handshake::Full)?;
    let mut loops = JoinSet::new();
    for _ in 0..shape.connections {
        let connection = client.connect(&phone).await?;
        for _ in 0..shape.in_flight {
            let (connection, town, answered) = (connection.clone(), Rc::clone(town), Rc::clone(answered));
            loops.spawn_local(async move {
                loop {
                    if let Err(error) = exchange(&connection, town.request()).await {
                        return error;
                    }
                    answered.set(answered.get() + 1);
                }
            });
        }
    }
    Ok(loops)
}
