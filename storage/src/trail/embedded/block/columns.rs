//! The rows of a block by columns. An owner is found in few lines of memory, and what rows have in common is
//! there once.
//!
//! **Shape**, integers big-endian: the width of a time (1), the number of rows (4), of owners (4) and of
//! outcomes (4), the first time (8). Then the columns: owners (8 each, ascending); for each, the number of
//! rows up to its last; for each row its time after the first, its outcome's number, the other id (8) and the
//! check-in's id (16). Then the outcomes: a row's last bytes, ascending, each once. The numbers of rows and
//! outcomes are as wide as the greatest needs; a single outcome's number has no bytes.

use super::super::row::{BlockRow, ROW_BYTES};
use scangate_core::visit::Window;
use std::ops::Range;

/// The size of the header. **Units**: bytes.
const HEADER_BYTES: usize = 21;
/// Where a row has its outcome.
const OUTCOME_AT: usize = 40;
/// The size of an outcome. **Units**: bytes.
const OUTCOME_BYTES: usize = ROW_BYTES - OUTCOME_AT;
/// Owners in a line of memory.
const OWNERS_A_LINE: usize = 8;

type PackedOutcome = [u8; OUTCOME_BYTES];

/// The columns of a value.
pub(super) struct Columns<'a> {
    first_time: u64,
    owners: &'a [[u8; 8]],
    ends: Numbers<'a>,
    times: Numbers<'a>,
    outcome_numbers: Numbers<'a>,
    others: &'a [[u8; 8]],
    ids: &'a [[u8; 16]],
    outcomes: &'a [PackedOutcome],
}

impl<'a> Columns<'a> {
    /// Reads columns; none where their sizes are not those of the value.
    pub(super) fn read(value: &'a [u8]) -> Option<Self> {
        let (header, mut rest) = value.split_first_chunk::<HEADER_BYTES>()?;
        let count = |at: usize| number(&header[at..at + 4]).try_into().ok();
        let (time_width, first_time) = (usize::from(header[0]), number(&header[13..]));
        let (rows, owners, outcomes): (usize, usize, usize) = (count(1)?, count(5)?, count(9)?);
        let mut column = |count: usize, width: usize| {
            let (column, after) = rest.split_at_checked(count.checked_mul(width)?)?;
            rest = after;
            Some(column)
        };
        let of = |width, bytes| Numbers { width, bytes };
        let (end_width, outcome_width) = (width_of(rows), width_of(outcomes.checked_sub(1)?));
        let columns = Self {
            first_time,
            owners: column(owners, 8)?.as_chunks().0,
            ends: of(end_width, column(owners, end_width)?),
            times: of(time_width, column(rows, time_width)?),
            outcome_numbers: of(outcome_width, column(rows, outcome_width)?),
            others: column(rows, 8)?.as_chunks().0,
            ids: column(rows, 16)?.as_chunks().0,
            outcomes: column(outcomes, OUTCOME_BYTES)?.as_chunks().0,
        };
        (time_width <= 8 && rest.is_empty()).then_some(columns)
    }

    /// The place of an owner among the owners. **Cost**: ids are random, so the search begins where this one
    /// would be if they were evenly spread, and looks at one or two lines of memory.
    pub(super) fn place(&self, owner: u64) -> Option<usize> {
        let count = self.owners.len();
        if count == 0 {
            return None;
        }
        let at = |place: usize| u64::from_be_bytes(self.owners[place]);
        let guess = usize::try_from((u128::from(owner) * count as u128) >> 64).ok()?;
        let mut step = OWNERS_A_LINE;
        let (low, high) = if at(guess) <= owner {
            let mut low = guess;
            while low + step < count && at(low + step) <= owner {
                low += step;
                step *= 2;
            }
            (low, count.min(low + step))
        } else {
            let mut high = guess;
            while high >= step && at(high - step) > owner {
                high -= step;
                step *= 2;
            }
            (high.saturating_sub(step), high)
        };
        let found = self.owners[low..high].binary_search_by_key(&owner, |&owner| u64::from_be_bytes(owner));
        found.ok().map(|place| low + place)
    }

    /// The rows of the owner at a place; none where they are not rows of the block.
    pub(super) fn rows_of(&self, place: usize) -> Option<Range<usize>> {
        let start = place.checked_sub(1).map_or(0, |before| self.ends.get(before));
        let (start, end) = (usize::try_from(start).ok()?, usize::try_from(self.ends.get(place)).ok()?);
        (start <= end && end <= self.others.len()).then_some(start..end)
    }

    /// Whether the time of a row is in a window.
    pub(super) fn is_in(&self, number: usize, window: Window) -> bool {
        (window.from.0..window.to.0).contains(&self.time(number))
    }

    fn time(&self, number: usize) -> u64 {
        self.first_time.wrapping_add(self.times.get(number))
    }

    /// The row with this number, which belongs to this owner; none where its outcome is missing.
    pub(super) fn row(&self, owner: u64, number: usize) -> Option<BlockRow> {
        let outcome = self.outcomes.get(usize::try_from(self.outcome_numbers.get(number)).ok()?)?;
        let mut row = [0; ROW_BYTES];
        row[..8].copy_from_slice(&owner.to_be_bytes());
        row[8..16].copy_from_slice(&self.time(number).to_be_bytes());
        row[16..32].copy_from_slice(&self.ids[number]);
        row[32..OUTCOME_AT].copy_from_slice(&self.others[number]);
        row[OUTCOME_AT..].copy_from_slice(outcome);
        Some(row)
    }

    /// Appends all rows; none where a row's owner or outcome is missing.
    pub(super) fn rows(&self, into: &mut Vec<BlockRow>) -> Option<()> {
        let before = into.len();
        into.reserve(self.others.len());
        for (place, &owner) in self.owners.iter().enumerate() {
            for number in self.rows_of(place)? {
                into.push(self.row(u64::from_be_bytes(owner), number)?);
            }
        }
        (into.len() - before == self.others.len()).then_some(())
    }
}

/// A column of numbers of one width.
struct Numbers<'a> {
    width: usize,
    bytes: &'a [u8],
}

impl Numbers<'_> {
    fn get(&self, place: usize) -> u64 {
        number(&self.bytes[place * self.width..][..self.width])
    }
}

/// The number of up to eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// The number of bytes that a number needs; none for 0.
fn width_of(number: impl TryInto<u64>) -> usize {
    let number = number.try_into().unwrap_or(u64::MAX);
    8 - number.leading_zeros() as usize / 8
}

fn put(number: u64, width: usize, into: &mut Vec<u8>) {
    into.extend_from_slice(&number.to_be_bytes()[8 - width..]);
}

fn put_count(count: usize, into: &mut Vec<u8>) {
    into.extend_from_slice(&u32::try_from(count).expect("a block has fewer than 2^32 rows").to_be_bytes());
}

/// The owner of a row.
pub(in crate::trail::embedded) fn owner(row: &BlockRow) -> u64 {
    number(&row[..8])
}

fn time(row: &BlockRow) -> u64 {
    number(&row[8..16])
}

fn outcome(row: &BlockRow) -> PackedOutcome {
    row[OUTCOME_AT..].try_into().expect("a row ends with its outcome")
}

/// Appends sorted rows as columns.
pub(super) fn pack(rows: &[BlockRow], into: &mut Vec<u8>) {
    let first = rows.iter().map(time).min().unwrap_or_default();
    let last = rows.iter().map(time).max().unwrap_or_default();
    let owners = || rows.chunk_by(|one, other| owner(one) == owner(other));
    let outcomes = outcomes(rows);
    let time_width = width_of(last - first);
    into.push(u8::try_from(time_width).expect("at most 8"));
    put_count(rows.len(), into);
    put_count(owners().count(), into);
    put_count(outcomes.len(), into);
    into.extend_from_slice(&first.to_be_bytes());
    owners().for_each(|of_owner| put(owner(&of_owner[0]), 8, into));
    let mut end = 0;
    for of_owner in owners() {
        end += of_owner.len();
        put(end as u64, width_of(rows.len()), into);
    }
    rows.iter().for_each(|row| put(time(row) - first, time_width, into));
    if let width @ 1.. = width_of(outcomes.len() - 1) {
        for row in rows {
            let number = outcomes.binary_search(&outcome(row)).expect("every outcome is there");
            put(number as u64, width, into);
        }
    }
    rows.iter().for_each(|row| into.extend_from_slice(&row[32..OUTCOME_AT]));
    rows.iter().for_each(|row| into.extend_from_slice(&row[16..32]));
    outcomes.iter().for_each(|outcome| into.extend_from_slice(outcome));
}

/// The different outcomes of rows, ascending.
fn outcomes(rows: &[BlockRow]) -> Vec<PackedOutcome> {
    let runs = rows.chunk_by(|one, other| one[OUTCOME_AT..] == other[OUTCOME_AT..]);
    let mut outcomes: Vec<PackedOutcome> = runs.map(|run| outcome(&run[0])).collect();
    outcomes.sort_unstable();
    outcomes.dedup();
    outcomes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use scangate_core::time::Timestamp;

    /// A sorted block of rows with few owners, times and outcomes, or with any.
    fn rows() -> impl Strategy<Value = Vec<BlockRow>> {
        let id = prop_oneof![0_u64..4, any::<u64>()];
        let row = (id.clone(), id, any::<[u8; 16]>(), any::<u64>(), 0_u8..3);
        let row = row.prop_map(|(owner, time, id, other, outcome)| {
            let mut row = [outcome; ROW_BYTES];
            row[..8].copy_from_slice(&owner.to_be_bytes());
            row[8..16].copy_from_slice(&time.to_be_bytes());
            row[16..32].copy_from_slice(&id);
            row[32..40].copy_from_slice(&other.to_be_bytes());
            row
        });
        proptest::collection::vec(row, 1..300).prop_map(|mut rows| {
            rows.sort_unstable();
            rows
        })
    }

    fn packed(rows: &[BlockRow]) -> Vec<u8> {
        let mut value = Vec::new();
        pack(rows, &mut value);
        value
    }

    proptest! {
        #[test]
        fn all_rows_come_back(rows in rows()) {
            let (value, mut back) = (packed(&rows), Vec::new());
            Columns::read(&value).unwrap().rows(&mut back).unwrap();
            prop_assert_eq!(back, rows);
        }

        #[test]
        fn an_owners_rows_are_found_and_nobody_elses(rows in rows(), stranger: u64, from: u64, to: u64) {
            let value = packed(&rows);
            let columns = Columns::read(&value).unwrap();
            let window = Window { from: Timestamp(from), to: Timestamp(to) };
            for wanted in rows.iter().map(owner).chain([stranger, 0, u64::MAX]) {
                let expected: Vec<BlockRow> =
                    rows.iter().copied().filter(|row| owner(row) == wanted).collect();
                let of_place = columns.place(wanted).map(|place| columns.rows_of(place).unwrap());
                let found = of_place.unwrap_or_default();
                let is_right = |row| columns.is_in(row, window) == (from..to).contains(&time(&rows[row]));
                prop_assert!(found.clone().all(is_right));
                let found: Vec<BlockRow> = found.map(|row| columns.row(wanted, row).unwrap()).collect();
                prop_assert_eq!(found, expected);
            }
        }

        #[test]
        fn what_is_no_value_is_refused_or_read_without_a_panic(rows in rows(), cut: prop::sample::Index, flip: prop::sample::Index, byte: u8) {
            let whole = packed(&rows);
            prop_assert!(Columns::read(&whole[..cut.index(whole.len())]).is_none());
            let mut damaged = whole;
            let place = flip.index(damaged.len());
            damaged[place] = byte;
            if let Some(columns) = Columns::read(&damaged) {
                let _ = columns.rows(&mut Vec::new());
                let _ = columns.place(owner(&rows[0])).map(|place| columns.rows_of(place));
            }
        }
    }

    #[test]
    fn columns_have_these_bytes() {
        let row = |owner: u8, time: u8, last: u8| {
            let mut row = [0; ROW_BYTES];
            (row[7], row[14], row[15], row[31], row[39], row[56]) = (owner, 3, time, 0xa5, 0xb6, last);
            row
        };
        let value = packed(&[row(1, 9, 7), row(1, 10, 6), row(2, 9, 7)]);
        let outcome = |last: u8| [[0; 16].as_slice(), &[last]].concat();
        let expected = [
            &[1][..],
            &[0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2],
            &[0, 0, 0, 0, 0, 0, 3, 9],
            &[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2],
            &[2, 3],
            &[0, 1, 0],
            &[1, 0, 1],
            &[0, 0, 0, 0, 0, 0, 0, 0xb6].repeat(3),
            &[[0; 15].as_slice(), &[0xa5]].concat().repeat(3),
            &outcome(6),
            &outcome(7),
        ];
        assert_eq!(value, expected.concat());
    }
}
