//! Writes a journal's files from the records of a backup.

use super::{checkpoint, pack_records};
use crate::journal::record::Sequence;
use crate::journal::segment::{self, Header, HeaderKind};
use scangate_core::check_in::CheckIn;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The size at which a segment is closed: that of a gateway's own by default. **Units**: bytes.
const SEGMENT_BYTES: u64 = 64 << 20;

/// A journal that is being written. Each segment that is complete has a seal, as after an orderly stop.
pub struct JournalRebuild {
    folder: PathBuf,
    open: Option<OpenSegment>,
    number: u64,
    bytes: Vec<u8>,
}

struct OpenSegment {
    file: File,
    number: u64,
    written: u64,
    end: Sequence,
}

impl JournalRebuild {
    /// Makes the folder. **Errors**: it exists.
    pub fn create(folder: &Path) -> io::Result<Self> {
        DirBuilder::new().mode(0o700).create(folder)?;
        Ok(Self { folder: folder.to_owned(), open: None, number: 1, bytes: Vec::new() })
    }

    /// Writes consecutive records as one group. Later calls have higher sequences.
    pub fn push(&mut self, first: Sequence, check_ins: &[CheckIn]) -> io::Result<()> {
        if self.open.as_ref().is_some_and(|open| open.written >= SEGMENT_BYTES) {
            self.seal(None)?;
        }
        self.bytes.clear();
        let open = match &mut self.open {
            Some(open) => open,
            None => {
                let number = self.number;
                self.number += 1;
                let header = Header { segment: number, first, count: 0 };
                self.bytes.extend_from_slice(&segment::encode(HeaderKind::Segment, header));
                let file = create(&self.folder.join(segment::name(number)))?;
                self.open.insert(OpenSegment { file, number, written: 0, end: first })
            }
        };
        let count = u32::try_from(check_ins.len()).map_err(io::Error::other)?;
        let header = Header { segment: open.number, first, count };
        self.bytes.extend_from_slice(&segment::encode(HeaderKind::Group, header));
        pack_records(first, check_ins, &mut self.bytes);
        open.file.write_all(&self.bytes)?;
        open.written += self.bytes.len() as u64;
        open.end = first.plus(check_ins.len() as u64);
        Ok(())
    }

    /// Completes the journal: its next record has sequence `end`, and the store has everything before
    /// `checkpoint`. The files survive power loss once this returns.
    pub fn finish(mut self, checkpoint: Sequence, end: Sequence) -> io::Result<()> {
        if self.open.is_none() && end > checkpoint {
            // Every record up to the end is lost, and a group without records carries its sequence.
            self.push(end, &[])?;
        }
        self.seal(Some(end))?;
        let mut file = create(&self.folder.join(checkpoint::NAME))?;
        file.write_all(&checkpoint::encode(checkpoint))?;
        file.sync_all()?;
        File::open(&self.folder)?.sync_all()
    }

    /// Closes the open segment in order. `end` is the sequence after it, or that after its last record.
    fn seal(&mut self, end: Option<Sequence>) -> io::Result<()> {
        let Some(OpenSegment { mut file, number, end: last, .. }) = self.open.take() else { return Ok(()) };
        let seal = Header { segment: number, first: end.unwrap_or(last), count: 0 };
        file.write_all(&segment::encode(HeaderKind::Group, seal))?;
        file.sync_all()
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}
