//! The count and digest of each part, while it is written, read or compared.

use super::manifest::{PartSum, hexadecimal};
use aws_lc_rs::digest::{Context, SHA256};
use std::collections::BTreeMap;

/// The part of the journal's records.
pub(super) const JOURNAL: &str = "journal";

/// The parts so far.
#[derive(Default)]
pub(super) struct PartSums(BTreeMap<String, RunningSum>);

struct RunningSum {
    count: u64,
    digest: Context,
}

impl PartSums {
    /// Adds an entry of a part: its pieces, each with its length.
    pub(super) fn add(&mut self, part: &str, pieces: &[&[u8]]) {
        let sum = self.of(part);
        sum.count += 1;
        for piece in pieces {
            sum.digest.update(&(piece.len() as u64).to_be_bytes());
            sum.digest.update(piece);
        }
    }

    /// Adds packed records of the journal.
    pub(super) fn add_records(&mut self, count: u64, slots: &[u8]) {
        let sum = self.of(JOURNAL);
        sum.count += count;
        sum.digest.update(slots);
    }

    /// Adds the next piece of a file.
    pub(super) fn add_file(&mut self, name: &str, bytes: &[u8]) {
        let sum = self.of(&format!("file/{name}"));
        sum.count = 1;
        sum.digest.update(bytes);
    }

    /// The sums.
    pub(super) fn finish(self) -> BTreeMap<String, PartSum> {
        let finish =
            |RunningSum { count, digest }| PartSum { count, sha256: hexadecimal(digest.finish().as_ref()) };
        self.0.into_iter().map(|(part, sum)| (part, finish(sum))).collect()
    }

    fn of(&mut self, part: &str) -> &mut RunningSum {
        if !self.0.contains_key(part) {
            self.0.insert(part.to_owned(), RunningSum { count: 0, digest: Context::new(&SHA256) });
        }
        self.0.get_mut(part).expect("it was inserted if it was missing")
    }
}
