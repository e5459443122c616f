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

    /// Adds the counts of an open histogram.
    pub(super) fn add(&mut self, other: &Histogram<u64>) {
        if other.is_empty() {
            return;
        }
        let mut sum = self.open();
        sum.add(other).expect("all histograms of a run have the same bounds");
        self.0.clear();
        let written = V2DeflateSerializer::new().serialize(&sum, &mut self.0);
        written.expect("a vector takes every byte, and the counts are far below 2^63");
    }
}

/// An open histogram as text.
pub(crate) mod histogram_text {
    use super::CompactHistogram;
    use hdrhistogram::Histogram;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(crate) fn serialize<S: Serializer>(open: &Histogram<u64>, out: S) -> Result<S::Ok, S::Error> {
        let mut compact = CompactHistogram::default();
        compact.add(open);
        compact.serialize(out)
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
        self.response.add(&other.response.open());
        self.service.add(&other.service.open());
    }
}
