//! The Huffman code of RFC 7541 appendix B. The code is canonical, so the length of each symbol's code is
//! all there is to write down; the tables for decoding are made from the lengths when this compiles.

use super::broken;
use crate::wire::http3::Fault;

/// The length of each symbol's code in bits, and last that of the end of string.
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, //
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28, //
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, //
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, //
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, //
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, //
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, //
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, //
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, //
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, //
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, //
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, //
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, //
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, //
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, //
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, //
    30,
];

const BITS_MAX: usize = 30;
const END_OF_STRING: u16 = 256;

/// The codes of one length: consecutive numbers, in the order of their symbols.
#[derive(Clone, Copy)]
struct Rank {
    /// The first code of this length.
    first: u64,
    /// How many there are.
    count: u64,
    /// Where their symbols begin in [`SYMBOLS`].
    symbols_at: u64,
}

/// All symbols, by the length of their code and then by their own order.
const SYMBOLS: [u16; 257] = sort_symbols();
/// What is known of each length.
const RANKS: [Rank; BITS_MAX + 1] = rank_lengths();
/// For each value of eight bits, the symbol that they begin with and its length; length 0 where the code
/// is longer. Nearly all text in field lines has codes of five to eight bits.
const SHORT: [(u8, u8); 256] = shorten();

const fn sort_symbols() -> [u16; 257] {
    let mut sorted = [0; 257];
    let mut at = 0;
    let mut bits = 0;
    while bits <= BITS_MAX {
        let mut symbol = 0;
        while symbol <= END_OF_STRING {
            if LENGTHS[symbol as usize] as usize == bits {
                sorted[at] = symbol;
                at += 1;
            }
            symbol += 1;
        }
        bits += 1;
    }
    sorted
}

const fn rank_lengths() -> [Rank; BITS_MAX + 1] {
    let mut ranks = [Rank { first: 0, count: 0, symbols_at: 0 }; BITS_MAX + 1];
    let mut at = 0;
    while at < LENGTHS.len() {
        ranks[LENGTHS[at] as usize].count += 1;
        at += 1;
    }
    let mut bits = 1;
    while bits <= BITS_MAX {
        let shorter = ranks[bits - 1];
        ranks[bits].first = (shorter.first + shorter.count) << 1;
        ranks[bits].symbols_at = shorter.symbols_at + shorter.count;
        bits += 1;
    }
    ranks
}

#[expect(clippy::cast_possible_truncation, reason = "codes of up to eight bits are of symbols below 256")]
const fn shorten() -> [(u8, u8); 256] {
    let mut short = [(0, 0); 256];
    let mut bits = 1;
    while bits <= 8 {
        let rank = RANKS[bits];
        let mut nth = 0;
        while nth < rank.count {
            let symbol = SYMBOLS[(rank.symbols_at + nth) as usize] as u8;
            let from = (rank.first + nth) << (8 - bits);
            let mut at = from;
            while at < from + (1 << (8 - bits)) {
                short[at as usize] = (symbol, bits as u8);
                at += 1;
            }
            nth += 1;
        }
        bits += 1;
    }
    short
}

/// The bits that are still to be decoded, the next one on top and zeros below the last.
struct BitWindow<'a> {
    input: &'a [u8],
    bits: u64,
    held: u32,
}

impl BitWindow<'_> {
    fn refill(&mut self) {
        while self.held <= 56
            && let Some((byte, rest)) = self.input.split_first()
        {
            self.bits |= u64::from(*byte) << (56 - self.held);
            self.held += 8;
            self.input = rest;
        }
    }

    /// Gives the next symbol and the length of its code, where all of its bits are held.
    fn symbol(&self) -> Option<(u16, u32)> {
        let (symbol, length) = SHORT[(self.bits >> 56) as usize];
        let (symbol, length) = match length {
            0 => self.long_symbol()?,
            1.. => (u16::from(symbol), u32::from(length)),
        };
        (length <= self.held).then_some((symbol, length))
    }

    #[expect(clippy::cast_possible_truncation, reason = "an index below 257")]
    fn long_symbol(&self) -> Option<(u16, u32)> {
        (9_u32..).zip(&RANKS[9..]).find_map(|(length, rank)| {
            let nth = (self.bits >> (64 - length)).checked_sub(rank.first)?;
            (nth < rank.count).then(|| (SYMBOLS[(rank.symbols_at + nth) as usize], length))
        })
    }

    fn drop(&mut self, length: u32) {
        self.bits <<= length;
        self.held -= length;
    }

    /// RFC 7541 section 5.2: "A padding strictly longer than 7 bits MUST be treated as a decoding error. A
    /// padding not corresponding to the most significant bits of the code for the EOS symbol MUST be
    /// treated as a decoding error."
    fn is_padding(&self) -> bool {
        self.held < 8 && self.bits.leading_ones() == self.held
    }
}

/// Appends the text of an encoded string to `text`.
///
/// Cost: a table look-up a symbol; at most 8/5 of the length of `input` is appended.
///
/// Errors: `QpackDecompressionFailed` of the connection on wrong padding or an end-of-string symbol.
pub(super) fn decode(input: &[u8], text: &mut Vec<u8>) -> Result<(), Fault> {
    text.reserve(input.len() * 8 / 5);
    let mut window = BitWindow { input, bits: 0, held: 0 };
    loop {
        window.refill();
        let Some((symbol, length)) = window.symbol() else {
            return if window.is_padding() {
                Ok(())
            } else {
                Err(broken("a Huffman string with wrong padding"))
            };
        };
        // RFC 7541 section 5.2: "A Huffman-encoded string literal containing the EOS symbol MUST be
        // treated as a decoding error."
        let Ok(byte) = u8::try_from(symbol) else {
            return Err(broken("a Huffman string with the end-of-string symbol"));
        };
        text.push(byte);
        window.drop(length);
    }
}

#[cfg(test)]
mod tests;
