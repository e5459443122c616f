use super::*;
use crate::wire::http3::qpack::{self, Secrecy};
use crate::wire::http3::{ErrorCode, FaultScope};
use crate::wire::request_rules::{AUTHORITY_INVALID, NO_AUTHORITY, TWO_AUTHORITIES, TWO_CREDENTIALS};
use bytes::BytesMut;
use scangate_core::refusal::Refusal;

const POST: [(&str, &str); 4] = [
    (":method", "POST"),
    (":scheme", "https"),
    (":path", "/v1/check-ins"),
    (":authority", "gate.example:8443"),
];

fn parse(lines: &[(&str, &str)]) -> Result<Head, Fault> {
    let mut block = BytesMut::new();
    qpack::prefix(&mut block);
    for (name, value) in lines {
        qpack::line(&mut block, name.as_bytes(), value.as_bytes(), Secrecy::Open);
    }
    Head::parse(block.freeze(), &Limits::default())
}

fn post_with(more: &[(&str, &str)]) -> Result<Head, Fault> {
    parse(&[&POST, more].concat())
}

#[test]
fn a_head_gives_what_requests_are_asked_for() {
    let head = post_with(&[("content-length", "61"), ("authorization", "Bearer x.y")]).unwrap();
    assert_eq!(head.method(), Method::POST);
    assert_eq!(head.path(), b"/v1/check-ins");
    assert_eq!(head.scheme(), b"https");
    assert_eq!(head.authority(), b"gate.example:8443");
    assert_eq!(head.content_length(), Some(61));
    assert_eq!(head.authorization(), Some(&b"Bearer x.y"[..]));
    let bare = parse(&POST).unwrap();
    assert_eq!((bare.content_length(), bare.authorization()), (None, None));
}

#[test]
fn a_head_in_huffman_gives_the_same() {
    // ":path" no-cache behind a slash is spelled plainly, ":authority" and "authorization" are compressed.
    let block = b"\x00\x00\xd4\xd7\x51\x02/a\x50\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff\
        \x5f\x50\x84\x1f\xff\xff\xff\x5f\x45\x86\xa8\xeb\x10\x64\x9c\xbf";
    let parsed = Head::parse(Bytes::from_static(block), &Limits::default());
    assert_eq!(
        parsed.unwrap_err().code,
        ErrorCode::QpackDecompressionFailed,
        "the padding of user-agent is wrong"
    );
    let block = b"\x00\x00\xd4\xd7\x51\x02/a\x50\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff\
        \x5f\x50\x83\x9b\xd9\xab\x5f\x45\x86\xa8\xeb\x10\x64\x9c\xbf";
    let head = Head::parse(Bytes::from_static(block), &Limits::default()).unwrap();
    assert_eq!(head.authority(), b"www.example.com");
    assert_eq!(head.authorization(), Some(&b"no-cache"[..]));
    let parts = head.to_request().unwrap();
    assert_eq!(parts.uri, "https://www.example.com/a");
    assert_eq!(parts.headers["user-agent"], "gzip");
    assert_eq!(parts.headers["authorization"], "no-cache");
}

#[test]
fn a_path_is_in_its_plain_form_also_for_the_back_office() {
    let [method, scheme, _, authority] = POST;
    for (path, plain) in [
        ("/v1/check%2Dins?x=%41", "/v1/check-ins?x=%41"),
        ("/v1/%70eople/a%2Fb", "/v1/people/a%2Fb"),
        ("/v1/people%", "/v1/people%"),
    ] {
        let head = parse(&[method, scheme, (":path", path), authority, ("authorization", "x")]).unwrap();
        assert_eq!(head.path(), plain.as_bytes());
        assert_eq!(head.authorization(), Some(&b"x"[..]));
        assert_eq!(head.to_request().unwrap().uri.path_and_query().unwrap(), plain);
    }
}

#[test]
fn a_coding_other_than_identity_is_noted_in_any_line() {
    for (lines, is_encoded) in [
        (&[][..], false),
        (&[("content-encoding", "identity")], false),
        (&[("content-encoding", "gzip")], true),
        (&[("content-encoding", "identity"), ("content-encoding", "br")], true),
        (&[("content-encoding", "br"), ("content-encoding", "identity")], true),
        (&[("accept-encoding", "gzip")], false),
    ] {
        assert_eq!(post_with(lines).unwrap().is_encoded(), is_encoded, "{lines:?}");
    }
}

#[test]
fn a_reading_request_that_names_html_in_any_line_wants_a_page() {
    let [_, scheme, path, authority] = POST;
    for (method, lines, wants) in [
        ("GET", &[("accept", "*/*"), ("accept", "text/html;q=0.5")][..], true),
        ("HEAD", &[("accept", "text/html")], true),
        ("POST", &[("accept", "text/html")], false),
        ("GET", &[("accept", "*/*")], false),
        ("GET", &[], false),
    ] {
        let head = parse(&[&[(":method", method), scheme, path, authority], lines].concat()).unwrap();
        assert_eq!(head.wants_page(), wants, "{method} {lines:?}");
    }
}

#[test]
fn what_breaks_the_rules_is_malformed() {
    let [method, scheme, path, authority] = POST;
    let get = (":method", "GET");
    for lines in [
        &[][..],
        &[scheme, path, authority],
        &[method, path, authority],
        &[method, scheme, authority],
        &[method, method, scheme, path, authority],
        &[method, scheme, scheme, path, authority],
        &[method, scheme, path, path, authority],
        &[method, scheme, path, ("accept", "*/*"), authority],
        &[method, scheme, path, authority, (":status", "200")],
        &[method, scheme, path, authority, (":protocol", "websocket")],
        &[method, scheme, path, authority, (":Path", "/")],
        &[("", "GET"), method, scheme, path, authority],
        &[(":method", "GE T"), scheme, path, authority],
        &[(":method", ""), scheme, path, authority],
        &[method, (":scheme", ""), path, authority],
        &[method, (":scheme", "ht tp"), path, authority],
        &[method, scheme, (":path", ""), authority],
        &[method, scheme, (":path", "v1"), authority],
        &[method, scheme, (":path", "/a b"), authority],
        &[method, scheme, (":path", "/a#b"), authority],
        &[method, scheme, (":path", "/\u{7f}"), authority],
        &[get, scheme, (":path", "*"), authority],
        &[(":method", "CONNECT"), scheme, path, authority],
        &[(":method", "CONNECT"), path, authority],
        &[(":method", "CONNECT"), ("host", "gate.example:1")],
    ] {
        let fault = parse(lines).expect_err(&format!("{lines:?}"));
        assert_eq!((fault.code, fault.scope), (ErrorCode::MessageError, FaultScope::Stream), "{lines:?}");
    }
}

#[test]
fn fields_that_break_the_rules_are_malformed() {
    for line in [
        ("Accept", "*/*"),
        ("a b", "x"),
        ("", "x"),
        ("a:b", "x"),
        ("a\u{e9}", "x"),
        ("a", "x\ry"),
        ("a", "x\ny"),
        ("a", "x\0y"),
        ("a", "\u{7f}"),
        ("a", " x"),
        ("a", "x\t"),
        ("connection", "close"),
        ("keep-alive", "1"),
        ("proxy-connection", "close"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("te", "gzip"),
        ("te", "trailers, gzip"),
        ("content-length", ""),
        ("content-length", "+1"),
        ("content-length", "1, 1"),
        ("content-length", "18446744073709551616"),
    ] {
        let fault = post_with(&[line]).expect_err(&format!("{line:?}"));
        assert_eq!((fault.code, fault.scope), (ErrorCode::MessageError, FaultScope::Stream), "{line:?}");
    }
    let length = ("content-length", "1");
    assert_eq!(post_with(&[length, length]).unwrap_err().code, ErrorCode::MessageError);
}

#[test]
fn what_keeps_the_rules_is_taken() {
    let [method, scheme, path, authority] = POST;
    for lines in [
        &[authority, path, scheme, method][..],
        &[method, scheme, path, ("host", "gate.example")],
        &[method, scheme, path, authority, ("host", "GATE.example:8443")],
        &[method, scheme, path, authority, ("te", "Trailers")],
        &[method, scheme, path, authority, ("a", "")],
        &[method, scheme, path, authority, ("x_y~z", "tab\tand caf\u{e9}")],
        &[(":method", "OPTIONS"), scheme, (":path", "*"), authority],
        &[(":method", "PURGE"), (":scheme", "coap+tcp"), path, (":authority", "[::1]:8443")],
        &[(":method", "CONNECT"), authority],
    ] {
        assert!(parse(lines).is_ok(), "{lines:?}: {:?}", parse(lines));
    }
}

#[test]
fn connect_passes_in_its_plain_form() {
    let head = parse(&[(":method", "CONNECT"), (":authority", "inside.example:22")]).unwrap();
    assert_eq!((head.path(), head.scheme()), (&b""[..], &b""[..]));
    assert_eq!(head.to_request().unwrap().uri, "inside.example:22");
}

#[test]
fn a_section_is_measured_as_its_lines_say() {
    let size = POST.iter().map(|(name, value)| name.len() + value.len() + 32).sum::<usize>();
    let mut block = BytesMut::new();
    qpack::prefix(&mut block);
    for (name, value) in POST {
        qpack::line(&mut block, name.as_bytes(), value.as_bytes(), Secrecy::Open);
    }
    let parse = |field_section_bytes_max| {
        Head::parse(block.clone().freeze(), &Limits { field_section_bytes_max, ..Limits::default() })
    };
    assert!(parse(size).is_ok());
    let fault = parse(size - 1).unwrap_err();
    assert_eq!(fault.scope, FaultScope::Answer(Refusal::HeadTooLarge));
}

#[test]
fn the_back_office_gets_a_request_with_cookies_joined() {
    let head = post_with(&[
        ("cookie", "a=1"),
        ("accept", "text/csv"),
        ("accept", "*/*"),
        ("cookie", "b=2"),
        ("authorization", "Bearer t"),
        ("content-length", "0"),
    ])
    .unwrap();
    let parts = head.to_request().unwrap();
    assert_eq!(parts.method, Method::POST);
    assert_eq!(parts.version, Version::HTTP_3);
    assert_eq!(parts.uri, "https://gate.example:8443/v1/check-ins");
    assert_eq!(parts.headers["cookie"], "a=1; b=2");
    assert!(parts.headers["cookie"].is_sensitive() && parts.headers["authorization"].is_sensitive());
    assert_eq!(parts.headers.get_all("accept").iter().collect::<Vec<_>>(), ["text/csv", "*/*"]);
    assert_eq!(parts.headers.len(), 5);
}

#[test]
fn options_of_all_is_a_star() {
    let [_, scheme, _, authority] = POST;
    let head = parse(&[(":method", "OPTIONS"), scheme, (":path", "*"), authority]).unwrap();
    assert_eq!(head.to_request().unwrap().uri, "*");
}

#[test]
fn what_breaks_the_rules_of_every_version_is_answered() {
    let [method, scheme, path, authority] = POST;
    let authorization = ("authorization", "Bearer t");
    for (refusal, lines) in [
        (NO_AUTHORITY, &[method, scheme, path][..]),
        (TWO_AUTHORITIES, &[method, scheme, path, authority, authority]),
        (TWO_AUTHORITIES, &[method, scheme, path, authority, ("host", "other.example")]),
        (TWO_AUTHORITIES, &[method, scheme, path, ("host", "a"), ("host", "a")]),
        (AUTHORITY_INVALID, &[method, scheme, path, (":authority", "")]),
        (AUTHORITY_INVALID, &[method, scheme, path, (":authority", "user@gate.example")]),
        (AUTHORITY_INVALID, &[method, scheme, path, (":authority", "gate.example/x")]),
        (AUTHORITY_INVALID, &[method, scheme, path, (":authority", "a:b:c")]),
        (AUTHORITY_INVALID, &[method, scheme, path, ("host", "")]),
        (TWO_CREDENTIALS, &[method, scheme, path, authority, authorization, authorization]),
        (Refusal::ExpectationUnsupported, &[method, scheme, path, authority, ("expect", "x")]),
    ] {
        let fault = parse(lines).expect_err(&format!("{lines:?}"));
        assert_eq!(fault.scope, FaultScope::Answer(refusal), "{lines:?}");
    }
    assert!(
        parse(&[method, scheme, path, authority, ("expect", "100-continue")]).unwrap().expects_continue()
    );
}

#[test]
fn debug_shows_no_person() {
    let shown = format!("{:?}", post_with(&[("authorization", "Bearer secret")]).unwrap());
    assert!(shown.contains("POST") && !shown.contains("secret") && !shown.contains("check-ins"), "{shown}");
}
