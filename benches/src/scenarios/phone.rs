//! M2: the cost of a new connection that carries one check-in and closes.

use crate::harness::client::{
    Client, PhoneClient, close, exchange, handshake_name, is_misread, open_control,
};
use crate::harness::server::{PeerOptions, Server, ServerKind};
use crate::harness::spread::Spread;
use crate::harness::town::BenchTown;
use crate::harness::turn;
use crate::peers::floor;
use clap::Args;
use scangate_loadgen::client::Handshake;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::JoinSet;

/// The number of concurrent phones.
const PHONES: usize = 64;
/// The length of the load before the measurement, after which each phone has a session ticket.
const WARM_UP: Duration = Duration::from_secs(1);

/// The command-line options of the measurement.
#[derive(Args)]
pub(crate) struct PhoneOptions {
    #[command(flatten)]
    peers: PeerOptions,
    /// The number of repeats of each measurement.
    #[arg(long, default_value_t = 5)]
    repeat: usize,
    /// The length of each measurement. **Units**: seconds.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// The number of residents of the city.
    #[arg(long, default_value_t = 100_000)]
    residents: usize,
}

/// Runs the measurement and prints its figures.
pub(crate) fn measure(options: &PhoneOptions) -> anyhow::Result<()> {
    println!("us of server CPU a connection with one check-in: median (least to most) of {}", options.repeat);
    let mut floors = Spread::default();
    for handshake in Handshake::ALL {
        let is_measured = |which: &ServerKind| handshake != Handshake::Early || which.accepts_early_data();
        let servers: Vec<ServerKind> = options.peers.servers().filter(is_measured).collect();
        let mut figures: BTreeMap<ServerKind, PhoneFigures> = BTreeMap::new();
        for _ in 0..options.repeat {
            // The servers take turns, so that a slow minute of the machine affects all.
            for &which in &servers {
                floors.push(floor::handshake_us()?);
                let run = one(which, handshake, options)?;
                let of_server = figures.entry(which).or_default();
                of_server.cost.push(run.us);
                of_server.rate.push(run.rate);
                of_server.early.push(run.early * 100.0);
            }
        }
        for (which, PhoneFigures { cost, rate, early }) in &figures {
            println!(
                "{:<16}{:<28}{cost:<26}{:.0} /s, {:.0} % by early data",
                handshake_name(handshake),
                which.name(),
                rate.median(),
                early.median()
            );
        }
    }
    println!("a bare TLS 1.3 handshake, the server's half: {floors}");
    Ok(())
}

/// The figures of one server.
#[derive(Default)]
struct PhoneFigures {
    cost: Spread,
    rate: Spread,
    early: Spread,
}

/// The figures of one measurement.
struct PhoneSample {
    us: f64,
    rate: f64,
    early: f64,
}

fn one(which: ServerKind, handshake: Handshake, options: &PhoneOptions) -> anyhow::Result<PhoneSample> {
    let length = Duration::from_secs(options.seconds);
    turn::take(which, options.residents, async |server, town| load(server, town, handshake, length).await)
}

async fn load(
    server: &Server,
    town: &Rc<BenchTown>,
    handshake: Handshake,
    length: Duration,
) -> anyhow::Result<PhoneSample> {
    let client = Rc::new(Client::new(server.address, &server.certificate())?);
    let counts = Rc::new(Cell::new((0_u64, 0_u64)));
    let mut phones = spawn_phones(&client, town, handshake, &counts)?;
    let measured = async {
        tokio::time::sleep(WARM_UP).await;
        let (begun, before, used) = (tokio::time::Instant::now(), counts.get(), server.used()?);
        tokio::time::sleep(length).await;
        let (took, after, used) = (begun.elapsed(), counts.get(), server.used()? - used);
        #[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
        let (visits, early) = ((after.0 - before.0) as f64, (after.1 - before.1) as f64);
        let us = used.as_secs_f64() * 1e6 / visits;
        anyhow::Ok(PhoneSample { us, rate: visits / took.as_secs_f64(), early: early / visits })
    };
    tokio::select! {
        run = measured => run,
        Some(failed) = phones.join_next() => Err(failed?.context("a phone's visit failed")),
    }
}

/// Starts the phones, which count their visits and those with early data. A phone ends with its error.
fn spawn_phones(
    client: &Rc<Client>,
    town: &Rc<BenchTown>,
    handshake: Handshake,
    counts: &Rc<Cell<(u64, u64)>>,
) -> anyhow::Result<JoinSet<anyhow::Error>> {
    let mut phones = JoinSet::new();
    for _ in 0..PHONES {
        let (client, town, counts) = (Rc::clone(client), Rc::clone(town), Rc::clone(counts));
        let phone = client.phone(handshake)?;
        phones.spawn_local(async move {
            loop {
                match visit(&client, &phone, &town).await {
                    // The next visit counts.
                    Ok(None) => {}
                    Ok(Some(was_early)) => {
                        let (visits, early) = counts.get();
                        counts.set((visits + 1, early + u64::from(was_early)));
                    }
                    Err(error) => return error,
                }
            }
        });
    }
    Ok(phones)
}

/// Makes one visit. Returns whether the server accepted the check-in as early data; none if the server
/// misread the client's parameters.
async fn visit(client: &Client, phone: &PhoneClient, town: &BenchTown) -> anyhow::Result<Option<bool>> {
    let (connection, accepted) = match client.begin(phone)?.into_0rtt() {
        Ok((connection, accepted)) => (connection, Some(accepted)),
        Err(connecting) => match connecting.await {
            Err(error) if is_misread(&error) => return Ok(None),
            connected => (connected?, None),
        },
    };
    open_control(&connection).await?;
    exchange(&connection, town.request()).await?;
    let was_early = match accepted {
        Some(accepted) => accepted.await,
        None => false,
    };
    phone.is_ready().await;
    close(&connection);
    Ok(Some(was_early))
}
