//! What each fuzz target does with its bytes. The fuzzer calls these functions, and an integration test calls
//! them with the committed corpus. A target fails by a panic.

use bytes::Bytes;
use scangate_core::certificate::PresentedCertificate;
use scangate_core::code::{
    DoorCode, PaperPass, PersonCode, PosterCode, ResidentToken, VenueCode, VenueTicket,
};
use scangate_core::policy::Policy;
use scangate_core::scan::Scan;
use scangate_gateway::wire::http3::{Control, Fault, Head, Limits, Part, RequestReader, whole};
use scangate_gateway::wire::line_cutter::{CutLine, LINE_BYTES_MAX, LineCutter};
use scangate_storage::journal::{self, Disk, DiskFile};
use std::io;
use std::sync::Arc;

/// The file name of a journal's first segment.
const SEGMENT: &str = "00000000000000000001.segment";

/// A target: its name, which is also its corpus folder, and its function.
pub(super) type FuzzTarget = (&'static str, fn(&[u8]));

/// Every target.
pub(super) const TARGETS: [FuzzTarget; 9] = [
    ("http3", http3),
    ("qpack", qpack),
    ("control", control),
    ("scan", scan),
    ("codes", codes),
    ("certificate", certificate),
    ("pack", pack),
    ("ndjson", ndjson),
    ("journal", journal),
];

/// A request as its reader's caller sees it.
#[derive(Debug, PartialEq, Eq)]
struct ReadRequest {
    head: Option<ReadHead>,
    body: Vec<u8>,
    is_whole: bool,
}

/// The parts of a head that every request needs.
#[derive(Debug, PartialEq, Eq)]
struct ReadHead {
    method: String,
    path: Vec<u8>,
    authority: Vec<u8>,
    authorization: Option<Vec<u8>>,
}

fn described(head: &Head) -> ReadHead {
    ReadHead {
        method: head.method().to_string(),
        path: head.path().to_vec(),
        authority: head.authority().to_vec(),
        authorization: head.authorization().map(<[u8]>::to_vec),
    }
}

/// Reads a stream in pieces of this size.
fn read(stream: &Bytes, piece: usize) -> Result<ReadRequest, Fault> {
    let mut reader = RequestReader::new(Limits::default());
    let mut request = ReadRequest { head: None, body: Vec::new(), is_whole: false };
    let mut at = 0;
    let mut poll = |reader: &mut RequestReader| {
        while let Some(part) = reader.poll() {
            match part {
                Part::Head(head) => request.head = Some(described(&head)),
                Part::Body(bytes) => request.body.extend_from_slice(&bytes),
                Part::End => request.is_whole = true,
            }
        }
    };
    while at < stream.len() {
        let end = stream.len().min(at + piece.max(1));
        reader.handle(stream.slice(at..end))?;
        poll(&mut reader);
        at = end;
    }
    reader.handle_end()?;
    poll(&mut reader);
    Ok(request)
}

/// A request stream, cut in two ways: the first byte is the size of the pieces of the second. Both give the
/// same, and so does the reader of whole requests.
pub(super) fn http3(data: &[u8]) {
    let Some((&piece, stream)) = data.split_first() else { return };
    let stream = Bytes::copy_from_slice(stream);
    let at_once = read(&stream, usize::MAX);
    assert_eq!(read(&stream, usize::from(piece)), at_once, "cut by {piece}");
    if let Some(fast) = whole(&stream, &Limits::default()) {
        let fast = fast.map(|(head, body)| (Some(described(&head)), body.to_vec()));
        assert_eq!(fast, at_once.map(|request| (request.head, request.body)));
    }
}

/// A field section.
pub(super) fn qpack(data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX) & 0x3fff_ffff;
    let stream = [&[1][..], &(length | 0x8000_0000).to_be_bytes(), data].concat();
    if let Some(Ok((head, _))) = whole(&Bytes::from(stream), &Limits::default()) {
        // The back office reads the same section again.
        let _ = head.to_request();
    }
}

/// The streams of a connection that carry no request: the first byte is the size of the pieces, and each
/// further piece goes to one of four streams in turn.
pub(super) fn control(data: &[u8]) {
    let Some((&piece, rest)) = data.split_first() else { return };
    let mut control = Control::new(Limits::default());
    for (number, chunk) in (0_u64..).zip(rest.chunks(usize::from(piece.max(1)))) {
        if control.handle_uni(2 + 4 * (number % 4), chunk).is_err() {
            return;
        }
    }
    let _ = control.handle_uni_end(2);
}

/// The body of a check-in.
pub(super) fn scan(data: &[u8]) {
    let _ = Scan::parse(data);
}

/// The six codes. Nothing is verified without a key, and a code of another kind is none.
pub(super) fn codes(data: &[u8]) {
    let kinds = [
        PersonCode::parse(data).is_ok(),
        ResidentToken::parse(data).is_ok(),
        PaperPass::parse(data).is_ok(),
        PosterCode::parse(data).is_ok(),
        DoorCode::parse(data).is_ok(),
        VenueTicket::parse(data).is_ok(),
    ];
    assert!(kinds.iter().filter(|is_one| **is_one).count() <= 1, "{kinds:?}");
    assert_eq!(VenueCode::parse(data).is_ok(), kinds[3..].contains(&true));
}

/// A certificate's text.
pub(super) fn certificate(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = PresentedCertificate::parse(text).map(|presented| presented.issuer().to_owned());
    }
}

/// A rule pack.
pub(super) fn pack(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Policy::parse(text).map(|policy| policy.label().to_owned());
    }
}

/// A list, cut in two ways as in `http3`. Both give the same lines.
pub(super) fn ndjson(data: &[u8]) {
    let Some((&piece, body)) = data.split_first() else { return };
    let at_once = lines(body, usize::MAX);
    assert_eq!(lines(body, usize::from(piece)), at_once, "cut by {piece}");
    for bytes in at_once.into_iter().filter_map(|line| line.bytes.ok()) {
        assert!(bytes.len() <= LINE_BYTES_MAX && !bytes.contains(&b'\n') && !bytes.trim_ascii().is_empty());
    }
}

fn lines(body: &[u8], piece: usize) -> Vec<CutLine> {
    let (mut cutter, mut all) = (LineCutter::default(), Vec::new());
    for chunk in body.chunks(piece.max(1)) {
        cutter.push(chunk);
        all.extend(std::iter::from_fn(|| cutter.take_line()));
    }
    cutter.end();
    all.extend(std::iter::from_fn(|| cutter.take_line()));
    all
}

/// The file of a journal's only segment, as a crash or a bad disk left it. Whatever it holds, recovery names
/// each damaged slot once, and ends behind the checkpoint.
pub(super) fn journal(data: &[u8]) {
    let disk = OneSegment(Arc::new(SegmentFile(data.to_vec())));
    let Ok(report) = journal::inspect(&disk) else { return };
    assert!(report.end >= report.checkpoint);
    let slots: Vec<u64> = report.damaged.iter().map(|damage| damage.slot).collect();
    assert!(slots.is_sorted_by(|one, next| one < next), "{slots:?}");
    assert!(slots.iter().all(|slot| slot * 64 < data.len() as u64), "{slots:?}");
}

/// A disk with the first segment and nothing else. Nothing is written to it.
struct OneSegment(Arc<SegmentFile>);

/// The bytes of a segment's file.
struct SegmentFile(Vec<u8>);

impl Disk for OneSegment {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(vec![SEGMENT.to_owned()])
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        if name == SEGMENT { Ok(Arc::clone(&self.0) as _) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn create(&self, _: &str) -> io::Result<Arc<dyn DiskFile>> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync_folder(&self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for SegmentFile {
    fn write_at(&self, _: &[u8], _: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let from = usize::try_from(offset).map_err(io::Error::other)?;
        let bytes = self.0.get(from..).and_then(|bytes| bytes.get(..buffer.len()));
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }
}
