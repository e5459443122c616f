//! Integers with a prefix (RFC 7541 section 5.1, RFC 9204 section 4.1.1). They have the low bits of one
//! byte and, if these are all ones, more bytes of seven bits each.

use bytes::{BufMut, BytesMut};

use crate::wire::http3::Fault;

/// RFC 9204 section 4.1.1: "QPACK implementations MUST be able to decode integers up to and including 62
/// bits long". More than nine bytes of seven bits are a longer integer, or padding.
const TAIL_BYTES_MAX: usize = 9;

/// Reads an integer at `at` with `bits` in its first byte, and moves `at` behind it.
///
/// **Errors**: `QpackDecompressionFailed`, of the connection if the integer is cut short, of the stream
/// if it is longer than 62 bits.
#[inline]
pub(super) fn read(block: &[u8], at: &mut usize, bits: u32) -> Result<u64, Fault> {
    let first = *block.get(*at).ok_or(CUT_SHORT)?;
    *at += 1;
    let mask = (1_u64 << bits) - 1;
    let low = u64::from(first) & mask;
    if low < mask { Ok(low) } else { read_tail(block, at, low) }
}

fn read_tail(block: &[u8], at: &mut usize, low: u64) -> Result<u64, Fault> {
    let mut value = low;
    for position in 0..TAIL_BYTES_MAX {
        let byte = *block.get(*at).ok_or(CUT_SHORT)?;
        *at += 1;
        value += u64::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return if value < 1 << 62 { Ok(value) } else { Err(TOO_LONG) };
        }
    }
    Err(TOO_LONG)
}

/// Appends an integer, with `flags` in the bits of its first byte above the prefix.
pub(super) fn write(out: &mut BytesMut, flags: u8, bits: u32, value: u64) {
    let mask = (1_u64 << bits) - 1;
    if value < mask {
        out.put_u8(flags | (value & 0xff) as u8);
        return;
    }
    out.put_u8(flags | (mask & 0xff) as u8);
    let mut rest = value - mask;
    while rest > 0x7f {
        out.put_u8(0x80 | (rest & 0x7f) as u8);
        rest >>= 7;
    }
    out.put_u8((rest & 0x7f) as u8);
}

const CUT_SHORT: Fault = super::broken("a field section ends within an integer");
const TOO_LONG: Fault = super::too_large("an integer of more than 62 bits");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_7541_appendix_c_1() {
        let check = |bytes: &[u8], bits: u32, expected: u64| {
            let mut at = 0;
            assert_eq!(read(bytes, &mut at, bits), Ok(expected));
            assert_eq!(at, bytes.len());
            let mut out = BytesMut::new();
            write(&mut out, 0, bits, expected);
            assert_eq!(out, bytes);
        };
        check(&[0x0a], 5, 10);
        check(&[0x1f, 0x9a, 0x0a], 5, 1337);
        check(&[0x2a], 8, 42);
    }

    #[test]
    fn sizes_around_the_prefix_make_the_round_trip() {
        for bits in 3..=8 {
            for value in [0, 1, 6, 7, 8, 254, 255, 256, 16_384, (1 << 62) - 1] {
                let mut out = BytesMut::new();
                write(&mut out, 0, bits, value);
                let mut at = 0;
                assert_eq!(read(&out, &mut at, bits), Ok(value));
                for cut in 0..out.len() {
                    assert_eq!(read(&out[..cut], &mut 0, bits), Err(CUT_SHORT));
                }
            }
        }
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let mut out = BytesMut::new();
        write(&mut out, 0, 3, 1 << 62);
        assert_eq!(read(&out, &mut 0, 3), Err(TOO_LONG));
        assert_eq!(read(&[0xff; 40], &mut 0, 8), Err(TOO_LONG));
        let mut padded = [0x80; 12];
        padded[0] = 0x07;
        padded[11] = 0x00;
        assert_eq!(read(&padded, &mut 0, 3), Err(TOO_LONG));
    }
}
