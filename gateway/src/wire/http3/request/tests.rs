use super::*;
use crate::wire::http3::FaultScope;
use crate::wire::http3::tests::{frame, grease, head_block, post_block};
use scangate_core::refusal::Refusal;

fn read(pieces: impl IntoIterator<Item = Bytes>) -> Result<(Vec<u8>, Vec<u8>, bool), Fault> {
    let mut reader = RequestReader::new(Limits::default());
    let (mut path, mut body, mut ended) = (Vec::new(), Vec::new(), false);
    let mut drain = |reader: &mut RequestReader| {
        while let Some(part) = reader.poll() {
            assert!(!ended, "nothing follows the end");
            match part {
                Part::Head(head) => path = head.path().to_vec(),
                Part::Body(bytes) => {
                    assert!(!path.is_empty() && !bytes.is_empty());
                    body.extend_from_slice(&bytes);
                }
                Part::End => ended = true,
            }
        }
    };
    for piece in pieces {
        reader.handle(piece)?;
        drain(&mut reader);
    }
    reader.handle_end()?;
    drain(&mut reader);
    Ok((path, body, ended))
}

fn check_every_split(bytes: &[u8], body: &[u8]) {
    let bytes = Bytes::copy_from_slice(bytes);
    let expected = Ok((b"/v1/check-ins".to_vec(), body.to_vec(), true));
    assert_eq!(read([bytes.clone()]), expected);
    for at in 0..=bytes.len() {
        assert_eq!(read([bytes.slice(..at), bytes.slice(at..)]), expected, "split at {at}");
    }
    assert_eq!(read(bytes.iter().map(|byte| Bytes::copy_from_slice(&[*byte]))), expected);
}

#[test]
fn a_request_is_the_same_split_anywhere_and_whole() {
    let request =
        [frame(0x01, &post_block(&[("content-length", "11")])), frame(0x00, b"hello world")].concat();
    check_every_split(&request, b"hello world");
    let (head, body) = whole(&Bytes::from(request), &Limits::default()).unwrap().unwrap();
    assert_eq!((head.path(), &body[..]), (&b"/v1/check-ins"[..], &b"hello world"[..]));
}

#[test]
fn grease_and_trailers_make_no_difference() {
    let request = [
        grease(b""),
        grease(b"padding"),
        frame(0x01, &post_block(&[("content-length", "6")])),
        grease(b"x"),
        frame(0x00, b"abc"),
        frame(0x00, b""),
        grease(b"yy"),
        frame(0x00, b"def"),
        frame(0x01, &head_block(&[("checksum", "1")])),
        grease(b"zzz"),
    ]
    .concat();
    check_every_split(&request, b"abcdef");
    assert!(whole(&Bytes::from(request), &Limits::default()).is_none());
}

#[test]
fn a_request_without_body_ends_with_its_head() {
    let request = frame(0x01, &post_block(&[]));
    check_every_split(&request, b"");
    assert!(whole(&Bytes::from(request), &Limits::default()).unwrap().unwrap().1.is_empty());
}

#[test]
fn whole_puts_data_frames_together() {
    let head = frame(0x01, &post_block(&[]));
    let request = |frames: usize| Bytes::from([head.clone(), frame(0x00, b"ab").repeat(frames)].concat());
    for frames in [0, 1, 2, WHOLE_DATA_MAX] {
        let (_, body) = whole(&request(frames), &Limits::default()).unwrap().unwrap();
        assert_eq!(body, b"ab".repeat(frames), "{frames}");
    }
    assert!(whole(&request(WHOLE_DATA_MAX + 1), &Limits::default()).is_none());
}

#[test]
fn a_reader_behind_a_whole_request_gives_what_follows_its_head() {
    let parts = |mut reader: RequestReader| {
        let (mut body, mut ends) = (Vec::new(), 0);
        while let Some(part) = reader.poll() {
            match part {
                Part::Head(_) => {}
                Part::Body(bytes) => body.extend_from_slice(&bytes),
                Part::End => ends += 1,
            }
        }
        assert_eq!(reader.handle_end(), Ok(()), "the stream's FIN was read");
        assert!(reader.poll().is_none());
        (body, ends)
    };
    for body in [&b""[..], b"body"] {
        let frames = if body.is_empty() { Vec::new() } else { frame(0x00, body) };
        let request = Bytes::from([frame(0x01, &post_block(&[])), frames].concat());
        let (_, whole_body) = whole(&request, &Limits::default()).unwrap().unwrap();
        let mut fed = RequestReader::new(Limits::default());
        fed.handle(request).and_then(|()| fed.handle_end()).unwrap();
        let stood = parts(RequestReader::at_end(whole_body, Limits::default()));
        assert_eq!(stood, (body.to_vec(), 1));
        assert_eq!(stood, parts(fed));
    }
}

#[test]
fn the_fast_path_copies_nothing() {
    let block = post_block(&[("authorization", "Bearer t")]);
    let request = Bytes::from([frame(0x01, &block), frame(0x00, b"body")].concat());
    let (head, body) = whole(&request, &Limits::default()).unwrap().unwrap();
    let within = request.as_ptr_range();
    assert!(within.contains(&body.as_ptr()));
    assert!(within.contains(&head.path().as_ptr()) && within.contains(&head.authority().as_ptr()));
    assert!(within.contains(&head.authorization().unwrap().as_ptr()));
}

#[test]
fn whole_gives_nothing_but_exact_requests() {
    let head = frame(0x01, &post_block(&[]));
    for other in [
        Vec::new(),
        head[..head.len() - 1].to_vec(),
        [&head[..], &[0x00]].concat(),
        [&head[..], &[0x00, 0x02, b'a']].concat(),
        [&head[..], &head[..]].concat(),
        frame(0x00, b"a"),
        vec![0x01, 0xbf, 0xff, 0xff, 0xff],
        vec![0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        [&head[..], &[0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]].concat(),
    ] {
        assert!(whole(&Bytes::from(other.clone()), &Limits::default()).is_none(), "{other:x?}");
    }
}

#[test]
fn whole_and_reader_refuse_the_same() {
    for request in [
        frame(0x01, b""),
        frame(0x01, &head_block(&[(":method", "GET")])),
        [frame(0x01, &post_block(&[("content-length", "2")])), frame(0x00, b"a")].concat(),
        [frame(0x01, &post_block(&[("content-length", "2")])), frame(0x00, b"abc")].concat(),
        frame(0x01, &post_block(&[("content-length", "2")])),
    ] {
        let request = Bytes::from(request);
        let fast = whole(&request, &Limits::default()).unwrap().unwrap_err();
        assert_eq!(read([request]).unwrap_err(), fast);
    }
}

#[test]
fn large_headers_are_refused_from_the_header_alone() {
    let mut reader = RequestReader::new(Limits::default());
    // 1 GiB, declared; not a byte of it sent.
    let fault = reader.handle(Bytes::from_static(&[0x01, 0xc0, 0, 0, 0, 0x40, 0, 0, 0])).unwrap_err();
    assert_eq!(fault.scope, FaultScope::Answer(Refusal::HeadTooLarge));
    assert_eq!(reader.handle(Bytes::from_static(b"more")), Err(fault), "a fault is final");
    assert_eq!(reader.handle_end(), Err(fault));
    let at_limit =
        RequestReader::new(Limits::default()).handle(Bytes::from_static(&[0x01, 0x80, 0x00, 0x40, 0x00]));
    assert_eq!(at_limit, Ok(()));
    let beyond =
        RequestReader::new(Limits::default()).handle(Bytes::from_static(&[0x01, 0x80, 0x00, 0x40, 0x01]));
    assert!(beyond.is_err());
}

#[test]
fn what_is_held_is_no_more_than_what_came() {
    let mut reader = RequestReader::new(Limits::default());
    reader.handle(Bytes::from_static(&[0x01, 0x60, 0x00])).unwrap();
    assert_eq!(reader.section.capacity(), 0);
    reader.handle(Bytes::from_static(&[0; 100])).unwrap();
    assert!(reader.section.capacity() <= 200);
}

#[test]
fn a_body_longer_than_declared_is_refused_before_it_comes() {
    let mut reader = RequestReader::new(Limits::default());
    reader.handle(Bytes::from(frame(0x01, &post_block(&[("content-length", "2")])))).unwrap();
    let fault = reader.handle(Bytes::from_static(&[0x00, 0x03])).unwrap_err();
    assert_eq!((fault.code, fault.scope), (ErrorCode::MessageError, FaultScope::Stream));
}

#[test]
fn padding_has_an_end() {
    let limits = Limits { idle_frames_max: 3, skipped_bytes_max: 10, ..Limits::default() };
    let check = |bytes: Vec<u8>, is_fine: bool| {
        let result = RequestReader::new(limits).handle(Bytes::from(bytes));
        let expected = Fault::connection(ErrorCode::ExcessiveLoad, "too many idle frames");
        assert_eq!(result, if is_fine { Ok(()) } else { Err(expected) });
    };
    let head = frame(0x01, &post_block(&[]));
    check(grease(b"").repeat(3), true);
    check(grease(b"").repeat(4), false);
    check(grease(b"12345").repeat(2), true);
    check(grease(b"12345678901"), false);
    check([head.clone(), frame(0x00, b"").repeat(3)].concat(), true);
    check([head, frame(0x00, b"").repeat(4)].concat(), false);
}
