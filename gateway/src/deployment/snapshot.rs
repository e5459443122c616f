//! The snapshot in the data folder of a gateway on a cluster: colours and reference data, with which the
//! gateway can start while the cluster is unavailable. It holds ids and colours, but no names.
//!
//! **Shape**, integers big-endian: magic (8); time before which all changes are included (8, milliseconds
//! since 1970); length of the reference data (8); the reference data as JSON; rows of person (8) and packed
//! record (8); number of rows (8); CRC-32 of all bytes before it (4). A new snapshot replaces the old one
//! by renaming once it is on disk, so a crash leaves the old one intact.

use super::reference::ReferenceData;
use crate::tables::colours::{ColourTable, PackedPerson};
use anyhow::{Context as _, ensure};
use crc32fast::Hasher;
use scangate_core::id::PersonId;
use scangate_core::time::Timestamp;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write};
use std::path::Path;

const MAGIC: &[u8; 8] = b"scgsnap2";
/// The magic of the version whose records have no key generation: the bits are zero there.
const MAGIC_WITHOUT_GENERATIONS: &[u8; 8] = b"scgsnap1";
/// The name of the file.
pub(crate) const NAME: &str = "snapshot";
const ROW_BYTES: usize = 16;
/// The number of rows.
const TRAILER_BYTES: usize = 8;

/// A snapshot whose colours have been read into the table.
pub struct Snapshot {
    /// The time before which all changes are included.
    pub followed: Timestamp,
    /// The reference data.
    pub reference: ReferenceData,
}

/// Writes a snapshot. **Cost**: 16 bytes a resident, and one fsync.
pub fn write(
    data: &Path,
    followed: Timestamp,
    reference: &ReferenceData,
    colours: &ColourTable,
) -> io::Result<()> {
    let (path, new) = (data.join(NAME), data.join("snapshot.new"));
    let mut out = ChecksumWriter { out: BufWriter::new(File::create(&new)?), sum: Hasher::new() };
    let reference = serde_json::to_vec(reference)?;
    out.write_all(MAGIC)?;
    out.write_all(&followed.0.to_be_bytes())?;
    out.write_all(&(reference.len() as u64).to_be_bytes())?;
    out.write_all(&reference)?;
    let mut count = 0_u64;
    for (person, PackedPerson(standing)) in colours.all() {
        out.write_all(&person.0.to_be_bytes())?;
        out.write_all(&standing.to_be_bytes())?;
        count += 1;
    }
    out.write_all(&count.to_be_bytes())?;
    let ChecksumWriter { mut out, sum } = out;
    out.write_all(&sum.finalize().to_be_bytes())?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(new, path)?;
    File::open(data)?.sync_all()
}

/// Whether a data folder has a snapshot.
#[must_use]
pub fn exists(data: &Path) -> bool {
    data.join(NAME).exists()
}

/// Whether the snapshot of a data folder has this version's format; none without a snapshot.
pub fn has_current_format(data: &Path) -> io::Result<Option<bool>> {
    let mut magic = Vec::new();
    match File::open(data.join(NAME)) {
        Ok(file) => file.take(MAGIC.len() as u64).read_to_end(&mut magic)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some(magic == MAGIC))
}

/// Reads the snapshot of a data folder, if any, and fills the colour table from it. **Errors**: the snapshot
/// is damaged or of another format; the table is unchanged then.
pub fn read(data: &Path, colours: &ColourTable) -> anyhow::Result<Option<Snapshot>> {
    let path = data.join(NAME);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    parse(&bytes, colours).with_context(|| path.display().to_string()).map(Some)
}

fn parse(bytes: &[u8], colours: &ColourTable) -> anyhow::Result<Snapshot> {
    let (rest, sum) = bytes.split_last_chunk().context("it is too short")?;
    ensure!(crc32fast::hash(rest) == u32::from_be_bytes(*sum), "it is damaged");
    let rest = rest.strip_prefix(MAGIC).or_else(|| rest.strip_prefix(MAGIC_WITHOUT_GENERATIONS));
    let rest = rest.context("it is of another format")?;
    let (followed, rest) = number(rest)?;
    let (length, rest) = number(rest)?;
    let (reference, rest) = rest.split_at_checked(usize::try_from(length)?).context("it is cut off")?;
    let (rows, count) = rest.split_last_chunk::<TRAILER_BYTES>().context("it is cut off")?;
    ensure!(
        rows.len() as u64 == u64::from_be_bytes(*count) * ROW_BYTES as u64,
        "its number of rows does not match its length"
    );
    let reference = serde_json::from_slice(reference).context("its reference data is of another format")?;
    for row in rows.chunks_exact(ROW_BYTES) {
        let (person, standing) = number(row)?;
        colours.put_packed(PersonId(person), PackedPerson(number(standing)?.0));
    }
    Ok(Snapshot { followed: Timestamp(followed), reference })
}

fn number(bytes: &[u8]) -> anyhow::Result<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk().context("it is cut off")?;
    Ok((u64::from_be_bytes(*number), rest))
}

/// A writer that also computes the CRC-32 of what it writes.
struct ChecksumWriter<W> {
    out: W,
    sum: Hasher,
}

impl<W: Write> Write for ChecksumWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::keyring::Kids;
    use scangate_core::colour::{Colour, Reasons, Standing};
    use scangate_core::id::{NoticeId, TokenId};
    use scangate_core::keys::{Generation, KeyHistory};
    use scangate_core::notice::Notice;

    fn reference() -> ReferenceData {
        ReferenceData {
            kids: Kids { current: 2, accepted: vec![1, 2], ..Kids::default() },
            policies: Vec::new(),
            venues: Vec::new(),
            key_histories: vec![(
                PersonId(2),
                KeyHistory { renewed: vec![Timestamp(3)], ..KeyHistory::default() },
            )],
            revoked: vec![TokenId(3)],
            notices: vec![Notice {
                id: NoticeId(4),
                at: Timestamp(5),
                zh: "通告".to_owned(),
                en: "Notice".to_owned(),
                until: None,
            }],
        }
    }

    fn table() -> ColourTable {
        let colours = ColourTable::default();
        for (person, colour) in [(1, Colour::Green), (2, Colour::Yellow), (u64::MAX, Colour::Red)] {
            colours.put(PersonId(person), Standing { colour, reasons: Reasons::rule(3) });
        }
        colours.set_generation(PersonId(2), Generation(9));
        colours.bury(PersonId(3));
        colours
    }

    #[test]
    fn what_was_written_is_read_and_a_new_one_replaces_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path(), &ColourTable::default()).unwrap().is_none());
        for at in [5, 6] {
            write(folder.path(), Timestamp(at), &reference(), &table()).unwrap();
            let colours = ColourTable::default();
            let snapshot = read(folder.path(), &colours).unwrap().unwrap();
            assert_eq!((snapshot.followed, snapshot.reference), (Timestamp(at), reference()));
            let sorted = |colours: &ColourTable| {
                let mut all: Vec<_> = colours.all().collect();
                all.sort_by_key(|(person, _)| *person);
                all
            };
            assert_eq!(sorted(&colours), sorted(&table()));
            assert!(colours.is_erased(PersonId(3)));
        }
    }

    #[test]
    fn a_snapshot_without_generations_is_read() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), Timestamp(5), &reference(), &table()).unwrap();
        let mut bytes = fs::read(folder.path().join(NAME)).unwrap();
        bytes[..MAGIC.len()].copy_from_slice(MAGIC_WITHOUT_GENERATIONS);
        let end = bytes.len() - 4;
        let sum = crc32fast::hash(&bytes[..end]);
        bytes[end..].copy_from_slice(&sum.to_be_bytes());
        let colours = ColourTable::default();
        assert_eq!(parse(&bytes, &colours).unwrap().followed, Timestamp(5));
        assert_eq!(colours.standing(PersonId(1)).colour, Colour::Green);
    }

    #[test]
    fn a_byte_that_changed_is_found_wherever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), Timestamp(5), &reference(), &table()).unwrap();
        let whole = fs::read(folder.path().join(NAME)).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            let colours = ColourTable::default();
            assert!(parse(&bytes, &colours).is_err() && colours.is_empty(), "byte {at}");
        }
        assert!(parse(&whole[..whole.len() - 1], &ColourTable::default()).is_err());
    }
}
