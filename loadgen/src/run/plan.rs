//! The plan of a run: the time, resident and venue of every scan, fixed before the first is sent and the same
//! for the same seed. Latencies count from these intended times, so a gateway that stalls pays for every scan
//! that it delays.

use std::collections::HashSet;
use std::time::Duration;

/// One scan of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedScan {
    /// The intended time since the start of the run.
    pub at: Duration,
    /// The resident's index in the city.
    pub resident: u32,
    /// The venue's index in the city.
    pub venue: u32,
}

/// The rate of scans over the length of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// A constant rate.
    Flat,
    /// A day with a morning peak, a noon peak and a broader evening peak around the mean rate.
    Day,
}

impl Curve {
    /// The relative rate at a point of the run. **Units**: `part` is the share of the run that has passed.
    fn height(self, part: f64) -> f64 {
        match self {
            Self::Flat => 1.0,
            Self::Day => {
                let peak = |middle: f64, width: f64| (-((part - middle) / width).powi(2)).exp();
                0.25 + 2.6 * peak(0.33, 0.06) + 0.8 * peak(0.51, 0.05) + 2.2 * peak(0.75, 0.09)
            }
        }
    }
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
#[derive(Debug, Clone, Copy)]
pub struct PlanOptions {
    /// The mean rate. **Units**: scans a second.
    pub rate: f64,
    /// The length of the run.
    pub length: Duration,
    /// The curve of the rate.
    pub curve: Curve,
    /// The number of residents to choose from.
    pub residents: u32,
    /// The number of venues to choose from; the first is visited most.
    pub venues: u32,
    /// The seed of the plan.
    pub seed: u64,
}

/// The time step of a personal code. A second scan of a resident at a venue within one step would
/// deduplicate.
const STEP: Duration = Duration::from_secs(30);

/// Makes the plan in order of time, with Poisson arrivals and venues by Zipf's law.
#[must_use]
pub fn plan(options: &PlanOptions) -> Vec<PlannedScan> {
    let mut random = SplitMix64(options.seed);
    let weights = zipf(options.venues);
    let mean: f64 =
        (0..1_000).map(|part| options.curve.height(f64::from(part) / 1_000.0)).sum::<f64>() / 1_000.0;
    let (mut planned, mut at) = (Vec::new(), 0.0_f64);
    let mut recent: HashSet<(u32, u32)> = HashSet::new();
    let mut cleared = Duration::ZERO;
    let seconds = options.length.as_secs_f64();
    loop {
        let rate = options.rate * options.curve.height(at / seconds) / mean;
        at += -(1.0 - random.share()).ln() / rate;
        if at >= seconds {
            return planned;
        }
        let time = Duration::from_secs_f64(at);
        if time.saturating_sub(cleared) > STEP {
            recent.clear();
            cleared = time;
        }
        let venue = pick(&weights, random.share());
        // With many residents the first draw is nearly always unused. A city that is too small skips the
        // scan.
        let resident =
            (0..16).map(|_| random.below(options.residents)).find(|&one| recent.insert((one, venue)));
        if let Some(resident) = resident {
            planned.push(PlannedScan { at: time, resident, venue });
        }
    }
}

fn zipf(count: u32) -> Vec<f64> {
    let mut sum = 0.0;
    let mut sums: Vec<f64> = (1..=count)
        .map(|rank| {
            sum += 1.0 / f64::from(rank);
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
mod tests {
    use super::*;

    fn options(curve: Curve) -> PlanOptions {
        let length = Duration::from_secs(20);
        PlanOptions { rate: 1_000.0, length, curve, residents: 5_000, venues: 50, seed: 7 }
    }

    #[test]
    fn the_rate_is_kept_and_the_seed_decides() {
        for curve in [Curve::Flat, Curve::Day] {
            let one = plan(&options(curve));
            assert!((19_000..21_000).contains(&one.len()), "{}", one.len());
            assert!(one.is_sorted_by_key(|intended| intended.at));
            assert_eq!(one, plan(&options(curve)));
            assert_ne!(one, plan(&PlanOptions { seed: 8, ..options(curve) }));
        }
    }

    #[test]
    fn nobody_scans_twice_at_a_venue_in_a_step() {
        let mut seen = HashSet::new();
        let planned = plan(&options(Curve::Flat));
        assert!(planned.iter().all(|one| seen.insert((one.resident, one.venue))));
        let first = planned.iter().filter(|one| one.venue == 0).count();
        let last = planned.iter().filter(|one| one.venue == 49).count();
        assert!(first > 20 * last, "{first} {last}");
    }

    #[test]
    fn a_day_has_its_peaks() {
        let planned = plan(&options(Curve::Day));
        let between = |from, to| {
            let (from, to) = (Duration::from_secs(from), Duration::from_secs(to));
            planned.iter().filter(|one| (from..to).contains(&one.at)).count()
        };
        assert!(between(6, 7) > 3 * between(1, 2));
    }
}
