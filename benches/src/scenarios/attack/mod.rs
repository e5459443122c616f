//! Attacks: good clients beside peers that hold what they get, or ask for what costs the gateway more than
//! them. The good clients are measured in calm, beside each attack in turn, and in calm again.

mod attacker;
mod good;
mod half_sent;
mod held;
mod paced;

use self::attacker::{AttackCount, Attacker};
use self::good::{GoodClients, GoodSample};
use crate::harness::server::{Server, ServerKind};
use crate::harness::spread::Spread;
use crate::harness::turn;
use clap::{Args, ValueEnum};
use std::time::{Duration, Instant};

/// The latency beside an attack, as a multiple of the latency in calm, that is the target.
const RATIO_MAX: f64 = 1.2;
/// The time in which the gateway ends what an attack has left, and the good clients warm up.
const SETTLE: Duration = Duration::from_secs(2);
/// The residents of the city in addition to the good clients.
const RESIDENTS: usize = 10;

/// The command-line options of the measurement.
#[derive(Args)]
pub(crate) struct AttackOptions {
    /// The length of the measurement beside each attack, and of each calm. **Units**: seconds.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// An attack to measure. The option can be repeated. Without it, all attacks are measured.
    #[arg(long)]
    attack: Vec<AttackKind>,
}

/// A kind of attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AttackKind {
    /// 512 half-sent requests on two HTTP/3 connections.
    HalfRequests,
    /// Half heads on 250 HTTP/3 connections.
    HalfHeads,
    /// 530 HTTP/1.1 connections with half a body.
    HalfBodies,
    /// Three HTTP/2 connections with 200 half bodies each.
    HalfStreams,
    /// 2,000 TCP connections from one source that send nothing.
    SilentTcp,
    /// 64 HTTP/2 connections that ask for 100 large answers each and allow no byte of them.
    SlowReaders,
    /// 500 first packets of handshakes a second that never go on.
    LoneInitials,
    /// 50 changes of one connection's address a second.
    Migrations,
    /// 1,000 requests a second with an empty or invalid token.
    RefusedTokens,
}

impl AttackKind {
    const fn name(self) -> &'static str {
        match self {
            Self::HalfRequests => "512 half requests on 2 HTTP/3 connections",
            Self::HalfHeads => "half heads on 250 HTTP/3 connections",
            Self::HalfBodies => "530 HTTP/1.1 connections with half a body",
            Self::HalfStreams => "600 half bodies on 3 HTTP/2 connections",
            Self::SilentTcp => "2,000 silent TCP connections",
            Self::SlowReaders => "6,400 unread answers on 64 HTTP/2 connections",
            Self::LoneInitials => "500 lone Initials a second",
            Self::Migrations => "50 changes of address a second",
            Self::RefusedTokens => "1,000 refused tokens a second",
        }
    }
}

/// Runs the measurement and prints its figures.
pub(crate) fn measure(options: &AttackOptions) -> anyhow::Result<()> {
    anyhow::ensure!(options.seconds > 0, "--seconds must be at least 1");
    turn::take(ServerKind::Gateway, RESIDENTS, async |server, _| run(server, options).await)
}

async fn run(server: &Server, options: &AttackOptions) -> anyhow::Result<()> {
    let length = Duration::from_secs(options.seconds);
    let attacks =
        if options.attack.is_empty() { AttackKind::value_variants() } else { options.attack.as_slice() };
    let mut good = GoodClients::connect(server).await?;
    good.during(SETTLE).await?;
    println!(
        "| attack | begun / ended by the gateway / failed | attacker's CPU | server's CPU | check-in p50 ms | by calm | p99 ms | \
         by calm | page p50 ms | by calm | p99 ms | by calm | target {RATIO_MAX} |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    let (calm, server_share) = watch(&mut good, server, length).await?;
    let calm = calm?;
    print_row("calm", &format!("| | {server_share}"), &calm, &calm);
    for &kind in attacks {
        let attacker = Attacker::start(kind, server, length).await?;
        let (beside, server_share) = watch(&mut good, server, length).await?;
        let AttackCount { begun, ended, failed, used, lasted } = attacker.stop()?;
        let count = format!("{begun} / {ended} / {failed} | {} | {server_share}", share(used, lasted));
        match beside {
            Ok(beside) => print_row(kind.name(), &count, &beside, &calm),
            Err(error) => println!(
                "| {} | {count} | a good client failed: {error:#} | | | | | | | | not met |",
                kind.name()
            ),
        }
        if good.during(SETTLE).await.is_err() {
            good = GoodClients::connect(server).await?;
        }
    }
    let (again, server_share) = watch(&mut good, server, length).await?;
    print_row("calm again", &format!("| | {server_share}"), &again?, &calm);
    Ok(())
}

/// Measures the good clients for this time. Returns also the share of its core that the server used.
async fn watch(
    good: &mut GoodClients,
    server: &Server,
    length: Duration,
) -> anyhow::Result<(anyhow::Result<GoodSample>, String)> {
    let (began, used) = (Instant::now(), server.used()?);
    let seen = good.during(length).await;
    Ok((seen, share(server.used()? - used, began.elapsed())))
}

/// CPU time as a share of a core.
fn share(used: Duration, time: Duration) -> String {
    format!("{:.0} %", used.as_secs_f64() / time.as_secs_f64() * 100.0)
}

fn print_row(name: &str, count: &str, sample: &GoodSample, calm: &GoodSample) {
    let mut worst: f64 = 0.0;
    let mut cells = String::new();
    for (took, before) in [(&sample.check_ins, &calm.check_ins), (&sample.pages, &calm.pages)] {
        for share in [0.5, 0.99] {
            let at = |spread: &Spread| spread.quantile(share);
            let ratio = at(took) / at(before);
            worst = worst.max(ratio);
            cells += &format!(" {:.2} | {ratio:.2} |", at(took));
        }
    }
    let verdict = if worst <= RATIO_MAX { "met" } else { "not met" };
    println!("| {name} | {count} |{cells} {verdict} |");
}
