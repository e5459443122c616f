//! The plan of a run: the time, resident and venue of every scan, the same for the same seed. It is worked
//! out scan by scan while the run goes on, so its memory depends on the city and not on the length. Latencies
//! count from these intended times, so a gateway that stalls pays for every scan that it delays.

use crate::scenario::VenueChoice;
use crate::scenario::shape::{SHAPE_PARTS, Shape};
use std::time::Duration;

/// One scan of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlannedScan {
    /// The intended time since the start of the run.
    pub at: Duration,
    /// The resident's index in the city.
    pub resident: u32,
    /// The venue's index in the city.
    pub venue: u32,
}

/// The scans of a run in order of time.
pub trait ScanPlan: Iterator<Item = PlannedScan> + Send + 'static {
    /// The length of the run.
    fn length(&self) -> Duration;

    /// The number of scans that the plan has not given out.
    fn left(&self) -> u64;

    /// The seed of the choices that the plan leaves to the run.
    fn seed(&self) -> u64;
}

/// The splitmix64 pseudo-random generator, whose numbers depend only on the seed.
#[derive(Debug, Clone)]
pub struct SplitMix64(pub u64);

impl SplitMix64 {
    /// Returns the next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a float holds 53 bits")]
    pub fn share(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns a number below a bound.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the share is below 1")]
    pub fn below(&mut self, bound: u32) -> u32 {
        ((self.share() * f64::from(bound)) as u32).min(bound.saturating_sub(1))
    }
}

/// The settings from which a plan is made.
#[derive(Debug, Clone)]
pub struct PlanOptions {
    /// The mean rate. **Units**: scans a second.
    pub rate: f64,
    /// The length of the run.
    pub length: Duration,
    /// The shape of the rate.
    pub shape: Shape,
    /// The number of residents to choose from.
    pub residents: u32,
    /// The number of venues to choose from.
    pub venues: u32,
    /// The choice of the venue of a scan.
    pub venue_choice: VenueChoice,
    /// The seed of the plan.
    pub seed: u64,
}

impl Default for PlanOptions {
    /// A thousand scans a second for a minute, at a constant rate.
    fn default() -> Self {
        Self {
            rate: 1_000.0,
            length: Duration::from_secs(60),
            shape: Shape::default(),
            residents: 10_000,
            venues: 200,
            venue_choice: VenueChoice::default(),
            seed: 1,
        }
    }
}

/// The error for a city that is too small for the rate of its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a city of {residents} residents and {venues} venues is too small for this rate: a resident scans at most \
     {scans_max} times in 30 s, each time at another venue, so the city needs {needed} residents"
)]
pub struct SmallCityError {
    /// The number of residents in the city.
    pub residents: u32,
    /// The number of venues in the city.
    pub venues: u32,
    /// The scans of one resident within a step.
    pub scans_max: u32,
    /// The number of residents that the plan needs.
    pub needed: u64,
}

/// The time step of a personal code. A second scan of a resident at a venue within one step would
/// deduplicate.
const STEP: Duration = Duration::from_secs(30);
/// The most scans of one resident within a step. With 8, the first venue may have an eighth of all scans;
/// more would flatten the choice of venues further.
const RESIDENT_SCANS_MAX: u32 = 8;
/// The draws of a venue before the next unused one is taken.
const VENUE_DRAWS_MAX: usize = 16;

impl PlanOptions {
    /// The number of scans: the rate times the length, and at least one.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "options bound the product")]
    pub fn scans(&self) -> u64 {
        ((self.rate * self.length.as_secs_f64()).round() as u64).max(1)
    }

    /// The most scans of one resident within a step in a city with these venues.
    fn resident_scans_max(&self) -> u32 {
        self.venues.clamp(1, RESIDENT_SCANS_MAX)
    }

    /// A bound on the scans in any step of the run. In a longer run the count of a step varies by chance; six
    /// standard deviations above its mean occur in none.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "options bound the product far below 2^53"
    )]
    fn step_scans_max(&self) -> u64 {
        if self.length <= STEP {
            return self.scans();
        }
        let expected =
            self.scans() as f64 * self.shape.peak() * STEP.as_secs_f64() / self.length.as_secs_f64();
        ((expected + 6.0 * expected.sqrt()).ceil() as u64).min(self.scans())
    }

    /// The number of residents that the plan needs so that each scan is a check-in of its own.
    #[must_use]
    pub fn residents_needed(&self) -> u64 {
        self.step_scans_max().div_ceil(u64::from(self.resident_scans_max()))
    }
}

/// The last scan of a resident at a venue.
#[derive(Debug, Clone, Copy)]
struct LastScan {
    venue: u32,
    /// The intended time. **Units**: milliseconds since the start.
    at_ms: u32,
}

/// The scans of a run in order of time, with Poisson arrivals. Residents take turns, so that no resident
/// scans twice before all others have.
#[derive(Debug, Clone)]
pub struct Plan {
    options: PlanOptions,
    random: SplitMix64,
    weights: Vec<f64>,
    /// The share of all scans before each part of the shape.
    shares: Vec<f64>,
    left: u64,
    /// The share of all scans whose time has not come.
    remaining: f64,
    turn: u64,
    stride: u64,
    /// The last scans of each resident, as many as fall into one step.
    last: Vec<LastScan>,
    depth: usize,
}

impl Plan {
    /// Begins the plan of these options. **Errors**: the city is too small.
    pub fn new(options: PlanOptions) -> Result<Self, SmallCityError> {
        let needed = options.residents_needed();
        let PlanOptions { residents, venues, venue_choice, .. } = options;
        if u64::from(residents) < needed || venues == 0 {
            let scans_max = options.resident_scans_max();
            return Err(SmallCityError { residents, venues, scans_max, needed });
        }
        let depth = options.step_scans_max().div_ceil(u64::from(residents));
        let depth = usize::try_from(depth).unwrap_or(usize::MAX).clamp(1, RESIDENT_SCANS_MAX as usize);
        let mut random = SplitMix64(options.seed);
        Ok(Self {
            weights: weights(venues, venue_choice),
            shares: options.shape.shares(),
            left: options.scans(),
            remaining: 1.0,
            turn: u64::from(random.below(residents)),
            stride: stride(u64::from(residents), &mut random),
            last: vec![LastScan { venue: u32::MAX, at_ms: 0 }; residents as usize * depth],
            depth,
            random,
            options,
        })
    }

    /// The options of the plan.
    #[must_use]
    pub fn options(&self) -> &PlanOptions {
        &self.options
    }

    /// The next time. The least of `left` numbers drawn evenly from the rest of the run is the next of them,
    /// so the times are those of a Poisson process with exactly as many arrivals as asked.
    #[expect(clippy::cast_precision_loss, reason = "a plan has fewer than 2^53 scans")]
    fn next_time(&mut self) -> Duration {
        self.remaining *= ((1.0 - self.random.share()).ln() / self.left as f64).exp();
        let share = 1.0 - self.remaining;
        let next = self.shares.partition_point(|&before| before <= share).clamp(1, self.shares.len() - 1);
        let (from, to) = (self.shares[next - 1], self.shares[next]);
        let part = ((next - 1) as f64 + (share - from) / (to - from)) / f64::from(SHAPE_PARTS);
        self.options.length.mul_f64(part.clamp(0.0, 1.0))
    }

    fn next_resident(&mut self) -> u32 {
        let residents = u64::from(self.options.residents);
        self.turn = (self.turn + self.stride) % residents;
        u32::try_from(self.turn).expect("the turn is below a number of 32 bits")
    }

    /// Draws a venue at which this resident has not scanned within a step.
    fn next_venue(&mut self, resident: u32, at_ms: u32) -> u32 {
        let from = resident as usize * self.depth;
        let own = &mut self.last[from..from + self.depth];
        let step_ms = u32::try_from(STEP.as_millis()).expect("a step has 30,000 ms");
        let is_used = |own: &[LastScan], venue: u32| {
            own.iter().any(|last| last.venue == venue && at_ms.saturating_sub(last.at_ms) <= step_ms)
        };
        let (random, weights) = (&mut self.random, &self.weights);
        let mut venue = 0;
        let is_drawn = (0..VENUE_DRAWS_MAX).any(|_| {
            venue = pick(weights, random.share());
            !is_used(own, venue)
        });
        if !is_drawn {
            let venues = self.options.venues;
            let mut others = (0..venues).map(|next| (venue + next) % venues);
            venue = others.find(|&other| !is_used(own, other)).unwrap_or(venue);
        }
        own.rotate_right(1);
        own[0] = LastScan { venue, at_ms };
        venue
    }
}

impl ScanPlan for Plan {
    fn length(&self) -> Duration {
        self.options.length
    }

    fn left(&self) -> u64 {
        self.left
    }

    fn seed(&self) -> u64 {
        self.options.seed
    }
}

impl Iterator for Plan {
    type Item = PlannedScan;

    fn next(&mut self) -> Option<PlannedScan> {
        if self.left == 0 {
            return None;
        }
        let at = self.next_time();
        self.left -= 1;
        let resident = self.next_resident();
        let at_ms = u32::try_from(at.as_millis()).unwrap_or(u32::MAX);
        let venue = self.next_venue(resident, at_ms);
        Some(PlannedScan { at, resident, venue })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.left).ok();
        (left.unwrap_or(usize::MAX), left)
    }
}

/// A step between residents that reaches each of them before it comes back to the first. It is near the
/// golden section, so that neighbours in the register do not follow each other.
fn stride(residents: u64, random: &mut SplitMix64) -> u64 {
    let wished = residents * 618 / 1_000 + u64::from(random.below(1_000));
    (wished.max(1)..).find(|&step| common_divisor(step, residents) == 1).expect("a prime is among them")
}

fn common_divisor(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { common_divisor(other, one % other) }
}

/// The share of the scans at the venues up to each.
fn weights(venues: u32, choice: VenueChoice) -> Vec<f64> {
    let mut sum = 0.0;
    let weight = |rank: u32| match choice {
        VenueChoice::Zipf => 1.0 / f64::from(rank),
        VenueChoice::Even => 1.0,
    };
    let mut sums: Vec<f64> = (1..=venues)
        .map(|rank| {
            sum += weight(rank);
            sum
        })
        .collect();
    sums.iter_mut().for_each(|share| *share /= sum);
    sums
}

fn pick(sums: &[f64], share: f64) -> u32 {
    let at = sums.partition_point(|&sum| sum < share).min(sums.len().saturating_sub(1));
    u32::try_from(at).unwrap_or(0)
}

#[cfg(test)]
mod tests;
