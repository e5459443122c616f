//! The latencies of a run as an HdrHistogram interval log, format 1.3, which HdrHistogram's own tools read.
//!
//! **Shape**: the version, the start of the run as `StartTime` and `BaseTime`, a divisor of 1000, then two
//! lines a second: one tagged `response`, one tagged `service`. A line has the second's start since
//! `BaseTime` and its length in seconds, its longest latency in milliseconds, and the histogram. **Units**:
//! the histograms are in microseconds.

use crate::sample::RunTotals;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, IntervalLogWriterError, Tag};
use std::io::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

/// The name and version of the format, as its readers expect them.
const VERSION: &str = "#[Histogram log format version 1.3]";
/// The names of a line's columns, which HdrHistogram writes into its own logs.
const LEGEND: &str = r#""StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram""#;
/// The microseconds in a millisecond, the unit of the longest latency in a line.
const MAX_DIVISOR: f64 = 1_000.0;

/// Writes the log of a run. **Errors**: those of the writer.
pub fn write_log(totals: &RunTotals, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{VERSION}\n{LEGEND}")?;
    let mut serializer = V2DeflateSerializer::new();
    let began = UNIX_EPOCH + Duration::from_millis(totals.began.0);
    let mut log = IntervalLogWriterBuilder::new()
        .with_start_time(began)
        .with_base_time(began)
        .with_max_value_divisor(MAX_DIVISOR)
        .begin_log_with(out, &mut serializer)?;
    for (second, sample) in (0..).zip(&totals.seconds) {
        let start = Duration::from_secs(second);
        for (name, histogram) in [("response", &sample.response), ("service", &sample.service)] {
            let written =
                log.write_histogram(&histogram.open(), start, Duration::from_secs(1), Tag::new(name));
            written.map_err(|error| match error {
                IntervalLogWriterError::IoError(error) => error,
                IntervalLogWriterError::SerializeError(error) => io::Error::other(error),
            })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{acknowledged, settled};
    use crate::sample::{KeptAnswers, Samples, SettledScan};
    use hdrhistogram::Histogram;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
    use scangate_core::time::Timestamp;

    #[test]
    fn each_second_has_a_line_for_response_and_one_for_service() {
        let samples = Samples::new(2, Duration::from_secs(5), KeptAnswers::Count);
        samples.begin(Timestamp(1_640_995_200_500));
        samples.settle(settled(acknowledged(), Duration::from_millis(8)));
        let ended = Duration::from_millis(2_100);
        samples.settle(SettledScan { at: ended, ..settled(acknowledged(), Duration::from_millis(20)) });
        let mut log = Vec::new();
        write_log(&samples.take(), &mut log).unwrap();
        let text = std::str::from_utf8(&log).unwrap();
        assert!(text.starts_with("#[Histogram log format version 1.3]\n\"StartTimestamp\""), "{text}");
        assert!(text.contains("#[BaseTime: 1640995200.500 (seconds since epoch)]"), "{text}");
        let data = text.split_once("MaxValueDivisor: 1000.000]\n").unwrap().1;
        let mut lines = Vec::new();
        for entry in IntervalLogIterator::new(data.as_bytes()) {
            if let LogEntry::Interval(line) = entry.unwrap() {
                let bytes = base64::Engine::decode(
                    &base64::engine::general_purpose::STANDARD,
                    line.encoded_histogram(),
                );
                let open: Histogram<u64> =
                    Deserializer::new().deserialize(&mut bytes.unwrap().as_slice()).unwrap();
                let tag = line.tag().unwrap().as_str().to_owned();
                lines.push((line.start_timestamp().as_secs(), tag, line.max(), open.len()));
            }
        }
        let named = |second, tag: &str, max, count| (second, tag.to_owned(), max, count);
        assert_eq!(lines[0], named(0, "response", 8.003, 1));
        assert_eq!(lines[2], named(1, "response", 0.0, 0));
        assert_eq!(lines[5], named(2, "service", 20.015, 1));
        assert_eq!(lines.len(), 6);
    }
}
