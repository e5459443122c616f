//! A holder as staff at a door see the person, to compare with a document: eight bytes a person. It has the
//! ends of the name and of the document's number, and no more.

use super::{PersonClass, Personal};
use std::fmt;

/// A masked holder, packed. Zero stands for none.
///
/// **Shape**: bits 0 to 17 have the name's first character, bits 18 to 35 its last one, or 0. Bits 36 to 39
/// count the hidden characters between them, up to 15. Bits 40 to 60 have the last four characters of the
/// document's number in base 36. Bits 61 to 63 have the class, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedHolder(u64);

const CHAR_BITS: u32 = 18;
const LAST_SHIFT: u32 = CHAR_BITS;
const HIDDEN_SHIFT: u32 = 2 * CHAR_BITS;
const HIDDEN_MAX: usize = 15;
const NUMBER_SHIFT: u32 = HIDDEN_SHIFT + 4;
const NUMBER_BITS: u32 = 21;
const CLASS_SHIFT: u32 = NUMBER_SHIFT + NUMBER_BITS;
const _: () = assert!(CLASS_SHIFT + 3 == u64::BITS);
/// The characters of a document's number that are kept.
const TAIL: usize = 4;
const BASE: u64 = 36;
const _: () = assert!(TAIL == 4 && BASE.pow(4) <= 1 << NUMBER_BITS);

const CLASSES: [PersonClass; 5] = [
    PersonClass::Permanent,
    PersonClass::Temporary,
    PersonClass::Returning,
    PersonClass::Arriving,
    PersonClass::Courier,
];

/// A holder as staff see the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaskedHolder {
    /// The name.
    pub name: MaskedName,
    /// The last characters of the document's number.
    pub document: DocumentTail,
    /// The class.
    pub class: PersonClass,
}

/// A name with its first and last character, and an asterisk for each other one. **Shape**: `欧*修`, `王*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaskedName {
    first: char,
    last: Option<char>,
    hidden: usize,
}

/// The end of a document's number. **Shape**: `…002X`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentTail([char; TAIL]);

impl PackedHolder {
    /// No holder.
    pub const NONE: Self = Self(0);

    /// The holder of these bits, as [`Self::bits`] returns them.
    #[must_use]
    pub const fn of_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The holder with these personal data.
    #[must_use]
    pub fn of(personal: &Personal) -> Self {
        let mut name = personal.name.chars();
        let (first, last) = (name.next(), name.next_back());
        // The last character of a name of two is hidden: the first alone would be no name.
        let is_short = personal.name.chars().count() == 2;
        let hidden = name.count() + usize::from(is_short);
        let last = last.filter(|_| !is_short).map_or(0, scalar);
        let number = personal.document.number.chars();
        let start = number.clone().count().saturating_sub(TAIL);
        let tail =
            number.skip(start).fold(0, |tail, one| tail * BASE + u64::from(one.to_digit(36).unwrap_or(0)));
        let class = CLASSES.iter().position(|class| *class == personal.class).unwrap_or_default();
        Self(
            first.map_or(0, scalar)
                | last << LAST_SHIFT
                | (hidden.min(HIDDEN_MAX) as u64) << HIDDEN_SHIFT
                | tail << NUMBER_SHIFT
                | (class as u64 + 1) << CLASS_SHIFT,
        )
    }

    /// The holder as staff see the person; `None` for none.
    #[must_use]
    pub fn shown(self) -> Option<MaskedHolder> {
        let bits = |shift: u32, bits: u32| self.0 >> shift & ((1 << bits) - 1);
        let class = usize::try_from(bits(CLASS_SHIFT, 3)).ok()?.checked_sub(1)?;
        let mut number = bits(NUMBER_SHIFT, NUMBER_BITS);
        let mut tail = ['0'; TAIL];
        for place in tail.iter_mut().rev() {
            *place = digit(number % BASE);
            number /= BASE;
        }
        let name = MaskedName {
            first: character(bits(0, CHAR_BITS)),
            last: Some(bits(LAST_SHIFT, CHAR_BITS)).filter(|&last| last > 0).map(character),
            hidden: usize::try_from(bits(HIDDEN_SHIFT, 4)).ok()?,
        };
        Some(MaskedHolder { name, document: DocumentTail(tail), class: *CLASSES.get(class)? })
    }
}

/// A character's number. Those beyond the assigned planes have no room and are shown as unknown.
fn scalar(character: char) -> u64 {
    let number = u64::from(u32::from(character));
    if number < 1 << CHAR_BITS && !character.is_control() { number } else { u64::from(u32::from('\u{fffd}')) }
}

fn character(number: u64) -> char {
    u32::try_from(number).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
}

fn digit(value: u64) -> char {
    let digit = u32::try_from(value).ok().and_then(|value| char::from_digit(value, 36));
    digit.unwrap_or('0').to_ascii_uppercase()
}

impl fmt::Display for MaskedName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last, hidden } = self;
        write!(out, "{first}{:*<hidden$}", "")?;
        last.map_or(Ok(()), |last| write!(out, "{last}"))
    }
}

impl fmt::Display for DocumentTail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("…")?;
        self.0.iter().try_for_each(|one| write!(out, "{one}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::{Document, DocumentType};

    fn shown(name: &str, number: &str, class: PersonClass) -> (String, String, PersonClass) {
        let document = Document { r#type: DocumentType::ResidentId, number: number.into() };
        let personal =
            Personal { name: name.into(), phone: "13800000000".into(), document, class, district: None };
        let MaskedHolder { name, document, class } = PackedHolder::of(&personal).shown().unwrap();
        (name.to_string(), document.to_string(), class)
    }

    #[test]
    fn a_name_shows_its_ends_and_a_number_its_last_four() {
        for (name, masked) in [
            ("欧阳修", "欧*修"),
            ("王五", "王*"),
            ("王", "王"),
            ("欧阳娜娜", "欧**娜"),
            ("𠮷田一", "𠮷*一"),
            ("Ann \"B\\", "A*****\\"),
            ("阿卜杜拉·买买提·阿卜杜热合曼·吐尔逊江", "阿***************江"),
        ] {
            assert_eq!(shown(name, "11010519491231002X", PersonClass::Courier).0, masked);
        }
        for class in CLASSES {
            let (_, document, of) = shown("王五", "11010519491231002X", class);
            assert_eq!((document.as_str(), of), ("…002X", class));
        }
        assert_eq!(shown("王五", "E12345678", PersonClass::Permanent).1, "…5678");
        assert_eq!(
            shown("\u{50000}\u{7}五", "ZZZZ", PersonClass::Permanent),
            ("\u{fffd}*五".into(), "…ZZZZ".into(), PersonClass::Permanent)
        );
        assert_eq!(PackedHolder::NONE.shown(), None);
    }
}
