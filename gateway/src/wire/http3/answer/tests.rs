use http::Response;

use super::*;
use crate::wire::http3::frame;
use crate::wire::http3::qpack::FieldLines;

const NOW: &[u8; 29] = b"Tue, 04 Jan 2022 00:00:00 GMT";

fn lines(block: &[u8]) -> Vec<(String, String)> {
    let mut lines = FieldLines::new(block).unwrap();
    let mut out = Vec::new();
    while let Some(line) = lines.next().unwrap() {
        let text = |piece| String::from_utf8(lines.bytes(piece).to_vec()).unwrap();
        out.push((text(&line.name), text(&line.value)));
    }
    out
}

fn frames(mut bytes: &[u8]) -> Vec<(frame::FrameKind, Vec<u8>)> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let (header, size) = frame::parse(bytes).unwrap();
        let to = size + usize::try_from(header.length).unwrap();
        frames.push((header.kind, bytes[size..to].to_vec()));
        bytes = &bytes[to..];
    }
    frames
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_small_answer_is_headers_and_data() {
    let mut out = BytesMut::from(&b"before"[..]);
    small(&mut out, 200, ContentType::Json, NOW, None, None, b"{\"id\":1}");
    let frames = frames(&out[6..]);
    let expected = [
        (":status", "200"),
        ("content-type", "application/json"),
        ("content-length", "8"),
        ("date", "Tue, 04 Jan 2022 00:00:00 GMT"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ];
    assert_eq!(frames[0].0, frame::FrameKind::Headers);
    assert_eq!(lines(&frames[0].1), pairs(&expected));
    assert_eq!(frames[1..], [(frame::FrameKind::Data, b"{\"id\":1}".to_vec())]);
}

#[test]
fn the_largest_head_fits_its_room() {
    let mut out = BytesMut::new();
    let body = vec![b' '; 100_000];
    small(&mut out, 429, ContentType::Problem, NOW, Some(u32::MAX), None, &body);
    let frames = frames(&out);
    let expected = [
        (":status", "429"),
        ("content-type", "application/problem+json"),
        ("content-length", "100000"),
        ("date", "Tue, 04 Jan 2022 00:00:00 GMT"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("retry-after", "4294967295"),
    ];
    assert_eq!(lines(&frames[0].1), pairs(&expected));
    assert_eq!(frames[1].1, body);
    assert!(out.len() - body.len() <= SMALL_HEAD_BYTES_MAX);
    let mut out = BytesMut::new();
    small(
        &mut out,
        401,
        ContentType::Problem,
        NOW,
        None,
        Some(("www-authenticate", "twenty bytes at most")),
        &body,
    );
    assert!(out.len() - body.len() <= SMALL_HEAD_BYTES_MAX);
    let challenge = ("www-authenticate".to_owned(), "twenty bytes at most".to_owned());
    assert!(lines(&self::frames(&out)[0].1).contains(&challenge));
}

#[test]
fn every_status_says_what_it_is() {
    for status in 100..1_000 {
        let mut out = BytesMut::new();
        small(&mut out, status, ContentType::Json, NOW, None, None, b"");
        let frames = frames(&out);
        assert_eq!(frames.len(), 1, "no DATA for no body");
        assert_eq!(lines(&frames[0].1)[0], (":status".to_owned(), status.to_string()));
    }
}

#[test]
fn any_response_loses_what_speaks_of_the_connection() {
    let mut secret = HeaderValue::from_static("session=1");
    secret.set_sensitive(true);
    let (mut parts, ()) = Response::builder()
        .status(418)
        .header("connection", "close")
        .header("transfer-encoding", "chunked")
        .header("content-type", "text/csv")
        .header("vary", "origin")
        .header("x-own", "a")
        .body(())
        .unwrap()
        .into_parts();
    parts.headers.insert("set-cookie", secret);
    let mut out = BytesMut::new();
    head(&mut out, &parts);
    let frames = frames(&out);
    let mut found = lines(&frames[0].1);
    found[1..].sort();
    let expected = [
        (":status", "418"),
        ("content-type", "text/csv"),
        ("set-cookie", "session=1"),
        ("vary", "origin"),
        ("x-own", "a"),
    ];
    assert_eq!(found, pairs(&expected));
    assert!(out.windows(2).any(|pair| pair == [0x7e, 9]), "set-cookie is never indexed");
}

#[test]
fn a_data_header_says_how_much_follows() {
    let mut out = BytesMut::new();
    data_header(&mut out, 70_000);
    assert_eq!(out, &[0x00, 0x80, 0x01, 0x11, 0x70][..]);
}
