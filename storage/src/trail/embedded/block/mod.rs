//! A block: the rows that one drain wrote to one bucket, sorted, as one value.
//!
//! **Shape**: a format byte, then [`columns`]. Format 1 has rows as they are, and is only read.

mod columns;

use super::row::{self, BlockRow, KEY_BYTES, ROW_BYTES, precedence};
use crate::trail::{Index, TrailError};
use columns::Columns;
pub(super) use columns::owner;
use scangate_core::check_in::CheckIn;
use scangate_core::visit::Window;

const FORMAT_ROWS: u8 = 1;
const FORMAT_COLUMNS: u8 = 2;

/// A stored block, as read.
pub(super) struct Block<'a>(BlockForm<'a>);

/// The format of a block.
enum BlockForm<'a> {
    /// Rows one after the other.
    Rows(&'a [BlockRow]),
    /// The same by columns.
    Columns(Columns<'a>),
}

impl<'a> Block<'a> {
    /// Reads the block of a value.
    pub(super) fn read(value: &'a [u8]) -> Result<Self, TrailError> {
        let form = match value.split_first() {
            Some((&FORMAT_ROWS, packed)) => match packed.as_chunks() {
                (rows, []) => Some(BlockForm::Rows(rows)),
                _ => None,
            },
            Some((&FORMAT_COLUMNS, packed)) => Columns::read(packed).map(BlockForm::Columns),
            Some(_) | None => None,
        };
        form.map(Self).ok_or(TrailError::Damaged)
    }

    /// Appends all rows.
    pub(super) fn rows(&self, into: &mut Vec<BlockRow>) -> Result<(), TrailError> {
        match &self.0 {
            BlockForm::Rows(rows) => into.extend_from_slice(rows),
            BlockForm::Columns(columns) => columns.rows(into).ok_or(TrailError::Damaged)?,
        }
        Ok(())
    }

    /// Appends an owner's check-ins in a window.
    pub(super) fn take(
        &self,
        index: Index,
        owner: u64,
        window: Window,
        into: &mut Vec<CheckIn>,
    ) -> Result<(), TrailError> {
        let mut push = |row: &BlockRow| {
            into.push(row::decode(index, row).ok_or(TrailError::Damaged)?);
            Ok(())
        };
        match &self.0 {
            BlockForm::Rows(rows) => of_owner(rows, owner, window).iter().try_for_each(push),
            BlockForm::Columns(columns) => {
                let Some(place) = columns.place(owner) else { return Ok(()) };
                let rows = columns.rows_of(place).ok_or(TrailError::Damaged)?;
                for number in rows.filter(|&number| columns.is_in(number, window)) {
                    push(&columns.row(owner, number).ok_or(TrailError::Damaged)?)?;
                }
                Ok(())
            }
        }
    }
}

/// The rows of one owner in a window, from sorted rows.
fn of_owner(rows: &[BlockRow], owner: u64, window: Window) -> &[BlockRow] {
    let key = |at: u64| {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&owner.to_be_bytes());
        key[8..].copy_from_slice(&at.to_be_bytes());
        key
    };
    let (first, last) = (key(window.from.0), key(window.to.0));
    let start = rows.partition_point(|row| row[..16] < first[..]);
    let end = rows.partition_point(|row| row[..16] < last[..]);
    &rows[start..end.max(start)]
}

/// Packs sorted rows, of which there is at least one.
pub(super) fn pack(rows: &[BlockRow]) -> Vec<u8> {
    // Ten bytes a row less than rows have, and what a lookup needs.
    let mut value = Vec::with_capacity(64 + rows.len() * (ROW_BYTES - 10));
    value.push(FORMAT_COLUMNS);
    columns::pack(rows, &mut value);
    value
}

/// Merges the rows of several blocks, independent of their order. Of rows with one key, the first by
/// precedence is kept.
pub(super) fn merge(mut rows: Vec<BlockRow>) -> Vec<BlockRow> {
    // The stable sort merges the blocks' rows, which are sorted already.
    rows.sort_by(|one, other| {
        let keys = one[..KEY_BYTES].cmp(&other[..KEY_BYTES]);
        keys.then_with(|| (precedence(one), one).cmp(&(precedence(other), other)))
    });
    rows.dedup_by(|one, other| one[..KEY_BYTES] == other[..KEY_BYTES]);
    rows
}
