//! The contents of the frames between head and manifest.

use super::frame::{ArchiveFrameKind, Frame};
use super::manifest::BackupManifest;
use anyhow::{Context as _, bail};
use scangate_storage::journal::Sequence;

/// A store of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowStore {
    /// People, venues, facts, cases, audit.
    Registry,
    /// Check-ins by person and by venue.
    Trails,
}

/// The contents of a frame.
pub(super) enum ArchiveItem {
    /// A piece of a file.
    File {
        /// The name in the data folder.
        name: String,
        /// The piece.
        bytes: Vec<u8>,
    },
    /// Records of the journal.
    Records {
        /// The sequence of the first one.
        first: Sequence,
        /// The packed records.
        slots: Vec<u8>,
    },
    /// Rows of a store.
    Rows(RowsPiece),
    /// The end.
    Manifest(BackupManifest),
}

/// Consecutive rows of a table.
pub(super) struct RowsPiece {
    pub(super) store: RowStore,
    pub(super) table: String,
    bytes: Vec<u8>,
}

impl RowStore {
    /// The kind of the frames with its rows.
    pub(super) const fn kind(self) -> ArchiveFrameKind {
        match self {
            Self::Registry => ArchiveFrameKind::Registry,
            Self::Trails => ArchiveFrameKind::Trails,
        }
    }

    /// The name of a table's part.
    pub(super) fn part(self, table: &str) -> String {
        match self {
            Self::Registry => format!("registry/{table}"),
            Self::Trails => format!("trails/{table}"),
        }
    }
}

impl RowsPiece {
    /// Visits each row: key and value.
    pub(super) fn each(
        &self,
        mut visit: impl FnMut(&[u8], &[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut rest = self.bytes.as_slice();
        while !rest.is_empty() {
            let (key_bytes, after) = length(rest)?;
            let (value_bytes, after) = length(after)?;
            let (key, after) = after.split_at_checked(key_bytes).context("a row is cut off")?;
            let (value, after) = after.split_at_checked(value_bytes).context("a row is cut off")?;
            visit(key, value)?;
            rest = after;
        }
        Ok(())
    }
}

/// Appends a row to the payload of a frame.
pub(super) fn push_row(payload: &mut Vec<u8>, key: &[u8], value: &[u8]) -> anyhow::Result<()> {
    for part in [key, value] {
        payload.extend_from_slice(&u32::try_from(part.len())?.to_be_bytes());
    }
    payload.extend_from_slice(key);
    payload.extend_from_slice(value);
    Ok(())
}

/// Appends a name with its length.
pub(super) fn push_name(payload: &mut Vec<u8>, name: &str) -> anyhow::Result<()> {
    payload.extend_from_slice(&u16::try_from(name.len())?.to_be_bytes());
    payload.extend_from_slice(name.as_bytes());
    Ok(())
}

impl ArchiveItem {
    /// The item in a frame. **Errors**: the frame is not one between head and manifest, or its payload is of
    /// another shape.
    pub(super) fn of_frame(Frame { kind, payload }: Frame) -> anyhow::Result<Self> {
        match kind {
            ArchiveFrameKind::File => named(&payload).map(|(name, bytes)| Self::File { name, bytes }),
            ArchiveFrameKind::Records => {
                let (first, slots) = payload.split_first_chunk().context("a frame of records is cut off")?;
                Ok(Self::Records { first: Sequence(u64::from_be_bytes(*first)), slots: slots.to_vec() })
            }
            ArchiveFrameKind::Registry => rows(RowStore::Registry, &payload),
            ArchiveFrameKind::Trails => rows(RowStore::Trails, &payload),
            ArchiveFrameKind::Manifest => {
                Ok(Self::Manifest(serde_json::from_slice(&payload).context("the manifest of the backup")?))
            }
            ArchiveFrameKind::Failure => bail!("the gateway gave up: {}", String::from_utf8_lossy(&payload)),
            ArchiveFrameKind::Head => bail!("the backup has two heads"),
        }
    }
}

fn rows(store: RowStore, payload: &[u8]) -> anyhow::Result<ArchiveItem> {
    let (table, bytes) = named(payload)?;
    Ok(ArchiveItem::Rows(RowsPiece { store, table, bytes }))
}

fn named(payload: &[u8]) -> anyhow::Result<(String, Vec<u8>)> {
    let (length, rest) = payload.split_first_chunk().context("a frame's name is cut off")?;
    let (name, bytes) =
        rest.split_at_checked(u16::from_be_bytes(*length).into()).context("a frame's name is cut off")?;
    Ok((String::from_utf8(name.to_vec()).context("a frame's name")?, bytes.to_vec()))
}

fn length(bytes: &[u8]) -> anyhow::Result<(usize, &[u8])> {
    let (length, rest) = bytes.split_first_chunk().context("a row is cut off")?;
    Ok((usize::try_from(u32::from_be_bytes(*length))?, rest))
}
