//! Text as people and programs write it: the byte order mark before a file, numbers that were pasted, and
//! names that are printed, and errors in one line. The module knows no field; its callers name theirs.

mod one_line;

pub use one_line::OneLine;

use crate::limits::NAME_BYTES_MAX;
use unicode_normalization::UnicodeNormalization as _;

/// U+FEFF in UTF-8, which Windows programs write before a text.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The bytes without the byte order mark at their beginning. A second one is content.
#[must_use]
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

/// A number in its one spelling: letters and digits of the usual width in upper case, without blanks, dashes
/// and invisible characters. Any other character stays, so that its parser refuses it.
///
/// **Source**: NFKC (Unicode Standard Annex 15) maps full-width letters, digits and signs, and all blanks of
/// Unicode, to those of ASCII.
#[must_use]
pub fn plain_number(text: &str) -> String {
    text.nfkc()
        .filter(|&letter| !(letter.is_whitespace() || is_invisible(letter) || is_dash(letter)))
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

/// Whether a character has the property Default_Ignorable_Code_Point: zero-width characters, marks of
/// direction, the soft hyphen, the byte order mark, variation selectors.
///
/// **Source**: DerivedCoreProperties.txt of Unicode 17.
const fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a character is a hyphen, dash or minus sign, in the form that NFKC leaves. The long-vowel mark
/// `ー` is here too: input methods write it for a dash.
///
/// **Source**: the property Dash of PropList.txt of Unicode 17, without the scripts that no number here has.
const fn is_dash(letter: char) -> bool {
    matches!(letter,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2053}' | '\u{2212}' | '\u{2e3a}'..='\u{2e3b}'
        | '\u{301c}' | '\u{3030}' | '\u{30a0}' | '\u{30fc}')
}

/// A name or label without surrounding blanks, if it has 1 to [`NAME_BYTES_MAX`] bytes and one line that can
/// be printed, and written as XML.
#[must_use]
pub fn label(text: &str) -> Option<&str> {
    let label = text.trim();
    let is_label = (1..=NAME_BYTES_MAX).contains(&label.len())
        && label.chars().all(|letter| !letter.is_control() && is_character(letter));
    is_label.then_some(label)
}

/// Whether a text of several lines can be printed, and written as XML: it has line feeds and tabs, but no
/// other control character and no noncharacter.
#[must_use]
pub fn is_printable(text: &str) -> bool {
    text.chars()
        .all(|letter| matches!(letter, '\n' | '\r' | '\t') || (!letter.is_control() && is_character(letter)))
}

/// Whether a code point may stand for a character (section 23.7 of the Unicode Standard). XML 1.0 forbids
/// U+FFFE and U+FFFF, and discourages the others.
const fn is_character(letter: char) -> bool {
    let point = letter as u32;
    point & 0xfffe != 0xfffe && !matches!(point, 0xfdd0..=0xfdef)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_one_mark_at_the_beginning_is_skipped() {
        for (bytes, rest) in [
            (&b"\xef\xbb\xbf{}"[..], &b"{}"[..]),
            (b"{}", b"{}"),
            (b"\xef\xbb\xbf", b""),
            (b"\xef\xbb", b"\xef\xbb"),
            (b"\xef\xbb\xbf\xef\xbb\xbf{}", b"\xef\xbb\xbf{}"),
            (b" \xef\xbb\xbf{}", b" \xef\xbb\xbf{}"),
        ] {
            assert_eq!(without_mark(bytes), rest);
        }
    }

    #[test]
    fn a_pasted_number_has_one_spelling() {
        for pasted in [
            "E12345678",
            "e1234 5678",
            "Ｅ１２３４５６７８",
            "ｅ１２３４５６７８",
            "\u{202d}E12345678\u{202c}",
            "\u{feff}E123\u{200b}45\u{200d}678\u{2060}",
            "\u{2067}E12345678\u{2069}",
            "E1234\u{a0}5678\u{3000}",
            "\tE1234\u{2009}56\u{202f}78\r\n",
            "E12\u{ad}345678",
            "E12345678\u{fe0f}\u{e0100}",
            "E1234-5678",
            "E1234\u{2010}56\u{2011}7\u{2014}8",
            "E1234－5678﹣\u{2212}",
        ] {
            assert_eq!(plain_number(pasted), "E12345678", "{pasted:?}");
        }
        assert_eq!(plain_number("＋８６ 139"), "+86139");
        // Digits of another script, marks that are seen, and letters that only look alike are no spelling.
        for other in ["E1234567٨", "E1234/5678", "Е12345678", "E12345678\u{301}"] {
            assert_ne!(plain_number(other), "E12345678", "{other:?}");
        }
    }

    #[test]
    fn a_label_is_one_line_that_can_be_printed() {
        let longest = "长".repeat(NAME_BYTES_MAX / 3);
        for (text, as_kept) in [
            (" 东门市场\u{3000}", Some("东门市场")),
            ("欧阳·𠮷", Some("欧阳·𠮷")),
            ("a\u{200d}b", Some("a\u{200d}b")),
            ("\u{10fffd}", Some("\u{10fffd}")),
            (longest.as_str(), Some(longest.as_str())),
            ("", None),
            (" \u{3000}", None),
            ("a\nb", None),
            ("a\u{0}b", None),
            ("a\u{85}b", None),
            ("a\u{fffe}b", None),
            ("a\u{ffff}", None),
            ("\u{1fffe}", None),
            ("\u{10ffff}", None),
            ("\u{fdd0}", None),
            ("\u{fdef}", None),
            (&format!("{longest}长"), None),
        ] {
            assert_eq!(label(text), as_kept, "{text:?}");
        }
    }

    #[test]
    fn a_text_has_lines_and_no_other_control_characters() {
        assert!(is_printable("一\r\n\t二"));
        for text in ["a\u{b}", "a\u{1b}", "a\u{7f}", "\u{fffe}", "\u{2ffff}"] {
            assert!(!is_printable(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_number_of_letters_and_digits_stays_as_it_is(text in "[A-Z0-9]{0,20}") {
            prop_assert_eq!(plain_number(&text), text);
        }
    }
}
