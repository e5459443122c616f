//! The course of the gateway's metrics by second of a run.

use super::reading::MetricsReading;
use scangate_core::time::Timestamp;

/// The longest time between two readings that are compared. After a longer one the seconds stay empty.
const GAP_MS_MAX: u64 = 5_000;

/// The gateway's metrics in one second of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct GatewaySecond {
    /// The CPU time that the gateway used. **Units**: seconds.
    cpu_s: f64,
    /// The time between the two readings. **Units**: seconds.
    over_s: f64,
    /// The time of the fsyncs of the journal. **Units**: seconds.
    fsync_s: f64,
    /// The number of these fsyncs.
    fsyncs: f64,
    /// The most check-ins that waited for the trail store.
    backlog: f64,
}

impl GatewaySecond {
    fn between(before: &MetricsReading, after: &MetricsReading) -> Option<Self> {
        let over_ms = after.at.0.checked_sub(before.at.0).filter(|ms| (1..=GAP_MS_MAX).contains(ms))?;
        // A gateway that was started again counts from 0.
        let rise = |of: fn(&MetricsReading) -> f64| Some(of(after) - of(before)).filter(|rise| *rise >= 0.0);
        Some(Self {
            cpu_s: rise(|reading| reading.cpu_s)?,
            over_s: seconds(over_ms),
            fsync_s: rise(|reading| reading.fsync_s)?,
            fsyncs: rise(|reading| reading.fsyncs)?,
            backlog: after.backlog,
        })
    }

    fn merge(&mut self, other: &Self) {
        self.cpu_s += other.cpu_s;
        self.over_s += other.over_s;
        self.fsync_s += other.fsync_s;
        self.fsyncs += other.fsyncs;
        self.backlog = self.backlog.max(other.backlog);
    }

    /// The CPU time a second, which is the number of busy cores.
    #[must_use]
    pub fn cpu_cores(&self) -> f64 {
        self.cpu_s / self.over_s
    }

    /// The most check-ins in the journal that waited for the trail store.
    #[must_use]
    pub fn backlog(&self) -> f64 {
        self.backlog
    }

    /// The mean time of a group's fsync, if there was one. **Units**: milliseconds.
    #[must_use]
    pub fn fsync_ms(&self) -> Option<f64> {
        (self.fsyncs > 0.0).then(|| self.fsync_s / self.fsyncs * 1e3)
    }
}

/// The gateway's metrics by second of a run, or the reason for which there are none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GatewaySeries {
    /// The metrics by second, from the first second of the run. A second without a reading has none.
    pub seconds: Vec<Option<GatewaySecond>>,
    /// The reason for which no second has metrics.
    pub missing: Option<String>,
}

impl GatewaySeries {
    /// A run without metrics, for this reason.
    #[must_use]
    pub fn missing(reason: impl Into<String>) -> Self {
        Self { seconds: Vec::new(), missing: Some(reason.into()) }
    }

    /// The series of these readings in a run that began at this time.
    pub(super) fn new(readings: &[MetricsReading], began: Timestamp) -> Self {
        let mut series = Self::default();
        for (before, after) in readings.iter().zip(readings.iter().skip(1)) {
            let middle = Timestamp(before.at.0.midpoint(after.at.0));
            let since = middle.0.checked_sub(began.0).and_then(|ms| usize::try_from(ms / 1_000).ok());
            if let (Some(second), Some(own)) = (since, GatewaySecond::between(before, after)) {
                series.seconds.resize(series.seconds.len().max(second + 1), None);
                series.seconds[second].get_or_insert_default().merge(&own);
            }
        }
        if series.seconds.is_empty() {
            series.missing = Some("the run was too short for two readings".to_owned());
        }
        series
    }

    /// Adds the series of another run of the same gateway: CPU time and fsyncs become means, the backlog the
    /// higher one.
    pub fn merge(&mut self, other: &Self) {
        self.seconds.resize(self.seconds.len().max(other.seconds.len()), None);
        for (own, others) in self.seconds.iter_mut().zip(&other.seconds) {
            if let Some(others) = others {
                own.get_or_insert_default().merge(others);
            }
        }
        let reason = self.missing.take().or_else(|| other.missing.clone());
        self.missing = reason.filter(|_| self.seconds.is_empty());
    }
}

fn seconds(ms: u64) -> f64 {
    std::time::Duration::from_millis(ms).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(at: u64, cpu_s: f64, backlog: f64, fsync_s: f64, fsyncs: f64) -> MetricsReading {
        MetricsReading { at: Timestamp(at), cpu_s, backlog, fsync_s, fsyncs }
    }

    #[test]
    fn differences_of_readings_stand_in_their_second() {
        let readings = [
            reading(9_500, 1.0, 0.0, 0.0, 0.0),
            reading(10_500, 2.0, 5.0, 0.5, 10.0),
            reading(11_500, 3.5, 7.0, 0.5, 10.0),
            reading(19_500, 9.0, 9.0, 0.9, 20.0),
            reading(20_500, 0.5, 9.0, 0.0, 0.0),
        ];
        let series = GatewaySeries::new(&readings, Timestamp(10_000));
        assert_eq!(series.seconds.len(), 2);
        let second = series.seconds[1].unwrap();
        assert_eq!((second.cpu_cores(), second.backlog(), second.fsync_ms()), (1.5, 7.0, None));
        let first = series.seconds[0].unwrap();
        assert_eq!((first.cpu_cores(), first.backlog(), first.fsync_ms()), (1.0, 5.0, Some(50.0)));
    }

    #[test]
    fn merged_series_have_mean_times_and_the_higher_backlog() {
        let series = |cpu_s, backlog, fsyncs| {
            let readings = [reading(0, 0.0, 0.0, 0.0, 0.0), reading(1_000, cpu_s, backlog, 0.3, fsyncs)];
            GatewaySeries::new(&readings, Timestamp(0))
        };
        let mut merged = GatewaySeries::missing("refused");
        merged.merge(&series(1.0, 4.0, 10.0));
        merged.merge(&series(2.0, 3.0, 20.0));
        assert_eq!(merged.missing, None);
        let second = merged.seconds[0].unwrap();
        assert_eq!((second.cpu_cores(), second.backlog(), second.fsync_ms()), (1.5, 4.0, Some(20.0)));
        assert!(GatewaySeries::new(&[], Timestamp(0)).missing.is_some());
    }
}
