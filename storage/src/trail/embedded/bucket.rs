//! Buckets, and the keys of their blocks.

use crate::trail::Index;
use scangate_core::time::Timestamp;

/// A bucket of an index in its period: the day, and in the venues' index the hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Bucket {
    pub(super) index: Index,
    pub(super) day: u32,
    pub(super) hour: u8,
    pub(super) bucket: u16,
}

impl Bucket {
    pub(super) fn of(index: Index, owner: u64, at: Timestamp, buckets: u16) -> Self {
        let hour = match index {
            Index::Persons => 0,
            Index::Venues => u8::try_from(at.utc_hour() % 24).expect("a day has 24 hours"),
        };
        let bucket = u16::try_from(owner % u64::from(buckets)).expect("less than the number of buckets");
        Self { index, day: at.utc_day(), hour, bucket }
    }

    /// The bucket's rank among the buckets of its index, in the order of their periods.
    pub(super) fn rank(self) -> u64 {
        u64::from(self.day) << 24 | u64::from(self.hour) << 16 | u64::from(self.bucket)
    }

    pub(super) fn of_rank(index: Index, rank: u64) -> Self {
        let [.., a, b, c, d, hour, e, f] = rank.to_be_bytes();
        let (day, bucket) = (u32::from_be_bytes([a, b, c, d]), u16::from_be_bytes([e, f]));
        Self { index, day, hour, bucket }
    }

    /// The prefix of all keys of the bucket.
    pub(super) fn prefix(self) -> Vec<u8> {
        let mut prefix = Vec::with_capacity(12);
        if self.index == Index::Venues {
            prefix.push(self.hour);
        }
        prefix.extend_from_slice(&self.bucket.to_be_bytes());
        prefix
    }

    pub(super) fn key(self, tier: u8, number: u64) -> Vec<u8> {
        let mut key = self.prefix();
        key.push(tier);
        key.extend_from_slice(&number.to_be_bytes());
        key
    }

    /// The key of an owner's block in a packed day.
    pub(super) fn packed_key(self, owner: u64, buckets: u16) -> Vec<u8> {
        let mut key = self.prefix();
        key.push(part(self.index, owner, buckets));
        key
    }
}

/// The parts into which a packed day divides a bucket, so that a lookup reads a few KiB. In the venues' index
/// the hours divide enough.
pub(super) const fn parts(index: Index) -> u8 {
    match index {
        Index::Persons => 16,
        Index::Venues => 1,
    }
}

/// The part of an owner.
pub(super) fn part(index: Index, owner: u64, buckets: u16) -> u8 {
    let part = owner / u64::from(buckets) % u64::from(parts(index));
    u8::try_from(part).expect("less than the number of parts")
}
