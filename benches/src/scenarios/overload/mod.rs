//! Overload: ten times the calm rate, and clients that retry whatever is not acknowledged. The server sheds
//! what it cannot take, and the rest is acknowledged as before.

mod generator;
mod table;
mod timeline;

use self::generator::Generator;
use self::table::OverloadTable;
use self::timeline::TimelineSum;
use crate::harness::server::{Server, ServerKind};
use crate::harness::town::BenchTown;
use crate::harness::turn;
use clap::Args;
use scangate_loadgen::machine::cpu;
use std::ops::Range;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The length of the load before the peak is measured.
const WARM_UP: Duration = Duration::from_secs(2);
/// The length of the measurement of the peak.
const PEAK: Duration = Duration::from_secs(5);
/// The step's rate, as a multiple of the calm rate.
const STEP: f64 = 10.0;

/// The command-line options of the measurement.
#[derive(Args)]
pub(crate) struct OverloadOptions {
    /// The number of connections that stay open.
    #[arg(long, default_value_t = 256)]
    connections: usize,
    /// The number of check-ins in flight while the peak is measured.
    #[arg(long, default_value_t = 4_096)]
    in_flight: usize,
    /// The maximum number of check-ins in flight at a rate. The generator does not send the others. With more
    /// of them it takes the generator longer to come to each.
    #[arg(long, default_value_t = 16_384)]
    in_flight_max: usize,
    /// The calm rate as a share of the peak. The step has ten times the calm rate.
    #[arg(long, default_value_t = 0.9)]
    calm: f64,
    /// The quota of the gateway's only channel, beyond which it sheds. The peak is then this quota, which the
    /// generator can exceed tenfold. Without it, the peak is what the server's core can do. **Units**:
    /// requests a second.
    #[arg(long)]
    quota: Option<u32>,
    /// The length of each calm phase. **Units**: seconds.
    #[arg(long, default_value_t = 10)]
    calm_seconds: u64,
    /// The length of the step, and of the retry storm. **Units**: seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The number of clients of the retry storm. The gateway refuses check-ins while 16,384 wait for the
    /// disk.
    #[arg(long, default_value_t = 20_000)]
    clients: usize,
    /// The number of residents of the city.
    #[arg(long, default_value_t = 100_000)]
    residents: usize,
}

/// A part of the run with one kind of load.
struct PhaseSample {
    name: &'static str,
    /// The rate that the generator was to send. **Units**: check-ins a second.
    asked: Option<f64>,
    buckets: Range<usize>,
    sum: TimelineSum,
    length: Duration,
    /// The CPU time of the server.
    server: Duration,
    /// The CPU time of the generator.
    generator: Duration,
}

impl PhaseSample {
    /// A count of the phase by its length.
    fn a_second(&self, count: u64) -> f64 {
        count as f64 / self.length.as_secs_f64()
    }

    /// Acknowledged check-ins a second.
    fn goodput(&self) -> f64 {
        self.a_second(self.sum.acknowledged)
    }

    /// The server's CPU time by acknowledged check-in. **Units**: microseconds.
    fn acceptance_us(&self) -> f64 {
        self.server.as_secs_f64() * 1e6 / self.sum.acknowledged as f64
    }

    /// The server's CPU time by refusal, if an acceptance takes this long. **Units**: microseconds.
    fn refusal_us(&self, acceptance_us: f64) -> f64 {
        let rest = self.server.as_secs_f64() * 1e6 - acceptance_us * self.sum.acknowledged as f64;
        rest / self.sum.refused as f64
    }
}

/// Runs the measurement and prints its figures.
pub(crate) fn measure(options: &OverloadOptions) -> anyhow::Result<()> {
    anyhow::ensure!(options.connections > 0, "--connections must be at least 1");
    anyhow::ensure!(options.calm > 0.0, "--calm must be more than 0");
    anyhow::ensure!(options.calm_seconds > 1 && options.seconds > 1, "a phase lasts at least two seconds");
    let run = async |server: &Server, town: &Rc<BenchTown>| load(server, town, options).await;
    match options.quota {
        None => turn::take(ServerKind::Gateway, options.residents, run),
        Some(quota) => {
            let config = format!("[[channel]]\nname = \"all\"\nrequests_a_second_max = {quota}\n");
            turn::take_configured(&config, options.residents, run)
        }
    }
}

async fn load(server: &Server, town: &Rc<BenchTown>, options: &OverloadOptions) -> anyhow::Result<()> {
    let generator = Generator::open(server, town, options.connections, options.in_flight_max).await?;
    let (calm_length, length) =
        (Duration::from_secs(options.calm_seconds), Duration::from_secs(options.seconds));
    generator.in_flight(options.in_flight, WARM_UP).await;
    let peak = sample(server, &generator, "peak", None, generator.in_flight(options.in_flight, PEAK)).await?;
    let rate = peak.goodput() * options.calm;
    let at =
        |name, rate, length| sample(server, &generator, name, Some(rate), generator.at_rate(rate, length));
    let calm = at("calm", rate, calm_length).await?;
    let step = at("tenfold", rate * STEP, length).await?;
    let back = at("calm again", rate, calm_length).await?;
    let storm =
        sample(server, &generator, "retry storm", None, generator.storm(options.clients, length)).await?;
    let after = at("calm after it", rate, calm_length).await?;
    generator.reopen().await?;
    OverloadTable { peak, calm, step, back, storm, after }.print(&generator);
    Ok(())
}

/// Measures a phase, in which the load runs to its end.
async fn sample(
    server: &Server,
    generator: &Generator,
    name: &'static str,
    asked: Option<f64>,
    load: impl Future<Output = ()>,
) -> anyhow::Result<PhaseSample> {
    generator.reopen().await?;
    let own = || cpu::used(std::process::id()).unwrap_or_default();
    let (began, from) = (Instant::now(), generator.timeline.cut());
    let (server_before, own_before) = (server.used()?, own());
    load.await;
    let (length, buckets) = (began.elapsed(), from..generator.timeline.cut());
    let sum = generator.timeline.sum(&buckets);
    let (server, generator) = (server.used()? - server_before, own() - own_before);
    Ok(PhaseSample { name, asked, buckets, sum, length, server, generator })
}
