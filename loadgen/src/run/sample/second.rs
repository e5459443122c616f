//! One second of a run: the class of each scan that ended in it, and its latencies in a compact form. A
//! second takes a few kilobytes, so that an hour of seconds fits into memory.

use super::histogram;
use crate::outcome::OutcomeCounts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};
use serde::{Serialize, Serializer, de};

/// A histogram as the bytes of HdrHistogram's compressed V2 format. An empty histogram has no bytes.
///
/// **Cost**: 1 KB for a thousand distinct latencies, where the open histogram takes 190 KB.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompactHistogram(pub(super) Vec<u8>);

impl CompactHistogram {
    /// The histogram with all its counts. **Units**: microseconds.
    #[must_use]
    pub fn open(&self) -> Histogram<u64> {
        if self.0.is_empty() {
            return histogram();
        }
        let read = Deserializer::new().deserialize(&mut self.0.as_slice());
        read.expect("only `add` makes the bytes, and it writes a whole histogram")
    }

    /// The compact form of an open histogram.
    pub(super) fn of(open: &Histogram<u64>) -> Self {
        let mut bytes = Vec::new();
        if !open.is_empty() {
            let written = V2DeflateSerializer::new().serialize(open, &mut bytes);
            written.expect("a vector takes every byte, and the counts are far below 2^63");
            bytes.shrink_to_fit();
        }
        Self(bytes)
    }

    /// Adds the counts of another histogram.
    pub(super) fn add(&mut self, other: &Self) {
        if self.0.is_empty() {
            self.0.clone_from(&other.0);
        } else if !other.0.is_empty() {
            let mut sum = self.open();
            sum.add(other.open()).expect("all histograms of a run have the same bounds");
            *self = Self::of(&sum);
        }
    }
}

/// The latencies of one second, open. **Units**: microseconds. **Cost**: 380 KB.
pub(super) struct SecondLatencies {
    /// The response times of the acknowledged scans.
    pub(super) response: Histogram<u64>,
    /// Their service times.
    pub(super) service: Histogram<u64>,
}

/// The latencies of one second, compact.
pub(super) struct CompactLatencies {
    /// The response times of the acknowledged scans.
    pub(super) response: CompactHistogram,
    /// Their service times.
    pub(super) service: CompactHistogram,
}

impl Default for SecondLatencies {
    fn default() -> Self {
        Self { response: histogram(), service: histogram() }
    }
}

impl SecondLatencies {
    pub(super) fn compact(&self) -> CompactLatencies {
        let compact = CompactHistogram::of;
        CompactLatencies { response: compact(&self.response), service: compact(&self.service) }
    }
}

/// An open histogram as text.
pub(crate) mod histogram_text {
    use super::CompactHistogram;
    use hdrhistogram::Histogram;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(crate) fn serialize<S: Serializer>(open: &Histogram<u64>, out: S) -> Result<S::Ok, S::Error> {
        CompactHistogram::of(open).serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Histogram<u64>, D::Error> {
        CompactHistogram::deserialize(input).map(|compact| compact.open())
    }
}

impl Serialize for CompactHistogram {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> serde::Deserialize<'de> for CompactHistogram {
    /// Reads bytes that are those of a histogram with the bounds of a run.
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let bytes = STANDARD.decode(String::deserialize(input)?).map_err(de::Error::custom)?;
        if !bytes.is_empty() {
            let read = Deserializer::new().deserialize::<u64, _>(&mut bytes.as_slice());
            let read = read.map_err(de::Error::custom)?;
            histogram().add(&read).map_err(de::Error::custom)?;
        }
        Ok(Self(bytes))
    }
}

/// The scans that came to their end in one second of a run.
#[derive(Debug, Clone, Default, Serialize, serde::Deserialize)]
pub struct SecondSample {
    /// The number of scans in each class. `planned` stays 0: the plan is counted by intended time.
    pub outcomes: OutcomeCounts,
    /// The response times of the acknowledged scans.
    pub response: CompactHistogram,
    /// The service times of the acknowledged scans.
    pub service: CompactHistogram,
}

impl SecondSample {
    /// Adds the same second of another run.
    pub(super) fn merge(&mut self, other: &Self) {
        self.outcomes.merge(&other.outcomes);
        self.response.add(&other.response);
        self.service.add(&other.service);
    }
}
