//! Registering at the door while other residents scan. Newcomers arrive at a steady rate; each reads the rule
//! pack's steps, registers and checks in. A newcomer who takes longer than their turn delays the next ones,
//! whose latency includes that delay.

use crate::harness::scanning::{PEOPLE, SteadyScans, VENUES};
use crate::harness::spread::Spread;
use anyhow::{Context as _, ensure};
use clap::Args;
use scangate_core::time::Step;
use scangate_loadgen::city::{self, LoadVenue, RegistrationReply};
use scangate_loadgen::client::{ClientConnection, LoadTarget, Version};
use scangate_loadgen::drive::now;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The length of the measurement of scans without newcomers.
const CALM: Duration = Duration::from_secs(10);
/// The number of connections over which newcomers register in turn.
const LANES: u32 = 8;

/// The command-line options of the measurement.
#[derive(Args)]
pub(crate) struct RegisterOptions {
    /// The address of the gateway. Its rule pack must require neither an SMS code nor a face, which depend on
    /// providers.
    #[arg(long)]
    target: SocketAddr,
    /// The gateway's data folder, which holds its certificate, tokens and secret.
    #[arg(long)]
    data: PathBuf,
    /// Newcomers a second, at least 8.
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// The length of the measurement. **Units**: seconds.
    #[arg(long, default_value_t = 30)]
    seconds: u32,
}

/// Runs the measurement and prints its figures.
pub(crate) async fn measure(options: &RegisterOptions) -> anyhow::Result<()> {
    ensure!(options.rate >= LANES, "--rate must be at least {LANES}");
    let lane_rate = options.rate / LANES;
    let target = LoadTarget::new(options.target, &options.data.join("certificate.pem"))?;
    let authority = city::authorization(&options.data, "authority")?;
    let mut posting = target.connect(Version::Http3).await.context("connecting")?;
    let people = city::residents(&mut posting, &authority, 79, PEOPLE).await?;
    let venues = city::venues(&mut posting, &authority, VENUES).await?;
    let door = venues[0].clone();
    let mut scanning = SteadyScans::new(posting, people, venues);
    let calm = scanning.during(CALM).await?;

    // A new seed, so that no newcomer is registered already.
    let seed = now().0 / 1_000;
    let mut lanes = Vec::new();
    for number in 0..LANES {
        let connection = target.connect(Version::Http3).await.context("connecting")?;
        let lane = NewcomerLane { connection, door: door.clone(), number, seed };
        lanes.push(tokio::spawn(lane.register_all(lane_rate, options.seconds)));
    }
    let busy = scanning.until(|| lanes.iter().all(|lane| lane.is_finished())).await?;
    let mut took = Spread::default();
    for lane in lanes {
        lane.await??.into_iter().for_each(|one| took.push(one));
    }
    let quantiles = |took: &Spread| took.quantiles([0.5, 0.95, 0.99, 1.0]);
    println!(
        "{} newcomers at {} a second; ms, p50/p95/p99/most: {} from the scan to the check-in; a scan of others {} before, {} \
         meanwhile",
        lane_rate * LANES * options.seconds,
        lane_rate * LANES,
        quantiles(&took),
        quantiles(&calm),
        quantiles(&busy),
    );
    Ok(())
}

/// A connection whose newcomers register one after the other.
struct NewcomerLane {
    connection: ClientConnection,
    door: LoadVenue,
    number: u32,
    seed: u64,
}

impl NewcomerLane {
    /// Registers newcomers at a rate a second. Returns their latencies from their due times. **Units**:
    /// milliseconds.
    async fn register_all(mut self, rate: u32, seconds: u32) -> anyhow::Result<Vec<f64>> {
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
        let mut took = Vec::new();
        for newcomer in 0..rate * seconds {
            let due = ticks.tick().await;
            self.newcomer(newcomer * LANES + self.number).await?;
            took.push(due.elapsed().as_secs_f64() * 1e3);
        }
        Ok(took)
    }

    async fn newcomer(&mut self, number: u32) -> anyhow::Result<()> {
        let asked: Value =
            serde_json::from_slice(&self.connection.call("GET", "/v1/registration", "", "").await?)?;
        ensure!(
            asked["steps"].as_array().is_some_and(Vec::is_empty),
            "the pack requires more steps: {asked}"
        );
        let application = city::application(self.seed, number as usize);
        let given = self.connection.call("POST", "/v1/people", "", application).await?;
        let resident = serde_json::from_slice::<RegistrationReply>(&given)?.resident()?;
        let scan = json!({"venue": self.door.poster, "person": resident.code(Step::of(now()))});
        let answer: Value = serde_json::from_slice(
            &self.connection.call("POST", "/v1/check-ins", "", scan.to_string()).await?,
        )?;
        ensure!(answer["colour"] != "unknown", "the door does not know the new resident: {answer}");
        Ok(())
    }
}
