use super::*;
use proptest::prelude::*;

const LATE_AFTER: Duration = Duration::from_secs(5);

/// A scan that ended this long after the start, acknowledged after this response time.
fn acknowledged(at: Duration, response: Duration) -> SettledScan {
    let check_in = AcknowledgedCheckIn { id: CheckInId([7; 16]), at: Timestamp(0) };
    let outcome = ScanOutcome::Acknowledged(check_in);
    SettledScan {
        person: PersonId(1),
        outcome,
        at,
        response,
        service: Some(response / 2),
        lag: Duration::ZERO,
    }
}

fn failed(at: Duration, outcome: ScanOutcome) -> SettledScan {
    let response = Duration::from_millis(3);
    SettledScan { person: PersonId(1), outcome, at, response, service: None, lag: Duration::ZERO }
}

fn totals(scans: Vec<SettledScan>) -> RunTotals {
    let samples = Samples::new(scans.len() as u64, LATE_AFTER, KeptAnswers::All);
    for scan in scans {
        samples.settle(scan);
    }
    samples.take()
}

#[test]
fn a_second_has_its_classes_and_its_latencies() {
    let at = |ms| Duration::from_millis(ms);
    let second = totals(vec![
        acknowledged(at(100), at(2)),
        failed(at(1_100), ScanOutcome::Refused("overloaded".to_owned())),
        failed(at(1_200), ScanOutcome::Broken(BreakCause::Timeout)),
        failed(at(1_300), ScanOutcome::Unanswered),
        failed(at(1_400), ScanOutcome::NotSent),
        acknowledged(at(1_500), at(40)),
        acknowledged(at(1_600), at(6_000)),
    ])
    .seconds
    .remove(1);
    let outcomes = &second.outcomes;
    assert_eq!((outcomes.acknowledged, outcomes.late, outcomes.errors()), (2, 1, 4));
    assert_eq!((outcomes.refused["overloaded"], outcomes.broken[&BreakCause::Timeout]), (1, 1));
    assert_eq!((outcomes.unanswered, outcomes.not_sent), (1, 1));
    let response = second.response.open();
    assert_eq!((response.len(), response.count_at(40_000)), (2, 1));
    assert_eq!(second.service.open().count_at(20_000), 1);
}

#[test]
fn merged_runs_add_up_by_order_in_time() {
    let run = |began, at| {
        let mut run = totals(vec![acknowledged(at, Duration::from_millis(9))]);
        (run.began, run.offered, run.early) = (Timestamp(began), vec![1], 2);
        run
    };
    for (order, wall) in [(RunOrder::Parallel, 3), (RunOrder::Sequential, 5)] {
        let mut merged = run(50, Duration::from_secs(2));
        merged.merge(run(40, Duration::from_secs(3)), order);
        assert_eq!(merged.wall, Duration::from_secs(wall));
        assert_eq!(
            (merged.began, merged.offered.as_slice(), merged.early),
            (Timestamp(40), [2].as_slice(), 4)
        );
        assert_eq!(
            (merged.outcomes.planned, merged.kept[&PersonId(1)].len(), merged.seconds.len()),
            (2, 2, 4)
        );
        assert!(merged.outcomes.is_settled());
    }
}

#[test]
fn an_hour_at_twenty_thousand_scans_a_second_fits_into_64_mib() {
    // Latencies spread over five decades need more bytes than any gateway's do.
    let mut spread = histogram();
    for scan in 0..20_000_u32 {
        spread.saturating_record(us(Duration::from_secs_f64(1e-4 * 1e5_f64.powf(f64::from(scan) / 2e4))));
    }
    let compact = CompactHistogram::of(&spread);
    assert_eq!(compact.open(), spread);
    let second = 2 * compact.0.capacity() + size_of::<SecondSample>();
    assert!(3_600 * second < 64 << 20, "a second takes {second} bytes");
}

proptest! {
    /// The seconds of two merged runs have the quantiles of one run with the scans of both.
    #[test]
    fn quantiles_of_merged_seconds_are_exact(
        scans in prop::collection::vec((0_u64..3_000, 1_u64..9_000_000, any::<bool>()), 1..200)
    ) {
        let mut scans = scans;
        scans.sort_unstable();
        let part = |wanted: &dyn Fn(bool) -> bool| {
            let scans = scans.iter().filter(|(.., side)| wanted(*side));
            totals(scans.map(|(at, us, _)| acknowledged(Duration::from_millis(*at), Duration::from_micros(*us))).collect())
        };
        let whole = part(&|_| true);
        let mut merged = part(&|side| side);
        merged.merge(part(&|side| !side), RunOrder::Parallel);
        prop_assert_eq!(merged.seconds.len(), whole.seconds.len());
        for (merged, whole) in merged.seconds.iter().zip(&whole.seconds) {
            prop_assert_eq!(&merged.outcomes, &whole.outcomes);
            prop_assert_eq!(merged.response.open(), whole.response.open());
            prop_assert_eq!(merged.service.open(), whole.service.open());
        }
    }
}
