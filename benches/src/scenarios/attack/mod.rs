//! Attacks: good clients beside peers that hold what they get, or ask for what costs the gateway more than
//! them. The good clients are measured in calm and beside an attack in turn, so that a disk that becomes
//! slower does so for both.

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
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// The number of rounds. In each, the good clients are measured in calm and then beside the attack.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
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
    /// The same packets to a bound port that is never read: the attacker's own share of the delay.
    UnheardInitials,
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
            Self::UnheardInitials => "the same to a bound port that is never read",
            Self::Migrations => "50 changes of address a second",
            Self::RefusedTokens => "1,000 refused tokens a second",
        }
    }
}

/// Runs the measurement and prints its figures.
pub(crate) fn measure(options: &AttackOptions) -> anyhow::Result<()> {
    anyhow::ensure!(options.seconds > 0 && options.rounds > 0, "--seconds and --rounds must be at least 1");
    turn::take(ServerKind::Gateway, RESIDENTS, async |server, _| run(server, options).await)
}

async fn run(server: &Server, options: &AttackOptions) -> anyhow::Result<()> {
    let attacks =
        if options.attack.is_empty() { AttackKind::value_variants() } else { options.attack.as_slice() };
    println!(
        "| attack | begun / ended by the gateway / failed | attacker's CPU | server's CPU | check-in p50 ms | by calm | p99 ms | \
         by calm | page p50 ms | by calm | p99 ms | by calm | target {RATIO_MAX} |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    let calm = AttackComparison::measure(None, server, options).await?;
    calm.print("calm", "");
    for &kind in attacks {
        match AttackComparison::measure(Some(kind), server, options).await {
            Ok(compared) => compared.print(kind.name(), &compared.counts()),
            Err(error) => {
                println!("| {} | a good client failed: {error:#} | | | | | | | | | | not met |", kind.name());
            }
        }
    }
    Ok(())
}

/// The good clients beside an attack and in calm, in turn.
#[derive(Default)]
struct AttackComparison {
    calm: GoodSample,
    beside: GoodSample,
    count: AttackCount,
    /// The CPU time of the server beside the attack.
    server_used: Duration,
    /// The time beside the attack.
    lasted: Duration,
}

impl AttackComparison {
    /// Measures all rounds, without an attack where none is named. **Errors**: a good client was refused or
    /// failed.
    async fn measure(
        kind: Option<AttackKind>,
        server: &Server,
        options: &AttackOptions,
    ) -> anyhow::Result<Self> {
        let length = Duration::from_secs(options.seconds);
        let mut good = GoodClients::connect(server).await?;
        let mut compared = Self::default();
        for _ in 0..options.rounds {
            good.during(SETTLE).await?;
            compared.calm.append(good.during(length).await?);
            let attacker = match kind {
                Some(kind) => Some(Attacker::start(kind, server, length).await?),
                None => None,
            };
            let (began, used) = (Instant::now(), server.used()?);
            let beside = good.during(length).await;
            compared.server_used += server.used()? - used;
            compared.lasted += began.elapsed();
            if let Some(attacker) = attacker {
                compared.count.add(&attacker.stop()?);
            }
            compared.beside.append(beside?);
        }
        Ok(compared)
    }

    fn counts(&self) -> String {
        let AttackCount { begun, ended, failed, used, lasted } = self.count;
        format!("{begun} / {ended} / {failed} | {}", share(used, lasted))
    }

    fn print(&self, name: &str, counts: &str) {
        let counts = if counts.is_empty() { "|" } else { counts };
        let count = format!("{counts} | {}", share(self.server_used, self.lasted));
        print_row(name, &count, &self.beside, &self.calm);
    }
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
