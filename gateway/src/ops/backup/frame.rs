//! Frames: pieces of a backup with a kind, a length and a checksum.

use anyhow::{Context as _, bail, ensure};
use crc32fast::Hasher;
use std::io::{ErrorKind, Read, Write};

/// The first bytes of a backup. The last one is the version of the frames.
const MAGIC: &[u8; 8] = b"scgback1";
/// The longest payload that is read. A row of the stores is far shorter. **Units**: bytes.
const PAYLOAD_BYTES_MAX: u32 = 256 << 20;
/// Kind and length.
const HEAD_BYTES: usize = 5;

/// The kind of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum ArchiveFrameKind {
    /// The head: the first frame.
    Head = 1,
    /// A piece of a file.
    File = 2,
    /// Records of the journal.
    Records = 3,
    /// Rows of the registry.
    Registry = 4,
    /// Rows of the trails.
    Trails = 5,
    /// The manifest: the last frame.
    Manifest = 6,
    /// The reason of a failure: only on the socket.
    Failure = 7,
}

impl ArchiveFrameKind {
    const ALL: [Self; 7] =
        [Self::Head, Self::File, Self::Records, Self::Registry, Self::Trails, Self::Manifest, Self::Failure];
}

/// A frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: ArchiveFrameKind,
    pub(super) payload: Vec<u8>,
}

/// Writes the magic.
pub(super) fn write_magic(out: &mut impl Write) -> std::io::Result<()> {
    out.write_all(MAGIC)
}

/// Writes a frame.
pub(super) fn write(out: &mut impl Write, kind: ArchiveFrameKind, payload: &[u8]) -> std::io::Result<()> {
    let length = u32::try_from(payload.len()).map_err(std::io::Error::other)?;
    let mut head = [kind as u8; HEAD_BYTES];
    head[1..].copy_from_slice(&length.to_be_bytes());
    let mut sum = Hasher::new();
    sum.update(&head);
    sum.update(payload);
    out.write_all(&head)?;
    out.write_all(payload)?;
    out.write_all(&sum.finalize().to_be_bytes())
}

/// Reads the magic. **Errors**: the file is not a backup, or a later version wrote it.
pub(super) fn read_magic(from: &mut impl Read) -> anyhow::Result<()> {
    let mut magic = [0; MAGIC.len()];
    fill(from, &mut magic)?;
    let (version, name) = magic.split_last().context("the magic has eight bytes")?;
    ensure!(MAGIC.starts_with(name), "this is not a backup of a gateway");
    ensure!(MAGIC.ends_with(&[*version]), "a later version of the gateway wrote this backup");
    Ok(())
}

/// Reads a frame. **Errors**: the stream ends, or the frame is damaged.
pub(super) fn read(from: &mut impl Read) -> anyhow::Result<Frame> {
    let mut head = [0; HEAD_BYTES];
    fill(from, &mut head)?;
    let [kind, length @ ..] = head;
    let length = u32::from_be_bytes(length);
    let kind = ArchiveFrameKind::ALL.into_iter().find(|known| *known as u8 == kind);
    let Some(kind) = kind.filter(|_| length <= PAYLOAD_BYTES_MAX) else { bail!("the backup is damaged") };
    let mut payload = Vec::new();
    from.take(length.into()).read_to_end(&mut payload)?;
    ensure!(payload.len() as u64 == u64::from(length), CutOff);
    let mut sum = [0; 4];
    fill(from, &mut sum)?;
    let mut own = Hasher::new();
    own.update(&head);
    own.update(&payload);
    ensure!(own.finalize() == u32::from_be_bytes(sum), "the backup is damaged");
    Ok(Frame { kind, payload })
}

/// The stream ended before the manifest.
#[derive(Debug, thiserror::Error)]
#[error("the backup is cut off")]
struct CutOff;

fn fill(from: &mut impl Read, into: &mut [u8]) -> anyhow::Result<()> {
    match from.read_exact(into) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(CutOff.into()),
        read => Ok(read?),
    }
}
