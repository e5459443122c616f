//! Reads a journal's segments one by one, beside a running gateway or after it.

use super::checkpoint;
use crate::journal::JournalError;
use crate::journal::record::{SLOT_BYTES, Sequence};
use crate::journal::recover::{Damage, scan_segment};
use crate::journal::segment::{self, FORMAT};
use scangate_core::check_in::CheckIn;
use scangate_core::time::Timestamp;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// How often a segment with damage is read again. A group may be half written while it is read; damage that
/// two readings find is on the disk.
const READINGS_MAX: usize = 4;

/// The files of a journal's folder, opened for reading only.
pub struct JournalFiles {
    folder: PathBuf,
}

/// A segment in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentFile {
    /// Its number.
    pub number: u64,
    /// The size of its file. **Units**: bytes.
    pub bytes: u64,
    /// The sequence of its first record.
    pub first: Sequence,
    /// The sequence after its last record.
    pub end: Sequence,
    /// The number of intact records.
    pub records: u64,
    /// The earliest and the latest time of a check-in; none without intact records.
    pub times: Option<(Timestamp, Timestamp)>,
    /// Whether the segment was closed in order.
    pub is_sealed: bool,
}

/// The result of reading every segment.
#[derive(Debug, Default)]
pub struct JournalSurvey {
    /// The sequence before which the store has everything.
    pub checkpoint: Sequence,
    /// The sequence after the last record, at least the checkpoint.
    pub end: Sequence,
    /// The segments in use, in order.
    pub segments: Vec<SegmentFile>,
    /// The slots that are damaged and that intact records follow.
    pub damaged: Vec<Damage>,
    /// The start of an unfinished group at the end: a crash cut it off, or a gateway is writing it.
    pub torn_tail: Option<Damage>,
}

impl Damage {
    /// The name of the damaged file, and the offset of the damage in bytes.
    #[must_use]
    pub fn place(&self) -> (String, u64) {
        (segment::name(self.segment), self.slot * SLOT_BYTES as u64)
    }
}

impl SegmentFile {
    /// The name of the file.
    #[must_use]
    pub fn name(&self) -> String {
        segment::name(self.number)
    }
}

impl JournalFiles {
    /// The journal in a folder. **Errors**: the folder does not exist.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::read_dir(folder).map(|_| Self { folder: folder.to_owned() })
    }

    /// The checkpoint, or the beginning where none can be read, as at a start.
    #[must_use]
    pub fn checkpoint(&self) -> Sequence {
        let mut slot = [0; SLOT_BYTES];
        let read =
            File::open(self.folder.join(checkpoint::NAME)).and_then(|file| file.read_exact_at(&mut slot, 0));
        read.ok().and_then(|()| checkpoint::decode(&slot)).unwrap_or_default()
    }

    /// The number of segments of each format, by their headers. Segments that were never used have none.
    /// **Errors**: the disk's, or a later format.
    pub fn formats(&self) -> Result<BTreeMap<u8, usize>, JournalError> {
        let mut formats = BTreeMap::new();
        for segment in self.numbers()? {
            let mut slot = [0; SLOT_BYTES];
            let file = File::open(self.folder.join(segment::name(segment)));
            match file.and_then(|file| file.read_exact_at(&mut slot, 0)) {
                Ok(()) => {}
                // It was recycled since it was listed, or is not filled yet.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) => {
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            let Some(version) = segment::format_of(&slot) else { continue };
            if version > FORMAT {
                return Err(JournalError::Format { segment, version });
            }
            *formats.entry(version).or_default() += 1;
        }
        Ok(formats)
    }

    /// Reads every segment, and visits each intact record in order. A visitor's error ends the reading.
    ///
    /// **Cost**: reads the whole journal, and holds one segment in memory. **Errors**: the disk's, a later
    /// format, or the visitor's.
    pub fn survey<E: From<JournalError>>(
        &self,
        mut each: impl FnMut(Sequence, CheckIn) -> Result<(), E>,
    ) -> Result<JournalSurvey, E> {
        let checkpoint = self.checkpoint();
        let mut survey = JournalSurvey { checkpoint, end: checkpoint, ..JournalSurvey::default() };
        let mut expected = Sequence::default();
        for number in self.numbers().map_err(JournalError::from)? {
            let Some(bytes) = self.read(number, expected)? else { continue };
            let (mut records, mut times, mut failed) = (0, None, None);
            let scan = scan_segment(&bytes, number, expected, |sequence, check_in| {
                let (from, to) = times.unwrap_or((check_in.at, check_in.at));
                times = Some((from.min(check_in.at), to.max(check_in.at)));
                records += 1;
                if failed.is_none() {
                    failed = each(sequence, check_in).err();
                }
            });
            if let Some(error) = failed {
                return Err(error);
            }
            if scan.slots == 0 {
                // The segment was prepared and never used, or was freed.
                continue;
            }
            let damage = |slot| Damage { segment: number, slot };
            if !survey.segments.is_empty() && scan.first > expected {
                // The segment before has lost its end.
                survey.damaged.extend(survey.torn_tail);
            }
            expected = scan.end;
            survey.damaged.extend(scan.damaged.iter().copied().map(damage));
            survey.torn_tail = scan.torn.map(damage);
            survey.end = survey.end.max(scan.end);
            survey.segments.push(SegmentFile {
                number,
                bytes: bytes.len() as u64,
                first: scan.first,
                end: scan.end,
                records,
                times,
                is_sealed: scan.seal.is_some(),
            });
        }
        Ok(survey)
    }

    /// The numbers of the segments, in order.
    fn numbers(&self) -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            numbers.extend(entry?.file_name().to_str().and_then(segment::number));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The bytes of a segment; none if it was recycled since it was listed.
    fn read(&self, number: u64, expected: Sequence) -> Result<Option<Vec<u8>>, JournalError> {
        let file = match File::open(self.folder.join(segment::name(number))) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let size = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        let (mut bytes, mut before) = (vec![0; size], None);
        for _ in 0..READINGS_MAX {
            file.read_exact_at(&mut bytes, 0)?;
            let damaged = scan_segment(&bytes, number, expected, |_, _| {}).damaged;
            if damaged.is_empty() || before.as_ref() == Some(&damaged) {
                break;
            }
            before = Some(damaged);
        }
        match bytes.first_chunk().and_then(segment::format_of) {
            Some(version) if version > FORMAT => Err(JournalError::Format { segment: number, version }),
            Some(_) | None => Ok(Some(bytes)),
        }
    }
}
