//! M3 and M4, on an embedded store or a CQL cluster. M3 stores check-ins under both indexes in drains of the
//! batcher's size. M4 then queries co-presence over them.

use crate::harness::spread::Spread;
use anyhow::Context as _;
use clap::Args;
use nix::time::{ClockId, clock_gettime};
use scangate_core::check_in::{CheckIn, Direction, Mode, Moment, check_in_id};
use scangate_core::co_presence::{Hops, Question, TrailView};
use scangate_core::id::{PersonId, VenueId};
use scangate_core::time::{DAY_MS, HOUR_MS, Timestamp};
use scangate_core::venue::{Dwell, Position};
use scangate_core::visit::{VenueBook, Window};
use scangate_gateway::config::CqlConfig;
use scangate_gateway::deployment::store;
use scangate_gateway::drain::batcher::ROWS_MAX;
use scangate_storage::cql::{Address, Schema};
use scangate_storage::trail::{BUCKETS, EmbeddedTrails, ScyllaTrails, StoredTrails, TrailStore};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Persons a venue: a city of 170,000 has 8,500 doors.
const PERSONS_A_VENUE: u64 = 20;
/// The interval in which a quiet store uses less than 1 % of CPU time.
const QUIET: Duration = Duration::from_millis(500);
/// The start of the first day.
const START: u64 = 19_000 * DAY_MS;
/// The retention. The days lie in the past, and their rows must not have expired on a cluster.
const RETENTION_DAYS: u16 = 7_000;
/// The longest wait for a cluster to create its tables.
const CONNECT_MAX: Duration = Duration::from_secs(120);

/// The command-line options of the measurement.
#[derive(Args)]
pub(crate) struct StoredOptions {
    /// The number of visits to store.
    #[arg(long, default_value_t = 10_000_000)]
    visits: u64,
    /// The number of buckets of the store.
    #[arg(long, default_value_t = BUCKETS)]
    buckets: u16,
    /// The number of co-presence queries.
    #[arg(long, default_value_t = 1_000)]
    questions: u64,
    /// The number of days over which visits are spread. Fewer days make fuller partitions, as a peak does.
    #[arg(long, default_value_t = 14)]
    days: u64,
    /// The number of visits of each person. A smaller number makes more people, with fewer rows of each in a
    /// drain.
    #[arg(long, default_value_t = 60)]
    visits_a_person: u64,
    /// The cluster to store the visits on, as cql://HOST,…/KEYSPACE with a new keyspace. The default is
    /// embedded.
    #[arg(long, value_name = "STORE")]
    store: Option<Address>,
}

/// Runs the measurement and prints its figures.
pub(crate) fn measure(options: &StoredOptions) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let trails: Box<dyn TrailStore> = match &options.store {
        None => Box::new(EmbeddedTrails::open(folder.path(), options.buckets)?),
        Some(address) => {
            let cluster = Arc::new(store::cluster(address, &CqlConfig::default(), Schema::Make)?);
            cluster.connect(CONNECT_MAX)?;
            Box::new(ScyllaTrails::new(cluster, options.buckets, RETENTION_DAYS))
        }
    };
    fill(&*trails, options)?;
    if options.store.is_none() {
        print_disk(folder.path(), options)?;
    }
    ask(&*trails, options)
}

/// Prints the size of the embedded store's files.
fn print_disk(folder: &Path, options: &StoredOptions) -> anyhow::Result<()> {
    let (mut journals, mut tables) = (0, 0);
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let (entry, path) = entry.map(|entry| (entry.metadata(), entry.path()))?;
            let (entry, is_journal) = (entry?, path.extension().is_some_and(|kind| kind == "jnl"));
            match (entry.is_dir(), is_journal) {
                (true, _) => folders.push(path),
                (false, true) => journals += entry.len(),
                (false, false) => tables += entry.len(),
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let each = |bytes: u64| bytes as f64 / options.visits as f64;
    println!(
        "bytes of disk a check-in: {:.0} in tables, {:.0} in the store's journal",
        each(tables),
        each(journals)
    );
    Ok(())
}

/// Returns a pseudo-random number that is the same in every run.
fn draw(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Returns the visit with this number: a random person and venue at a time that grows with the number.
fn visit(number: u64, options: &StoredOptions) -> CheckIn {
    let visits = options.visits;
    let people = (visits / options.visits_a_person).max(1);
    let drawn = draw(number);
    let person = PersonId(draw(drawn % people));
    let venue = VenueId(draw((drawn >> 32) % (people / PERSONS_A_VENUE).max(1) + (1 << 40)));
    let at = Timestamp(
        START
            + u64::try_from(u128::from(number) * u128::from(options.days * DAY_MS) / u128::from(visits))
                .expect("within the days"),
    );
    let id = check_in_id(person, venue, Direction::In, Moment::At(at));
    CheckIn { id, person, venue, at, direction: Direction::In, mode: Mode::Terminal, outcome: None }
}

/// Stores all visits and prints their cost, including the store's background work.
fn fill(trails: &dyn TrailStore, options: &StoredOptions) -> anyhow::Result<()> {
    let mut drain = Vec::with_capacity(ROWS_MAX);
    let (mut making, mut slowest, mut partitions) = (Duration::ZERO, Duration::ZERO, 0);
    let (begun, used) = (Instant::now(), cpu(ClockId::CLOCK_PROCESS_CPUTIME_ID)?);
    let mut number = 0;
    while number < options.visits {
        let until = options.visits.min(number + ROWS_MAX as u64);
        let made = cpu(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
        drain.clear();
        drain.extend((number..until).map(|number| visit(number, options)));
        partitions += partitions_of(&drain, options.buckets);
        making += cpu(ClockId::CLOCK_THREAD_CPUTIME_ID)? - made;
        let write = Instant::now();
        trails.write(&drain)?;
        slowest = slowest.max(write.elapsed());
        number = until;
    }
    let took = begun.elapsed();
    wait_until_quiet()?;
    let used = cpu(ClockId::CLOCK_PROCESS_CPUTIME_ID)? - used - making;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let visits = options.visits as f64;
    println!(
        "{:.2} us of CPU a check-in stored, {} check-ins in drains of {ROWS_MAX}, {} buckets, {:.1} rows a partition and drain; {:.0} k/s, slowest drain {} ms",
        used.as_secs_f64() * 1e6 / visits,
        options.visits,
        options.buckets,
        2.0 * visits / f64::from(partitions),
        visits / 1e3 / took.as_secs_f64(),
        slowest.as_millis(),
    );
    Ok(())
}

/// The number of partitions of both indexes that a drain writes.
fn partitions_of(drain: &[CheckIn], buckets: u16) -> u32 {
    let bucket = |id: u64| id % u64::from(buckets);
    let mut found: Vec<(u64, u64, bool)> = Vec::with_capacity(2 * drain.len());
    for check_in in drain {
        found.push((bucket(check_in.person.0), check_in.at.0 / DAY_MS, true));
        found.push((bucket(check_in.venue.0), check_in.at.0 / HOUR_MS, false));
    }
    found.sort_unstable();
    found.dedup();
    u32::try_from(found.len()).unwrap_or(u32::MAX)
}

/// Waits until the store's background threads are idle.
fn wait_until_quiet() -> anyhow::Result<()> {
    loop {
        let before = cpu(ClockId::CLOCK_PROCESS_CPUTIME_ID)?;
        std::thread::sleep(QUIET);
        if cpu(ClockId::CLOCK_PROCESS_CPUTIME_ID)? - before < QUIET / 100 {
            return Ok(());
        }
    }
}

/// A dwell of two hours at every venue.
struct TwoHours(Dwell);

impl VenueBook for TwoHours {
    fn dwell(&self, _: VenueId) -> Dwell {
        self.0
    }

    fn dwell_ms_max(&self) -> u64 {
        self.0.ms()
    }

    fn is_open(&self, _: VenueId, _: Timestamp) -> bool {
        true
    }

    fn position(&self, _: VenueId) -> Option<Position> {
        None
    }

    fn journey_ms_max(&self) -> u64 {
        0
    }

    fn is_in_district(&self, _: VenueId) -> bool {
        true
    }
}

/// Queries the contacts of `questions` people and prints the latencies.
fn ask(trails: &dyn TrailStore, options: &StoredOptions) -> anyhow::Result<()> {
    let venues = TwoHours(Dwell::minutes(120)?);
    let trails = StoredTrails(trails);
    let view = TrailView { trails: &trails, venues: &venues, complete_through: Timestamp::MAX };
    let window = Window { from: Timestamp(START), to: Timestamp(START + options.days * DAY_MS) };
    let (mut took, mut contacts) = (Spread::default(), Spread::default());
    for number in 0..options.questions {
        // The person of a random visit, who therefore has a trail.
        let person = visit(draw(number) % options.visits, options).person;
        let question = Question { person, window, hops: Hops::ONE, min_overlap_s: 0 };
        let begun = Instant::now();
        let found = view.co_presence(&question).context("a co-presence answer")?.contacts;
        took.push(begun.elapsed().as_secs_f64() * 1e3);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        contacts.push(found.len() as f64);
    }
    println!(
        "co-presence over {} days, one hop: p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms, {} questions, {:.0} contacts in the median answer",
        options.days,
        took.quantile(0.5),
        took.quantile(0.99),
        took.quantile(1.0),
        options.questions,
        contacts.median(),
    );
    Ok(())
}

fn cpu(clock: ClockId) -> anyhow::Result<Duration> {
    Ok(clock_gettime(clock).context("a clock of CPU time")?.into())
}
