//! Writes and reads a backup as a stream of its contents.

use super::contents::{ArchiveItem, RowStore, push_name, push_row};
use super::frame::{self, ArchiveFrameKind};
use super::manifest::{BackupHead, BackupManifest};
use super::sums::PartSums;
use anyhow::{Context as _, bail, ensure};
use scangate_core::check_in::CheckIn;
use scangate_storage::journal::{RECORD_BYTES, Sequence, pack_records};
use std::io::{Read, Write};

/// The size at which rows are sent as a frame, unless one row is larger. **Units**: bytes.
const FRAME_BYTES: usize = 1 << 20;

/// Writes a backup, and sums up its parts.
pub(super) struct ArchiveWriter<W> {
    out: W,
    sums: PartSums,
    /// The table whose rows are gathered.
    table: Option<(RowStore, String)>,
    payload: Vec<u8>,
}

impl<W: Write> ArchiveWriter<W> {
    /// Writes the head, after the magic.
    pub(super) fn begin(mut out: W, head: &BackupHead) -> anyhow::Result<Self> {
        frame::write(&mut out, ArchiveFrameKind::Head, &serde_json::to_vec(head)?)?;
        Ok(Self { out, sums: PartSums::default(), table: None, payload: Vec::new() })
    }

    /// Writes the next piece of a file.
    pub(super) fn file(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        self.flush_rows()?;
        self.sums.add_file(name, bytes);
        push_name(&mut self.payload, name)?;
        self.payload.extend_from_slice(bytes);
        self.flush(ArchiveFrameKind::File)
    }

    /// Writes consecutive records.
    pub(super) fn records(&mut self, first: Sequence, check_ins: &[CheckIn]) -> anyhow::Result<()> {
        self.flush_rows()?;
        self.payload.extend_from_slice(&first.0.to_be_bytes());
        let slots_at = self.payload.len();
        pack_records(first, check_ins, &mut self.payload);
        self.sums.add_records(check_ins.len() as u64, &self.payload[slots_at..]);
        self.flush(ArchiveFrameKind::Records)
    }

    /// Writes a row.
    pub(super) fn row(
        &mut self,
        store: RowStore,
        table: &str,
        key: &[u8],
        value: &[u8],
    ) -> anyhow::Result<()> {
        let is_same = self.table.as_ref().is_some_and(|(of, name)| *of == store && name == table);
        if !is_same || self.payload.len() >= FRAME_BYTES {
            self.flush_rows()?;
            push_name(&mut self.payload, table)?;
            self.table = Some((store, table.to_owned()));
        }
        self.sums.add(&store.part(table), &[key, value]);
        push_row(&mut self.payload, key, value)
    }

    /// Writes the manifest, and returns it with the stream.
    pub(super) fn finish(
        mut self,
        checkpoint: Sequence,
        mark: Sequence,
        damaged: u64,
    ) -> anyhow::Result<(BackupManifest, W)> {
        self.flush_rows()?;
        let parts = self.sums.finish();
        let manifest = BackupManifest { checkpoint: checkpoint.0, mark: mark.0, damaged, parts };
        frame::write(&mut self.out, ArchiveFrameKind::Manifest, &serde_json::to_vec(&manifest)?)?;
        self.out.flush()?;
        Ok((manifest, self.out))
    }

    fn flush_rows(&mut self) -> anyhow::Result<()> {
        match self.table.take() {
            Some((store, _)) => self.flush(store.kind()),
            None => Ok(()),
        }
    }

    fn flush(&mut self, kind: ArchiveFrameKind) -> anyhow::Result<()> {
        frame::write(&mut self.out, kind, &self.payload)?;
        self.payload.clear();
        Ok(())
    }
}

/// Reads a backup, and compares it with its manifest.
pub(super) struct ArchiveReader<R> {
    from: R,
    sums: PartSums,
}

impl<R: Read> ArchiveReader<R> {
    /// Reads the head. **Errors**: the file is not a backup, or a later version wrote it.
    pub(super) fn begin(mut from: R) -> anyhow::Result<(BackupHead, Self)> {
        frame::read_magic(&mut from)?;
        let head = frame::read(&mut from)?;
        if head.kind != ArchiveFrameKind::Head {
            ArchiveItem::of_frame(head)?;
            bail!("the backup has no head");
        }
        let head = serde_json::from_slice(&head.payload).context("the head of the backup")?;
        Ok((head, Self { from, sums: PartSums::default() }))
    }

    /// Reads to the end, and visits each item. Returns the manifest, which agrees with the items.
    pub(super) fn read(
        mut self,
        mut each: impl FnMut(&ArchiveItem) -> anyhow::Result<()>,
    ) -> anyhow::Result<BackupManifest> {
        loop {
            let item = ArchiveItem::of_frame(frame::read(&mut self.from)?)?;
            match &item {
                ArchiveItem::File { name, bytes } => self.sums.add_file(name, bytes),
                ArchiveItem::Records { slots, .. } => {
                    self.sums.add_records((slots.len() / RECORD_BYTES) as u64, slots);
                }
                ArchiveItem::Rows(rows) => {
                    let part = rows.store.part(&rows.table);
                    rows.each(|key, value| {
                        self.sums.add(&part, &[key, value]);
                        Ok(())
                    })?;
                }
                ArchiveItem::Manifest(manifest) => {
                    ensure!(self.from.read(&mut [0])? == 0, "the backup goes on after its end");
                    let parts = self.sums.finish();
                    ensure!(
                        parts == manifest.parts,
                        "the backup does not have the parts that its list names"
                    );
                    return Ok(manifest.clone());
                }
            }
            each(&item)?;
        }
    }
}
