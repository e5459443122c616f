//! A block: the rows that one drain wrote to one bucket, packed and sorted, as one value.
//!
//! **Shape**: a format byte, then rows. A lookup is a binary search in the value as read.

use super::row::{BlockRow, KEY_BYTES, ROW_BYTES, precedence};
use crate::trail::TrailError;

const FORMAT: u8 = 1;

/// The rows of a value.
pub(super) fn rows(value: &[u8]) -> Result<&[BlockRow], TrailError> {
    let (&format, packed) = value.split_first().ok_or(TrailError::Damaged)?;
    let (rows, rest) = packed.as_chunks::<ROW_BYTES>();
    if format == FORMAT && rest.is_empty() { Ok(rows) } else { Err(TrailError::Damaged) }
}

/// The rows of one owner in a time range, from sorted rows.
pub(super) fn of_owner(rows: &[BlockRow], owner: u64, from: u64, to: u64) -> &[BlockRow] {
    let key = |at: u64| {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&owner.to_be_bytes());
        key[8..].copy_from_slice(&at.to_be_bytes());
        key
    };
    let (first, last) = (key(from), key(to));
    let start = rows.partition_point(|row| row[..16] < first[..]);
    let end = rows.partition_point(|row| row[..16] < last[..]);
    &rows[start..end.max(start)]
}

/// Packs sorted rows.
pub(super) fn pack(rows: impl ExactSizeIterator<Item = BlockRow>) -> Vec<u8> {
    let mut value = Vec::with_capacity(1 + rows.len() * ROW_BYTES);
    value.push(FORMAT);
    rows.for_each(|row| value.extend_from_slice(&row));
    value
}

/// Merges the rows of several blocks, independent of their order. Of rows with one key, the first by
/// precedence is kept.
pub(super) fn merge(mut rows: Vec<BlockRow>) -> Vec<BlockRow> {
    rows.sort_unstable_by(|one, other| {
        let keys = one[..KEY_BYTES].cmp(&other[..KEY_BYTES]);
        keys.then_with(|| (precedence(one), one).cmp(&(precedence(other), other)))
    });
    rows.dedup_by(|one, other| one[..KEY_BYTES] == other[..KEY_BYTES]);
    rows
}
