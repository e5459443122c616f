//! One reading of the gateway's metrics, in the text format of Prometheus.

use scangate_core::time::Timestamp;

/// The metrics of which a run keeps the course.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct MetricsReading {
    /// The time at which the answer was there.
    pub(super) at: Timestamp,
    /// The CPU time of the process since its start. **Units**: seconds.
    pub(super) cpu_s: f64,
    /// Check-ins in the journal that the trail store does not have yet.
    pub(super) backlog: f64,
    /// The time of all fsyncs since the start. **Units**: seconds.
    pub(super) fsync_s: f64,
    /// The number of fsyncs since the start.
    pub(super) fsyncs: f64,
}

impl MetricsReading {
    /// Reads the text of `/metrics`. Returns `None` for the metrics of another program.
    pub(super) fn parse(text: &str, at: Timestamp) -> Option<Self> {
        // Each of these metrics has one series, without labels.
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
            line.split_ascii_whitespace().next()?.parse::<f64>().ok()
        };
        // A gateway that has not synced a group yet does not list these two.
        let fsync = |part: &str| value(&format!("scangate_journal_fsync_seconds_{part}")).unwrap_or(0.0);
        Some(Self {
            at,
            cpu_s: value("process_cpu_seconds_total")?,
            backlog: value("scangate_backlog")?,
            fsync_s: fsync("sum"),
            fsyncs: fsync("count"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metrics_are_read_from_their_text() {
        let text = "# TYPE scangate_backlog gauge\nscangate_backlog_other 9\nscangate_backlog 12\n\
                    process_cpu_seconds_total 3.5\n\
                    scangate_journal_fsync_seconds_bucket{le=\"0.1\"} 4\n\
                    scangate_journal_fsync_seconds_sum 0.25\nscangate_journal_fsync_seconds_count 4\n";
        let reading =
            MetricsReading { at: Timestamp(7), cpu_s: 3.5, backlog: 12.0, fsync_s: 0.25, fsyncs: 4.0 };
        assert_eq!(MetricsReading::parse(text, Timestamp(7)), Some(reading));
        let idle = MetricsReading { fsync_s: 0.0, fsyncs: 0.0, ..reading };
        let text = "process_cpu_seconds_total 3.5\nscangate_backlog 12\n";
        assert_eq!(MetricsReading::parse(text, Timestamp(7)), Some(idle));
        assert_eq!(MetricsReading::parse("process_cpu_seconds_total 3.5\n", Timestamp(7)), None);
        assert_eq!(MetricsReading::parse("scangate_backlog many\n", Timestamp(7)), None);
    }
}
