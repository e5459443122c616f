//! The copy of the registry from an embedded store to a cluster: rows are copied as stored, and sealed fields
//! stay sealed. The gateways' own coordination rows are not copied.

use super::rows::{EmbeddedRows, RegistryTable, Row, RowKey, Rows as _, ScyllaRows, TOKEN_RANGES, bucket};
use super::{RegistryError, Result, number, seal};
use crate::copying::{CopyChunk, Difference, Mismatch};
use crate::cql::Cluster;
use aws_lc_rs::digest::{Context, SHA256};
use scangate_core::keys::Secret;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// The most rows in a chunk: many for each partition of the cluster, so that few requests write it.
const ROWS_A_CHUNK: usize = 1 << 16;
/// The most bytes in a chunk, unless one row is larger.
const BYTES_A_CHUNK: usize = 16 << 20;
/// Token ranges that are compared in one chunk.
const RANGES_A_CHUNK: u16 = 16;

/// The source and the target of the copy.
pub struct RegistryCopy {
    from: EmbeddedRows,
    to: ScyllaRows,
}

/// A position in the rows of the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCursor {
    table: RegistryTable,
    /// The last key before the position.
    after: RowKey,
}

/// The row count and the digest of the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsSum {
    /// The number of rows.
    pub rows: u64,
    /// SHA-256 over all rows, in hexadecimal.
    pub digest: String,
}

impl RegistryCopy {
    /// Opens the embedded registry of a folder. This sends no request to the cluster yet.
    pub fn open(folder: &Path, cluster: Arc<Cluster>) -> Result<Self> {
        Ok(Self { from: EmbeddedRows::open(folder)?, to: ScyllaRows::new(cluster) })
    }

    /// Checks that a secret opens the sealed fields of the source. In a registry without people, every secret
    /// does. **Errors**: [`RegistryError::Sealed`] if it does not.
    pub fn check(&self, secret: &Secret) -> Result<()> {
        let Some(Row { key, value, .. }) = self.from.page(RegistryTable::People, &[], 1, 0)?.pop() else {
            return Ok(());
        };
        let (_, sealed) = value.split_first().ok_or(RegistryError::Damaged(RegistryTable::People.name()))?;
        seal(secret)?.open(number(RegistryTable::People, &key)?, sealed).map(drop)
    }

    /// Counts the rows of the source and computes their digest. **Cost**: reads the whole source.
    pub fn sum(&self) -> Result<RowsSum> {
        let (mut rows, mut digest) = (0, Context::new(&SHA256));
        for table in RegistryTable::ALL.into_iter().filter(|table| table.is_copied()) {
            self.from.all(table, &mut |key, value| {
                rows += 1;
                for part in [table.name().as_bytes(), key, value] {
                    digest.update(&(part.len() as u64).to_be_bytes());
                    digest.update(part);
                }
                Ok(())
            })?;
        }
        let digest = digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(RowsSum { rows, digest })
    }

    /// Whether the cluster has no rows.
    pub fn is_target_empty(&self) -> Result<bool> {
        self.to.is_empty()
    }

    /// The position at which copying begins.
    #[must_use]
    pub fn first() -> RowCursor {
        RowCursor { table: RegistryTable::ALL[0], after: RowKey::new() }
    }

    /// Copies a chunk.
    pub fn copy(&self, at: &RowCursor) -> Result<CopyChunk<RowCursor>> {
        let rows = self.read(at)?;
        let next = after(at, &rows);
        let count = rows.len() as u64;
        self.to.fill(rows)?;
        Ok(CopyChunk { rows: count, next })
    }

    /// Compares the cluster's rows in a chunk of token ranges with the source. Returns the first difference.
    /// Rows missing on the cluster are not found this way: see [`RegistryCopy::missing`].
    pub fn compare(&self, at: u16) -> Result<(CopyChunk<u16>, Option<Difference>)> {
        let end = (at + RANGES_A_CHUNK).min(TOKEN_RANGES);
        let (mut rows, mut difference) = (0, None);
        self.to.ring(at..end, &mut |name, key, value| {
            let table = RegistryTable::ALL.into_iter().find(|table| table.name() == name);
            let table = table.filter(|table| table.is_copied());
            rows += 1;
            let original = match table {
                Some(table) => self.from.get(table, &[key.to_vec()])?.pop().flatten(),
                None => None,
            };
            let mismatch = match original {
                Some(original) if original == value => return Ok(()),
                Some(_) => Mismatch::Changed,
                None => Mismatch::Surplus,
            };
            let bucket = table.map_or(0, |table| bucket(table, key));
            difference.get_or_insert(Difference::Row { table: name.to_owned(), bucket, mismatch });
            Ok(())
        })?;
        Ok((CopyChunk { rows, next: (end < TOKEN_RANGES).then_some(end) }, difference))
    }

    /// The number of token ranges: the end of the positions of [`RegistryCopy::compare`].
    #[must_use]
    pub const fn ring() -> u64 {
        TOKEN_RANGES as u64
    }

    /// Finds a row in a chunk of the source that the cluster lacks.
    pub fn missing(&self, at: &RowCursor) -> Result<(CopyChunk<RowCursor>, Option<Difference>)> {
        let rows = self.read(at)?;
        let keys: Vec<RowKey> = rows.iter().map(|row| row.key.clone()).collect();
        let found = self.to.get(at.table, &keys)?;
        let missing = keys.iter().zip(found).find(|(_, found)| found.is_none());
        let difference = missing.map(|(key, _)| Difference::Row {
            table: at.table.name().to_owned(),
            bucket: bucket(at.table, key),
            mismatch: Mismatch::Missing,
        });
        Ok((CopyChunk { rows: rows.len() as u64, next: after(at, &rows) }, difference))
    }

    fn read(&self, at: &RowCursor) -> Result<Vec<Row>> {
        self.from.page(at.table, &at.after, ROWS_A_CHUNK, BYTES_A_CHUNK)
    }
}

/// The position after these rows: in their table, or at the start of the next one.
fn after(at: &RowCursor, rows: &[Row]) -> Option<RowCursor> {
    if let Some(last) = rows.last() {
        return Some(RowCursor { table: at.table, after: last.key.clone() });
    }
    let mut later = RegistryTable::ALL.into_iter().skip_while(|table| *table != at.table).skip(1);
    later.find(|table| table.is_copied()).map(|table| RowCursor { table, after: RowKey::new() })
}

#[cfg(test)]
mod tests;
