//! Recolouring under load: rule packs are published and approved on a gateway with a city's residents. Scans
//! arrive at a steady pace before and during each recolouring. One resident in twenty has been in Hubei,
//! which one pack colours red and the other ignores. Every pack therefore changes the colour of one resident
//! in twenty.

use crate::harness::scanning::{PEOPLE, SteadyScans, VENUES};
use crate::harness::spread::Spread;
use crate::harness::token;
use anyhow::Context as _;
use clap::Args;
use scangate_core::policy::Policy;
use scangate_core::time::DAY_MS;
use scangate_core::token::Role;
use scangate_loadgen::city::{self, LoadResident};
use scangate_loadgen::client::{ClientConnection, LoadTarget, Version};
use scangate_loadgen::drive::now;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The lengths of two measurements of scans without recolouring. The second lasts about as long as a
/// recolouring, and its difference from the first is chance.
const CALM: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(5)];
/// The number of residents of whom one has been in Hubei.
const STAYED_EVERY: usize = 20;
/// The number of facts in a request.
const FACTS_A_REQUEST: usize = 2_000;
/// The packs that alternate. Their order does not matter if the gateway starts with neither.
const PACKS: [&str; 2] = ["nanchong", "jingzhou"];

/// The command-line options of the measurement.
#[derive(Args)]
pub(crate) struct RecolourOptions {
    /// The address of the gateway, such as 127.0.0.1:8443.
    #[arg(long)]
    target: SocketAddr,
    /// The gateway's data folder, which holds its certificate, tokens and secret.
    #[arg(long)]
    data: PathBuf,
    /// The number of residents, who are registered first. Residents of an earlier run register quickly.
    #[arg(long, default_value_t = 1_000_000)]
    residents: usize,
    /// The number of packs to publish, one after the other.
    #[arg(long, default_value_t = 4)]
    packs: u32,
}

/// Runs the measurement and prints its figures.
pub(crate) async fn measure(options: &RecolourOptions) -> anyhow::Result<()> {
    let target = LoadTarget::new(options.target, &options.data.join("certificate.pem"))?;
    let mut posting = target.connect(Version::Http3).await.context("connecting")?;
    let authority = city::authorization(&options.data, "authority")?;
    let people = populate(&mut posting, &authority, options.residents).await?;
    let venues = city::venues(&mut posting, &authority, VENUES).await?;
    let connection = target.connect(Version::Http3).await.context("connecting")?;
    let mut scanning = SteadyScans::new(connection, people, venues);
    // The approver must not be the publisher.
    let approver = token::header(&options.data, Role::Authority, None)?;
    for number in 1..=options.packs {
        let calm = scanning.during(CALM[0]).await?;
        let control = scanning.during(CALM[1]).await?;
        let name = PACKS[number as usize % PACKS.len()];
        let path = publish(&mut posting, &authority, name).await?;
        let began = Instant::now();
        let approver = approver.clone();
        let approving = tokio::spawn(async move {
            let done = posting.call("POST", &path, &approver, r#"{"worse":1000000000}"#).await;
            (posting, done, began.elapsed())
        });
        let busy = scanning.until(|| approving.is_finished()).await?;
        let (returned, done, took) = approving.await?;
        posting = returned;
        done?;
        let quantiles = |took: &Spread| took.quantiles([0.5, 0.99, 1.0]);
        println!(
            "pack {number} ({name}): all residents recoloured in {:.2} s; a scan took, ms, p50/p99/most: {} before, {} once more \
             before, {} meanwhile",
            took.as_secs_f64(),
            quantiles(&calm),
            quantiles(&control),
            quantiles(&busy),
        );
    }
    Ok(())
}

/// Publishes a pack under a new version. Returns the path that approves it.
async fn publish(posting: &mut ClientConnection, authority: &str, name: &str) -> anyhow::Result<String> {
    let pack = Policy::builtin(name).context("the pack is built in")?;
    let version = format!("version = {}", now().0 / 1_000 % 1_000_000_000);
    let pack = pack.replacen("version = 1", &version, 1);
    let held: Value = serde_json::from_slice(&posting.call("POST", "/v1/policies", authority, pack).await?)?;
    Ok(format!("/v1/held/{}/approve", held["held"].as_str().context("the pack awaits approval")?))
}

/// Registers the city and the stays of some residents. Returns the residents who scan.
async fn populate(
    posting: &mut ClientConnection,
    authority: &str,
    residents: usize,
) -> anyhow::Result<Vec<LoadResident>> {
    let mut residents = city::residents(posting, authority, 78, residents).await?;
    let stay = |resident: &LoadResident| {
        let (at, until) = (now().minus_ms(2 * DAY_MS), now().minus_ms(DAY_MS));
        json!({
            "person": resident.person, "kind": "stay", "area": "420100", "at": at, "until": until, "source": "bench",
        })
        .to_string()
    };
    let stays: Vec<String> = residents.iter().step_by(STAYED_EVERY).map(stay).collect();
    for chunk in stays.chunks(FACTS_A_REQUEST) {
        posting.call("POST", "/v1/facts", authority, chunk.join("\n")).await?;
    }
    residents.truncate(PEOPLE);
    Ok(residents)
}
