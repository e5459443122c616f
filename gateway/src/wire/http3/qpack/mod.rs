//! Field compression (RFC 9204) with a dynamic table of no capacity. A field section has literals and
//! references to the static table, so each is decoded on its own without state in between. Decoding
//! supports Huffman; encoding does not use it, since answers are small and CPU costs more.

mod decode;
mod encode;
mod huffman;
mod integer;
mod static_table;

pub(super) use decode::{FieldLine, FieldLines, FieldText};
pub(super) use encode::{Secrecy, indexed, line, named, prefix};

use super::{ErrorCode, Fault};

/// The fault of a field section that no conformant encoder makes (RFC 9204 section 6). It ends the
/// connection.
const fn broken(why: &'static str) -> Fault {
    Fault::connection(ErrorCode::QpackDecompressionFailed, why)
}

/// RFC 9204 section 7.4: "a value larger than it is able to decode" is a stream error.
const fn too_large(why: &'static str) -> Fault {
    Fault::stream(ErrorCode::QpackDecompressionFailed, why)
}
