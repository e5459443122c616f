//! Scans, settings and reports for the tests of this folder.

use super::slo::Slo;
use super::{RunMeasures, RunReport, RunSettings, RunVerification};
use crate::machine::gateway::GatewaySeries;
use crate::machine::host::LoadHost;
use crate::outcome::ScanOutcome;
use crate::sample::{AcknowledgedCheckIn, Samples, SettledScan};
use scangate_core::id::{CheckInId, PersonId};
use scangate_core::time::Timestamp;
use std::time::Duration;

/// A scan that ended after this response time, the first 100 us of which it waited for the generator.
pub(super) fn settled(outcome: ScanOutcome, response: Duration) -> SettledScan {
    let lag = Duration::from_micros(100);
    SettledScan { person: PersonId(1), outcome, at: response, response, service: Some(response), lag }
}

/// The outcome of an acknowledged scan.
pub(super) fn acknowledged() -> ScanOutcome {
    ScanOutcome::Acknowledged(AcknowledgedCheckIn { id: CheckInId([1; 16]), at: Timestamp(1) })
}

/// The settings of a run.
pub(super) fn settings() -> RunSettings {
    RunSettings {
        scenario: String::new(),
        rate: 1.0,
        seconds: 1.0,
        carrier: String::new(),
        residents: 1,
        venues: 1,
        generators: 1,
        seed: 1,
        answer_max_ms: 1e3,
        late_after_ms: 50.0,
        lag_max_ms: 20.0,
    }
}

/// The measures of a run that measured nothing beside its scans.
pub(super) fn measures() -> RunMeasures {
    RunMeasures {
        server_cpu: None,
        generator_cpu: None,
        generator_cpu_share: None,
        gateway: GatewaySeries::default(),
        host: LoadHost::default(),
        is_interrupted: false,
        verification: RunVerification::LeftOut,
    }
}

/// The report of a run of two seconds with these samples.
pub(super) fn report(samples: &Samples, levels: &[Slo]) -> RunReport {
    samples.end_plan(vec![100], 0, Duration::from_secs(2));
    RunReport::new(settings(), &samples.take(), measures(), levels)
}
