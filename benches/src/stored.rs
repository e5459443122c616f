//! M3 and M4: check-ins stored under both indexes in drains of the batcher's size, and co-presence asked of
//! what is then there.

use crate::spread::Spread;
use anyhow::Context as _;
use clap::Args;
use nix::time::{ClockId, clock_gettime};
use scangate_core::check_in::{CheckIn, Direction, Mode, Moment, check_in_id};
use scangate_core::co_presence::{self, Dwells, Hops, PersonAsk, Question, Trails};
use scangate_core::id::{PersonId, VenueId};
use scangate_core::time::{DAY_MS, Timestamp};
use scangate_core::venue::Dwell;
use scangate_core::visit::Window;
use scangate_gateway::batcher::ROWS_MAX;
use scangate_storage::trail::{BUCKETS, EmbeddedTrails, TrailError, TrailStore};
use std::time::{Duration, Instant};

/// Days of the trails.
const DAYS: u64 = 14;
/// Visits of a person in them.
const VISITS_A_PERSON: u64 = 60;
/// Persons a venue: a city of 170,000 has 8,500 doors.
const PERSONS_A_VENUE: u64 = 20;
/// The store is quiet when it has taken less than a hundredth of this.
const QUIET: Duration = Duration::from_millis(500);
/// The first day.
const START: u64 = 19_000 * DAY_MS;

/// What to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// Visits stored.
    #[arg(long, default_value_t = 10_000_000)]
    visits: u64,
    /// Buckets of the store.
    #[arg(long, default_value_t = BUCKETS)]
    buckets: u16,
    /// Co-presence questions.
    #[arg(long, default_value_t = 1_000)]
    questions: u64,
}

/// Measures and prints.
pub(crate) fn measure(options: &Options) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let trails = EmbeddedTrails::open(folder.path(), options.buckets)?;
    fill(&trails, options)?;
    ask(&trails, options)
}

/// Numbers that look random and are the same each time.
fn draw(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The visit of a number: people and venues at random, time going on.
fn visit(number: u64, visits: u64) -> CheckIn {
    let people = (visits / VISITS_A_PERSON).max(1);
    let drawn = draw(number);
    let person = PersonId(draw(drawn % people));
    let venue = VenueId(draw((drawn >> 32) % (people / PERSONS_A_VENUE).max(1) + (1 << 40)));
    let at = Timestamp(
        START
            + u64::try_from(u128::from(number) * u128::from(DAYS * DAY_MS) / u128::from(visits))
                .expect("within the days"),
    );
    let id = check_in_id(person, venue, Direction::In, Moment::At(at));
    CheckIn { id, person, venue, at, direction: Direction::In, mode: Mode::Terminal, outcome: None }
}

/// Stores everything and prints what it cost, background work included.
fn fill(trails: &EmbeddedTrails, options: &Options) -> anyhow::Result<()> {
    let mut drain = Vec::with_capacity(ROWS_MAX);
    let (mut making, mut slowest) = (Duration::ZERO, Duration::ZERO);
    let (begun, used) = (Instant::now(), cpu(ClockId::CLOCK_PROCESS_CPUTIME_ID)?);
    let mut number = 0;
    while number < options.visits {
        let until = options.visits.min(number + ROWS_MAX as u64);
        let made = cpu(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
        drain.clear();
        drain.extend((number..until).map(|number| visit(number, options.visits)));
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
        "{:.2} us of CPU a check-in stored, {} check-ins in drains of {ROWS_MAX}, {} buckets; {:.0} k/s, slowest drain {} ms",
        used.as_secs_f64() * 1e6 / visits,
        options.visits,
        options.buckets,
        visits / 1e3 / took.as_secs_f64(),
        slowest.as_millis(),
    );
    Ok(())
}

/// Waits until the store's threads have nothing left to do.
fn wait_until_quiet() -> anyhow::Result<()> {
    loop {
        let before = cpu(ClockId::CLOCK_PROCESS_CPUTIME_ID)?;
        std::thread::sleep(QUIET);
        if cpu(ClockId::CLOCK_PROCESS_CPUTIME_ID)? - before < QUIET / 100 {
            return Ok(());
        }
    }
}

/// The store as the engine reads it.
struct Stored<'a>(&'a EmbeddedTrails);

impl Trails for Stored<'_> {
    type Error = TrailError;

    fn venue(&self, venue: VenueId, window: Window) -> Result<Vec<CheckIn>, TrailError> {
        self.0.venue(venue, window)
    }

    fn persons(&self, asks: &[PersonAsk]) -> Result<Vec<Vec<CheckIn>>, TrailError> {
        self.0.persons(asks)
    }
}

/// Two hours at every venue.
struct TwoHours(Dwell);

impl Dwells for TwoHours {
    fn of(&self, _: VenueId) -> Dwell {
        self.0
    }

    fn ms_max(&self) -> u64 {
        self.0.ms()
    }
}

/// Asks for the contacts of as many persons and prints how long that took.
fn ask(trails: &EmbeddedTrails, options: &Options) -> anyhow::Result<()> {
    let dwells = TwoHours(Dwell::minutes(120)?);
    let window = Window { from: Timestamp(START), to: Timestamp(START + DAYS * DAY_MS) };
    let (mut took, mut contacts) = (Spread::default(), Spread::default());
    for number in 0..options.questions {
        // Someone who is there: the person of a visit.
        let person = visit(draw(number) % options.visits, options.visits).person;
        let question = Question { person, window, hops: Hops::One, min_overlap_s: 0 };
        let begun = Instant::now();
        let found =
            co_presence::co_presence(&Stored(trails), &dwells, &question).context("a co-presence answer")?;
        took.push(begun.elapsed().as_secs_f64() * 1e3);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        contacts.push(found.len() as f64);
    }
    println!(
        "co-presence over {DAYS} days, one hop: p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms, {} questions, {:.0} contacts in the median answer",
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
