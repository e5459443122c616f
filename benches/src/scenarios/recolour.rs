//! Recolouring everybody while scans go on: rule packs are published and approved on a gateway that holds a city's
//! residents, and scans are sent at a steady pace before and meanwhile. One resident in twenty has been in Hubei, which
//! is red in one pack and nothing in the next, so that every pack turns the colour of so many.

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

/// How long scans are measured with nothing else going on, and then once more, for about as long as a recolouring
/// takes: what differs between the two is chance.
const CALM: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(5)];
/// One resident in so many has been in Hubei.
const STAYED_EVERY: usize = 20;
/// Facts in a request.
const FACTS_A_REQUEST: usize = 2_000;
/// The packs that follow each other. Which comes first does not matter, so long as the gateway runs neither at first.
const PACKS: [&str; 2] = ["nanchong", "jingzhou"];

/// What to measure.
#[derive(Args)]
pub(crate) struct RecolourOptions {
    /// The gateway.
    #[arg(long)]
    target: SocketAddr,
    /// Its data folder.
    #[arg(long)]
    data: PathBuf,
    /// The city's residents. They are registered first; who is already costs little.
    #[arg(long, default_value_t = 1_000_000)]
    residents: usize,
    /// Packs that are published, one after the other.
    #[arg(long, default_value_t = 4)]
    packs: u32,
}

/// Measures and prints.
pub(crate) async fn measure(options: &RecolourOptions) -> anyhow::Result<()> {
    let target = LoadTarget::new(options.target, &options.data.join("certificate.pem"))?;
    let mut posting = target.connect(Version::Http3).await.context("connecting")?;
    let authority = city::authorization(&options.data, "authority")?;
    let people = populate(&mut posting, &authority, options.residents).await?;
    let venues = city::venues(&mut posting, &authority, VENUES).await?;
    let connection = target.connect(Version::Http3).await.context("connecting")?;
    let mut scanning = SteadyScans::new(connection, people, venues);
    // Not who publishes.
    let approver = token::header(&options.data, Role::Authority, None)?;
    for number in 1..=options.packs {
        let calm = scanning.during(CALM[0]).await?;
        let control = scanning.during(CALM[1]).await?;
        let name = PACKS[number as usize % PACKS.len()];
        let pack = Policy::builtin(name).context("it comes with the gateway")?;
        let version = format!("version = {}", now().0 / 1_000 % 1_000_000_000);
        let pack = pack.replacen("version = 1", &version, 1);
        let held: Value =
            serde_json::from_slice(&posting.call("POST", "/v1/policies", &authority, pack).await?)?;
        let path = format!("/v1/held/{}/approve", held["held"].as_str().context("it is held")?);
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
        let told = |took: &Spread| took.quantiles([0.5, 0.99, 1.0]);
        println!(
            "pack {number} ({name}): everybody recoloured in {:.2} s; a scan took, ms, p50/p99/most: {} before, {} once more \
             before, {} meanwhile",
            took.as_secs_f64(),
            told(&calm),
            told(&control),
            told(&busy),
        );
    }
    Ok(())
}

/// Registers the city, and the stays of some. Returns those who scan.
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
