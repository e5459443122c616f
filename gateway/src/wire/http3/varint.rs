//! QUIC's variable-length integers (RFC 9000 section 16): the two top bits of the first byte say
//! whether it takes one, two, four or eight bytes.

use bytes::{Buf, BufMut, BytesMut};

/// The largest value that can travel.
pub(super) const MAX: u64 = (1 << 62) - 1;

/// Reads an integer from the front; gives it with the bytes it took, or nothing if it is cut short.
#[inline]
pub(super) fn parse(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let size = 1_usize << (first >> 6);
    let tail = bytes.get(1..size)?;
    let value = tail.iter().fold(u64::from(first & 0x3f), |value, byte| (value << 8) | u64::from(*byte));
    Some((value, size))
}

/// Appends an integer in its shortest form. A value above [`MAX`] cannot travel and is cut to it.
pub(super) fn write(out: &mut BytesMut, value: u64) {
    match value {
        0..=0x3f => out.put_u8((value & 0x3f) as u8),
        0x40..=0x3fff => out.put_u16(0x4000 | (value & 0x3fff) as u16),
        0x4000..=0x3fff_ffff => out.put_u32(0x8000_0000 | (value & 0x3fff_ffff) as u32),
        0x4000_0000.. => out.put_u64(0xc000_0000_0000_0000 | value.min(MAX)),
    }
}

/// Reads an integer that may arrive a byte at a time.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct VarintReader {
    bytes: [u8; 8],
    held: usize,
}

impl VarintReader {
    /// Takes bytes from `input`, never more than the integer has, and gives the value once it is whole.
    pub(super) fn read(&mut self, input: &mut impl Buf) -> Option<u64> {
        while input.has_remaining() {
            self.bytes[self.held] = input.get_u8();
            self.held += 1;
            if let Some((value, _)) = parse(&self.bytes[..self.held]) {
                self.held = 0;
                return Some(value);
            }
        }
        None
    }

    /// Says whether part of an integer is held.
    pub(super) fn is_partial(&self) -> bool {
        self.held > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_9000_appendix_a_1() {
        let check = |bytes: &[u8], expected: u64| {
            assert_eq!(parse(bytes), Some((expected, bytes.len())));
            for cut in 0..bytes.len() {
                assert_eq!(parse(&bytes[..cut]), None);
            }
        };
        check(&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c], 151_288_809_941_952_652);
        check(&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333);
        check(&[0x7b, 0xbd], 15_293);
        check(&[0x25], 37);
        check(&[0x40, 0x25], 37);
    }

    #[test]
    fn what_is_written_is_read_in_one_piece_and_byte_by_byte() {
        for value in [0, 63, 64, 16_383, 16_384, (1 << 30) - 1, 1 << 30, MAX] {
            let mut out = BytesMut::new();
            write(&mut out, value);
            assert_eq!(parse(&out), Some((value, out.len())));
            let mut reader = VarintReader::default();
            for (at, byte) in out.iter().enumerate() {
                let read = reader.read(&mut &[*byte][..]);
                assert_eq!(read, (at + 1 == out.len()).then_some(value));
                assert_eq!(reader.is_partial(), read.is_none());
            }
        }
    }

    #[test]
    fn a_reader_leaves_what_follows() {
        let mut input = &[0x40, 0x25, 0x07][..];
        assert_eq!(VarintReader::default().read(&mut input), Some(37));
        assert_eq!(input, [0x07]);
    }
}
