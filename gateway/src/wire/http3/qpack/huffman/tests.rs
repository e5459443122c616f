use proptest::prelude::*;

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn decoded(input: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut text = Vec::new();
    decode(input, &mut text).map(|()| text)
}

fn code(symbol: u16) -> (u64, u32) {
    let length = usize::from(LENGTHS[usize::from(symbol)]);
    let rank = RANKS[length];
    let from = usize::try_from(rank.symbols_at).unwrap();
    let nth = SYMBOLS[from..].iter().position(|at| *at == symbol).unwrap();
    (rank.first + nth as u64, u32::try_from(length).unwrap())
}

fn encode(symbols: impl IntoIterator<Item = u16>) -> Vec<u8> {
    let mut bits = String::new();
    for symbol in symbols {
        let (code, length) = code(symbol);
        bits.push_str(&format!("{code:0width$b}", width = length as usize));
    }
    while !bits.len().is_multiple_of(8) {
        bits.push('1');
    }
    (0..bits.len()).step_by(8).map(|at| u8::from_str_radix(&bits[at..at + 8], 2).unwrap()).collect()
}

#[test]
fn the_strings_of_rfc_7541_appendix_c() {
    let check = |hex: &str, text: &str| assert_eq!(decoded(&bytes(hex)), Ok(text.as_bytes().to_vec()));
    check("f1e3c2e5f23a6ba0ab90f4ff", "www.example.com");
    check("a8eb10649cbf", "no-cache");
    check("25a849e95ba97d7f", "custom-key");
    check("25a849e95bb8e8b4bf", "custom-value");
    check("6402", "302");
    check("640eff", "307");
    check("aec3771a4b", "private");
    check("9bd9ab", "gzip");
    check("d07abe941054d444a8200595040b8166e082a62d1bff", "Mon, 21 Oct 2013 20:13:21 GMT");
    check("9d29ad171863c78f0b97c8e9ae82ae43d3", "https://www.example.com");
    check(
        "94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
        "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
    );
    check("", "");
}

#[test]
fn codes_of_the_appendix_come_out_of_the_lengths() {
    for (symbol, expected) in [
        (u16::from(b'0'), (0x0, 5)),
        (u16::from(b'a'), (0x3, 5)),
        (u16::from(b' '), (0x14, 6)),
        (u16::from(b'<'), (0x7ffc, 15)),
        (u16::from(b'\\'), (0x7fff0, 19)),
        (0, (0x1ff8, 13)),
        (10, (0x3fff_fffc, 30)),
        (249, (0xfff_fffe, 28)),
        (END_OF_STRING, (0x3fff_ffff, 30)),
    ] {
        assert_eq!(code(symbol), expected, "{symbol}");
    }
}

#[test]
fn every_symbol_makes_the_round_trip_after_every_other() {
    for first in 0..256 {
        for second in 0..256 {
            let text = [u8::try_from(first).unwrap(), u8::try_from(second).unwrap()];
            assert_eq!(decoded(&encode([first, second])), Ok(text.to_vec()));
        }
    }
}

#[test]
fn padding_is_less_than_a_byte_of_ones() {
    let padding = Err(broken("a Huffman string with wrong padding"));
    // "a" is 00011; its padding is three ones.
    assert_eq!(decoded(&[0b0001_1111]), Ok(b"a".to_vec()));
    for wrong in [&[0b0001_1110][..], &[0b0001_1011], &[0b0001_1111, 0xff], &[0xff], &[0xff; 3]] {
        assert_eq!(decoded(wrong), padding, "{wrong:x?}");
    }
    // 'X' is 11111100 and needs none; after it, 00000 is the symbol '0' and 000 is not padding.
    assert_eq!(decoded(&[0xfc]), Ok(b"X".to_vec()));
    assert_eq!(decoded(&[0xfc, 0x00]), padding);
}

#[test]
fn the_end_of_string_is_no_symbol() {
    let end = Err(broken("a Huffman string with the end-of-string symbol"));
    assert_eq!(decoded(&encode([END_OF_STRING])), end);
    assert_eq!(decoded(&encode([u16::from(b'a'), END_OF_STRING, u16::from(b'a')])), end);
}

proptest! {
    #[test]
    fn any_text_makes_the_round_trip(text: Vec<u8>) {
        prop_assert_eq!(decoded(&encode(text.iter().copied().map(u16::from))), Ok(text));
    }

    #[test]
    fn any_input_is_decoded_to_what_encodes_to_it_or_refused(input: Vec<u8>) {
        if let Ok(text) = decoded(&input) {
            prop_assert!(text.len() <= input.len() * 8 / 5);
            prop_assert_eq!(encode(text.iter().copied().map(u16::from)), input);
        }
    }
}
