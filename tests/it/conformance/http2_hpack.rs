//! Field compression (RFC 7541): every representation is read, and a block that is none ends the connection.

use super::http2_peer::{
    COMPRESSION_ERROR, Http2Rule, PROTOCOL_ERROR, Reaction, expect_all, rule, rule_after,
};
use scangate_tests::wire::{END_HEADERS, END_STREAM, HEADERS, frame};

/// RFC 9113 section 4.3 names COMPRESSION_ERROR. hyper's HTTP/2 sends the unspecific code.
const COMPRESSION: Reaction = Reaction::GoAway(&[COMPRESSION_ERROR, PROTOCOL_ERROR]);
const ANSWERED: Reaction = Reaction::Answer(1, 200);
/// `:method: GET`, `:scheme: https` and `:path: /` of the static table.
const GET: [u8; 3] = [0x82, 0x87, 0x84];
/// `:authority` with a value that follows: added to the table, not added, and never to be added.
const AUTHORITY_ADDED: u8 = 0x41;
const AUTHORITY: u8 = 0x01;
const AUTHORITY_NEVER: u8 = 0x11;
/// The first entry of the dynamic table.
const FIRST_ADDED: u8 = 0x80 | 62;
/// `localhost` and `/me` in the code of Huffman.
const LOCALHOST: [u8; 6] = [0xa0, 0xe4, 0x1d, 0x13, 0x9d, 0x09];
const ME: [u8; 3] = [0x62, 0x92, 0xff];

/// A whole request of these parts of a field block.
fn request(stream: u32, parts: &[&[u8]]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &parts.concat())
}

fn read(name: &'static str, parts: &[&[u8]]) -> Http2Rule {
    rule(name, &[request(1, parts)], ANSWERED)
}

fn refused(name: &'static str, parts: &[&[u8]]) -> Http2Rule {
    rule(name, &[request(1, parts)], COMPRESSION)
}

/// A request that adds its authority to the table, then one of these parts.
fn later(name: &'static str, parts: &[&[u8]], reaction: Reaction) -> Http2Rule {
    let first = request(1, &[&GET, &[AUTHORITY_ADDED, 9], b"localhost"]);
    rule_after(name, &[first], 1, &[request(3, parts)], reaction)
}

fn representations() -> Vec<Http2Rule> {
    let host: &[u8] = b"\x09localhost";
    vec![
        read("6.1 and 6.2.2: indexed lines, and one without indexing", &[&GET, &[AUTHORITY], host]),
        read("6.2.1: a line that is added", &[&GET, &[AUTHORITY_ADDED], host]),
        read("6.2.3: a line that is never added", &[&GET, &[AUTHORITY_NEVER], host]),
        read("6.2.1: a new name that is added", &[&GET, &[AUTHORITY], host, b"\x40\x01x\x01y"]),
        read("6.2.2: a new name without indexing", &[&GET, &[AUTHORITY], host, b"\x00\x01x\x01y"]),
        read("6.2.3: a new name that is never added", &[&GET, &[AUTHORITY], host, b"\x10\x01x\x01y"]),
        read("5.2: an empty value", &[&GET, &[AUTHORITY], host, b"\x00\x01x\x00"]),
        read("5.2: a value in the code of Huffman", &[&GET, &[AUTHORITY, 0x86], &LOCALHOST]),
        read("5.2: a code with seven bits of padding", &[&GET[..2], &[0x04, 0x83], &ME, &[AUTHORITY], host]),
        read(
            "5.2: a name in the code of Huffman",
            &[&GET, &[AUTHORITY], host, &[0x00, 0x83], &ME[..0], &[0xf2, 0xb4, 0xff], b"\x01y"],
        ),
        read("6.3: a change of the table's size", &[&[0x20], &GET, &[AUTHORITY], host]),
        read("6.3: the table's largest size", &[&[0x3f, 0xe1, 0x1f], &GET, &[AUTHORITY], host]),
        read("4.2: two changes of the table's size", &[&[0x20, 0x3f, 0xe1, 0x1f], &GET, &[AUTHORITY], host]),
        later("2.3.3: a line that was added", &[&GET, &[FIRST_ADDED]], Reaction::Answer(3, 200)),
        later(
            "2.3.3: the name of a line that was added",
            &[&GET, &[0x7e, 9], b"localhost"],
            Reaction::Answer(3, 200),
        ),
    ]
}

fn faults() -> Vec<Http2Rule> {
    let host: &[u8] = b"\x09localhost";
    vec![
        refused("6.1: index 0", &[&GET, &[AUTHORITY], host, &[0x80]]),
        refused("2.3.3: an index beyond the tables", &[&GET, &[FIRST_ADDED]]),
        refused("2.3.3: the index of a name beyond the tables", &[&GET, &[0x7f, 0x07, 1], b"y"]),
        refused("5.1: an integer without its end", &[&GET, &[0xff, 0x80]]),
        refused("5.1: an integer that is too large", &[&GET, &[0xff; 12], &[0x7f]]),
        refused("5.2: a value without its end", &[&GET, &[AUTHORITY, 9], b"loc"]),
        refused("5.2: a name without a value", &[&GET, &[0x00, 1], b"x"]),
        refused(
            "5.2: padding of more than seven bits",
            &[&GET[..2], &[0x04, 0x84], &ME, &[0xff, AUTHORITY], host],
        ),
        refused("5.2: padding with zeros", &[&GET[..2], &[0x04, 0x83, 0x62, 0x92, 0x80, AUTHORITY], host]),
        refused(
            "5.2: a value with the end of Huffman's code",
            &[&GET[..2], &[0x04, 0x84, 0xff, 0xff, 0xff, 0xff, AUTHORITY], host],
        ),
        refused("6.3: a table larger than the setting", &[&[0x3f, 0xe2, 0x1f], &GET, &[AUTHORITY], host]),
        refused("4.2: a change of the table's size after a line", &[&GET, &[AUTHORITY], host, &[0x20]]),
        later(
            "4.3: a line that a change of the table's size removed",
            &[&[0x20], &GET, &[FIRST_ADDED]],
            COMPRESSION,
        ),
        later("4.4: a second line where one was added", &[&GET, &[FIRST_ADDED + 1]], COMPRESSION),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn field_compression() -> anyhow::Result<()> {
    expect_all([representations(), faults()].into_iter().flatten().collect()).await
}
