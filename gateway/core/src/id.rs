//! Ids: opaque numbers and their printed form. A check-in's id has 128 bits, every other id 64. All print in
//! Crockford's base32, lower case, most significant digit first. An id reveals nothing.

use std::fmt;
use std::str::FromStr;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const BITS: u32 = 5;
/// Characters of a printed 64-bit number.
const DIGITS_64: usize = 13;
/// Characters of a printed 128-bit number.
const DIGITS_128: usize = 26;

/// The text is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected {expected}")]
pub struct IdError {
    expected: &'static str,
}

fn print<const N: usize>(mut number: u128) -> [u8; N] {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(number & 31) as usize];
        number >>= BITS;
    }
    digits
}

/// Reads `N` digits. Upper case and Crockford's look-alikes (`o`, `i`, `l`) are rejected, so that an id has
/// exactly one spelling.
fn parse<const N: usize>(text: &[u8]) -> Option<u128> {
    let text: &[u8; N] = text.try_into().ok()?;
    let mut number: u128 = 0;
    for &byte in text {
        let digit = ALPHABET.iter().position(|&letter| letter == byte)? as u128;
        if number >> (u128::BITS - BITS) != 0 {
            return None;
        }
        number = number << BITS | digit;
    }
    Some(number)
}

macro_rules! short_id {
    ($(#[$doc:meta])* $name:ident, $letter:literal, $expected:literal) => {
        $(#[$doc])*
        ///
        /// **Shape**: a letter and 13 characters of Crockford base32. `Debug` is redacted, so that no id
        /// reaches a log by accident.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl $name {
            /// The printed form as bytes, without allocating a `String`.
            #[must_use]
            pub fn text(self) -> [u8; DIGITS_64 + 1] {
                let mut text = [$letter; DIGITS_64 + 1];
                text[1..].copy_from_slice(&print::<DIGITS_64>(u128::from(self.0)));
                text
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.text().iter().try_for_each(|&byte| fmt::Write::write_char(out, byte.into()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let wrong = IdError { expected: $expected };
                let digits = text.as_bytes().strip_prefix(&[$letter]).ok_or(wrong)?;
                let number = parse::<DIGITS_64>(digits).ok_or(wrong)?;
                u64::try_from(number).map(Self).map_err(|_| wrong)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

short_id!(
    /// A person. Outside the registry, a person has no other name.
    PersonId, b'p', "p and 13 characters"
);
short_id!(
    /// A venue.
    VenueId, b'v', "v and 13 characters"
);
short_id!(
    /// A test site.
    TestSiteId, b't', "t and 13 characters"
);
short_id!(
    /// A case: one person's tracing, with its purpose and window.
    CaseId, b'c', "c and 13 characters"
);
short_id!(
    /// A unit: an employer, community or village that answers for arriving people.
    UnitId, b'u', "u and 13 characters"
);
short_id!(
    /// A fact about a person.
    FactId, b'f', "f and 13 characters"
);
short_id!(
    /// A paper that a resident handed in: a declaration, an arrival, an appeal or a question.
    PaperId, b'n', "n and 13 characters"
);
short_id!(
    /// A bearer token.
    TokenId, b'k', "k and 13 characters"
);
short_id!(
    /// A notice of the authority.
    NoticeId, b'g', "g and 13 characters"
);
short_id!(
    /// A list held for a second approver.
    HeldId, b'h', "h and 13 characters"
);

/// A check-in. The id is derived from the codes and the time of the scan, so a repeated request has the same
/// id.
///
/// **Shape**: 26 characters of Crockford base32.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckInId(pub [u8; 16]);

impl CheckInId {
    /// The printed form as bytes.
    #[must_use]
    pub fn text(self) -> [u8; DIGITS_128] {
        print::<DIGITS_128>(u128::from_be_bytes(self.0))
    }
}

impl fmt::Display for CheckInId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().iter().try_for_each(|&byte| fmt::Write::write_char(out, byte.into()))
    }
}

impl fmt::Debug for CheckInId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "CheckInId({self})")
    }
}

impl FromStr for CheckInId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let number = parse::<DIGITS_128>(text.as_bytes()).ok_or(IdError { expected: "26 characters" })?;
        Ok(Self(number.to_be_bytes()))
    }
}

impl serde::Serialize for CheckInId {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for CheckInId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prints_as_the_contract_says() {
        assert_eq!(PersonId(0).to_string(), "p0000000000000");
        assert_eq!(PersonId(u64::MAX).to_string(), "pfzzzzzzzzzzzz");
        assert_eq!(VenueId(32).to_string(), "v0000000000010");
        assert_eq!(CheckInId([0xff; 16]).to_string(), "7zzzzzzzzzzzzzzzzzzzzzzzzz");
        assert_eq!(format!("{:?}", PersonId(7)), "PersonId(…)");
    }

    #[test]
    fn refuses_other_spellings() {
        for text in [
            "",
            "p",
            "p000000000000",
            "p00000000000000",
            "v0000000000000",
            "pg000000000000",
            "p000000000000O",
        ] {
            assert!(text.parse::<PersonId>().is_err(), "{text}");
        }
        assert!("8zzzzzzzzzzzzzzzzzzzzzzzzz".parse::<CheckInId>().is_err());
    }

    proptest! {
        #[test]
        fn round_trips(number: u64, wide: [u8; 16]) {
            prop_assert_eq!(PersonId(number).to_string().parse(), Ok(PersonId(number)));
            prop_assert_eq!(CheckInId(wide).to_string().parse(), Ok(CheckInId(wide)));
        }
    }
}
