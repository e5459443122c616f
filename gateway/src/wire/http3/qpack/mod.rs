//! Field compression (RFC 9204) with a dynamic table of no capacity: a field section refers to the
//! static table or spells itself out, so each is decoded on its own and nothing is kept between two.
//! Decoding understands Huffman; encoding does without, since answers are small and CPU is dearer.

mod decode;
mod encode;
mod huffman;
mod integer;
mod static_table;

pub(super) use decode::{FieldLine, FieldLines, FieldText};
pub(super) use encode::{Secrecy, indexed, line, named, prefix};

use super::{ErrorCode, Fault};

/// A field section that no encoder in its right mind has made (RFC 9204 section 6): the state of the
/// connection is in doubt, so it ends.
const fn broken(why: &'static str) -> Fault {
    Fault::connection(ErrorCode::QpackDecompressionFailed, why)
}

/// RFC 9204 section 7.4: "a value larger than it is able to decode" is a stream error.
const fn too_large(why: &'static str) -> Fault {
    Fault::stream(ErrorCode::QpackDecompressionFailed, why)
}
