//! The printed figures of an overload.

use super::PhaseSample;
use super::generator::Generator;
use super::timeline::{CalmLevel, Timeline};

/// The number of refusals from which their cost can be told from chance.
const REFUSALS_MIN: u64 = 10_000;
/// The goodput under load, as a share of the peak, that is the target.
const GOODPUT_SHARE_MIN: f64 = 0.95;
/// The longest time until the load is calm again, which is the target. **Units**: seconds.
const RETURN_MAX_S: f64 = 5.0;
/// The share of the asked rate below which the generator has fallen behind.
const SENT_SHARE_MIN: f64 = 0.95;

/// The generator's delay beyond which its own queue is a part of the figures. **Units**: milliseconds.
const DELAY_MAX_MS: f64 = 100.0;

/// The phases of a run in their order.
pub(super) struct OverloadTable {
    pub(super) peak: PhaseSample,
    pub(super) calm: PhaseSample,
    pub(super) step: PhaseSample,
    pub(super) back: PhaseSample,
    pub(super) storm: PhaseSample,
    pub(super) after: PhaseSample,
}

const fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "not met" }
}

impl OverloadTable {
    /// Prints the table of the phases and the figures that compare them.
    pub(super) fn print(&self, generator: &Generator) {
        println!(
            "| phase | asked/s | sent/s | not sent/s | acknowledged/s | of peak | refused/s | unanswered/s | other/s | p50 ms | \
             p99 ms | server CPU | generator CPU | generator's delay, p99 ms |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        for phase in [&self.peak, &self.calm, &self.step, &self.back, &self.storm, &self.after] {
            self.print_phase(phase, &generator.timeline);
        }
        println!();
        self.print_sent(&generator.timeline);
        for phase in [&self.step, &self.storm] {
            self.print_goodput(phase);
            self.print_costs(phase);
        }
        self.print_returns(generator);
        let lost = generator.lost();
        println!("- Connections that ended: {}.", lost.values().sum::<usize>());
        for (reason, count) in lost {
            println!("  - {count}: {reason}");
        }
    }

    fn print_phase(&self, phase: &PhaseSample, timeline: &Timeline) {
        let a_second = |count| format!("{:.0}", phase.a_second(count));
        let share = |used: std::time::Duration| used.as_secs_f64() / phase.length.as_secs_f64() * 100.0;
        let latencies = timeline.spread(&phase.buckets, |bucket| &bucket.latencies_us);
        let delays = timeline.spread(&phase.buckets, |bucket| &bucket.delays_us);
        let sum = &phase.sum;
        println!(
            "| {} | {} | {} | {} | {} | {:.1} % | {} | {} | {} | {:.2} | {:.2} | {:.0} % | {:.0} % | {} |",
            phase.name,
            phase.asked.map_or_else(|| "closed loop".to_owned(), |rate| format!("{rate:.0}")),
            a_second(sum.sent),
            a_second(sum.unsent),
            a_second(sum.acknowledged),
            phase.goodput() / self.peak.goodput() * 100.0,
            a_second(sum.refused),
            a_second(sum.unanswered),
            a_second(sum.broken),
            latencies.median(),
            latencies.quantile(0.99),
            share(phase.server),
            share(phase.generator),
            phase.asked.map_or_else(String::new, |_| format!("{:.2}", delays.quantile(0.99))),
        );
    }

    /// How far the generator came. It shares the machine with the server and may be the limit.
    fn print_sent(&self, timeline: &Timeline) {
        for phase in [&self.calm, &self.step, &self.back, &self.after] {
            let (Some(asked), sent) = (phase.asked, phase.a_second(phase.sum.sent)) else { continue };
            if sent < asked * SENT_SHARE_MIN {
                println!(
                    "- {}: {sent:.0}/s of {asked:.0}/s were sent, which is {:.1} times the calm rate instead of {:.0}. {:.0}/s were \
                     held back because too many were in flight, which the server's pace decides; for the others the generator \
                     fell behind.",
                    phase.name,
                    sent / self.calm.a_second(self.calm.sum.sent),
                    asked / self.calm.asked.unwrap_or(asked),
                    phase.a_second(phase.sum.held_back),
                );
            }
        }
        for phase in [&self.calm, &self.step, &self.back, &self.after] {
            let delay = timeline.spread(&phase.buckets, |bucket| &bucket.delays_us).quantile(0.99);
            if delay > DELAY_MAX_MS {
                println!(
                    "- {}: the generator began check-ins up to {delay:.0} ms late (p99), so its own queue is in these figures. \
                     A lower --in-flight-max shortens it.",
                    phase.name
                );
            }
        }
    }

    fn print_goodput(&self, phase: &PhaseSample) {
        let share = phase.goodput() / self.peak.goodput();
        println!(
            "- {}: goodput {:.1} % of the peak (target {:.0} %: {}), {:.0} refusals/s.",
            phase.name,
            share * 100.0,
            GOODPUT_SHARE_MIN * 100.0,
            verdict(share >= GOODPUT_SHARE_MIN),
            phase.a_second(phase.sum.refused),
        );
    }

    /// The cost of a refusal. An acceptance counts with its cost in the calm phase, and the rest of the
    /// server's CPU time is divided by the refusals.
    fn print_costs(&self, phase: &PhaseSample) {
        let acceptance = self.calm.acceptance_us();
        if phase.sum.refused < REFUSALS_MIN {
            println!(
                "- {}: too few refusals for the cost of one. An acceptance took {acceptance:.1} us in the calm phase and {:.1} us here.",
                phase.name,
                phase.acceptance_us(),
            );
            return;
        }
        let refusal = phase.refusal_us(acceptance);
        let answers = (phase.sum.acknowledged + phase.sum.refused) as f64;
        println!(
            "- {}: server CPU {acceptance:.1} us an acceptance (as in the calm phase), {refusal:.1} us a refusal (the rest of \
             the CPU time by refusals; target below an acceptance: {}); {:.1} us an answer of either kind.",
            phase.name,
            verdict(refusal < acceptance),
            phase.server.as_secs_f64() * 1e6 / answers,
        );
    }

    fn print_returns(&self, generator: &Generator) {
        let timeline = &generator.timeline;
        let latencies = timeline.spread(&self.calm.buckets, |bucket| &bucket.latencies_us);
        let calm = CalmLevel { goodput: self.calm.goodput(), p99: latencies.quantile(0.99) };
        println!(
            "- Calm is {:.0} acknowledged/s with a p99 of {:.2} ms; {:.0} % of its own seconds are within 10 % of both.",
            calm.goodput,
            calm.p99,
            timeline.read(&self.calm.buckets, |buckets| calm.share(buckets)) * 100.0,
        );
        for (step, phase) in [
            ("the step up", &self.step),
            ("the step back", &self.back),
            ("the storm's begin", &self.storm),
            ("the storm's end", &self.after),
        ] {
            match timeline.read(&phase.buckets, |buckets| calm.reached_after(buckets)) {
                Some(after) => println!(
                    "- After {step}: within 10 % of calm after {:.1} s (target {RETURN_MAX_S:.0} s: {}).",
                    after.as_secs_f64(),
                    verdict(after.as_secs_f64() <= RETURN_MAX_S),
                ),
                None => println!(
                    "- After {step}: not within 10 % of calm in {:.0} s (target {RETURN_MAX_S:.0} s: not met).",
                    phase.length.as_secs_f64(),
                ),
            }
        }
    }
}
