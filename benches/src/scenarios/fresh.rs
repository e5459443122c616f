//! The age of colours in a city: a fact is posted at one gateway, and another gateway is polled until it
//! returns the new colour.

use crate::harness::spread::Spread;
use crate::harness::token;
use anyhow::Context as _;
use clap::Args;
use http::Request;
use scangate_core::time::Step;
use scangate_core::token::Role;
use scangate_loadgen::city::{self, LoadResident};
use scangate_loadgen::client::{ClientConnection, LoadTarget, Version};
use scangate_loadgen::drive::now;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The pause between two polls.
const PAUSE: Duration = Duration::from_millis(5);

/// The command-line options of the measurement.
#[derive(Args)]
pub(crate) struct FreshOptions {
    /// The address of the gateway at which facts are posted.
    #[arg(long)]
    post: SocketAddr,
    /// The address of the gateway whose colours are polled.
    #[arg(long)]
    ask: SocketAddr,
    /// The data folder of either gateway.
    #[arg(long)]
    data: PathBuf,
    /// The number of facts, posted one after the other.
    #[arg(long, default_value_t = 100)]
    facts: usize,
}

/// Runs the measurement and prints its figures.
pub(crate) async fn measure(options: &FreshOptions) -> anyhow::Result<()> {
    let certificate = options.data.join("certificate.pem");
    let connect = async |address| {
        LoadTarget::new(address, &certificate)?.connect(Version::Http3).await.context("connecting")
    };
    let (mut posting, mut asking) = (connect(options.post).await?, connect(options.ask).await?);
    let authority = city::authorization(&options.data, "authority")?;
    let people = city::residents(&mut posting, &authority, 77, options.facts).await?;
    let venues = city::venues(&mut posting, &authority, 1).await?;
    let terminal = token::header(&options.data, Role::Terminal, Some(venues[0].venue))?;
    for person in &people {
        ask_until(&mut asking, &terminal, person, |colour| colour != "unknown").await?;
    }
    let mut took = Spread::default();
    for person in &people {
        let fact = json!({"person": person.person, "kind": "confirmed", "at": now(), "source": "bench"});
        let before = colour(&mut asking, &terminal, person).await?;
        posting.call("POST", "/v1/facts", &authority, fact.to_string()).await?;
        let acknowledged = Instant::now();
        ask_until(&mut asking, &terminal, person, |colour| colour == "red" || colour != before).await?;
        took.push(acknowledged.elapsed().as_secs_f64() * 1e3);
    }
    println!(
        "a colour at another gateway, ms after the fact was acknowledged: p50 {:.0}, p99 {:.0}, most {:.0}, {} facts",
        took.quantile(0.5),
        took.quantile(0.99),
        took.quantile(1.0),
        options.facts,
    );
    Ok(())
}

async fn colour(
    connection: &mut ClientConnection,
    terminal: &str,
    person: &LoadResident,
) -> anyhow::Result<String> {
    let path = format!("/v1/colours/{}", person.code(Step::of(now())));
    let request = Request::get(path).header("authorization", terminal).body(bytes::Bytes::new())?;
    // If this gateway does not know the venue yet, the answer has no colour and the caller retries.
    let answer: Value = serde_json::from_slice(connection.send(request).await?.body())?;
    Ok(answer["colour"].as_str().unwrap_or("unknown").to_owned())
}

async fn ask_until(
    connection: &mut ClientConnection,
    terminal: &str,
    person: &LoadResident,
    is_right: impl Fn(&str) -> bool,
) -> anyhow::Result<()> {
    while !is_right(&colour(connection, terminal, person).await?) {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
