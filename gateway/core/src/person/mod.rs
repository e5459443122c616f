//! The personal data of a registration: a name, a phone, a document, and the person's relation to the city.
//! This module checks the form of each; the city's rule pack decides which documents it accepts. `Debug`
//! shows no personal data.

mod holder;

pub use holder::{DocumentTail, MaskedHolder, MaskedName, PackedHolder};

use crate::{limits, text};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Kinds of identity documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentType {
    /// A resident identity number, 18 characters with a check digit.
    ResidentId,
    /// A passport of any country.
    Passport,
    /// The mainland travel permit of residents of Hong Kong and Macau.
    HkMacauPermit,
    /// The mainland travel permit of residents of Taiwan.
    TaiwanPermit,
}

/// An identity document.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Its type.
    pub r#type: DocumentType,
    /// Its number.
    pub number: String,
}

/// A person's relation to the city.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersonClass {
    /// A resident.
    #[default]
    Permanent,
    /// A resident for a limited time.
    Temporary,
    /// A resident who is away and intends to come back.
    Returning,
    /// A person who intends to come.
    Arriving,
    /// A courier of goods or meals, who hands them over without contact.
    Courier,
}

impl PersonClass {
    /// The word in requests and answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Permanent => "permanent",
            Self::Temporary => "temporary",
            Self::Returning => "returning",
            Self::Arriving => "arriving",
            Self::Courier => "courier",
        }
    }
}

/// The personal data of a registration.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Personal {
    /// The name.
    pub name: String,
    /// A mobile number of the mainland, eleven digits.
    pub phone: String,
    /// The document.
    pub document: Document,
    /// The relation to the city; permanent by default.
    #[serde(default)]
    pub class: PersonClass,
    /// The district that looks after the person, by the city's own names; `None` until the person, an office
    /// or a guardian names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
}

/// A change of one's personal data.
#[derive(Clone, Default)]
pub struct PersonalChange {
    /// The new name.
    pub name: Option<String>,
    /// The new phone.
    pub phone: Option<String>,
    /// The new class.
    pub class: Option<PersonClass>,
    /// The new district.
    pub district: Option<String>,
}

impl fmt::Debug for Document {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Document({:?}, …)", self.r#type)
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Personal(…)")
    }
}

/// The reason why personal data is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PersonError {
    /// The name is empty, too long or has characters that cannot be printed.
    #[error("name must have 1 to {} bytes and only printable characters", limits::NAME_BYTES_MAX)]
    Name,
    /// Not a mobile number of the mainland.
    #[error("phone must be a mainland mobile number of eleven digits")]
    PhoneUnsupported,
    /// The number is not one of its document's type.
    #[error("document.number is not a valid number of this type of document")]
    DocumentInvalid(DocumentType),
    /// The district is empty, too long or has characters that cannot be printed.
    #[error("district must have 1 to {} bytes and only printable characters", limits::NAME_BYTES_MAX)]
    District,
}

impl Personal {
    /// The data with every part valid and in its canonical spelling.
    pub fn checked(self) -> Result<Self, PersonError> {
        Ok(Self {
            name: checked_name(&self.name)?,
            phone: checked_phone(&self.phone)?,
            document: self.document.checked()?,
            class: self.class,
            district: checked_district(self.district.as_deref())?,
        })
    }
}

impl PersonalChange {
    /// Whether it changes nothing.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        let Self { name, phone, class, district } = self;
        name.is_none() && phone.is_none() && class.is_none() && district.is_none()
    }

    /// The change with every part valid and in its canonical spelling.
    pub fn checked(self) -> Result<Self, PersonError> {
        Ok(Self {
            name: self.name.as_deref().map(checked_name).transpose()?,
            phone: self.phone.as_deref().map(checked_phone).transpose()?,
            class: self.class,
            district: checked_district(self.district.as_deref())?,
        })
    }

    /// Applies the change.
    pub fn apply(&self, personal: &mut Personal) {
        if let Some(name) = &self.name {
            personal.name.clone_from(name);
        }
        if let Some(phone) = &self.phone {
            personal.phone.clone_from(phone);
        }
        personal.class = self.class.unwrap_or(personal.class);
        if let Some(district) = &self.district {
            personal.district = Some(district.clone());
        }
    }
}

/// A valid name, without surrounding blanks.
pub fn checked_name(name: &str) -> Result<String, PersonError> {
    text::label(name).map(str::to_owned).ok_or(PersonError::Name)
}

/// A valid district, if there is one, without surrounding blanks.
fn checked_district(district: Option<&str>) -> Result<Option<String>, PersonError> {
    district.map(|name| text::label(name).map(str::to_owned).ok_or(PersonError::District)).transpose()
}

/// The eleven digits of a mobile number, in the one spelling of numbers and without the country's prefix.
pub fn checked_phone(phone: &str) -> Result<String, PersonError> {
    let bare = text::plain_number(phone);
    let bare = bare.strip_prefix("+86").or_else(|| bare.strip_prefix("0086")).unwrap_or(&bare);
    let is_mobile = bare.len() == 11
        && bare.bytes().all(|digit| digit.is_ascii_digit())
        && bare.starts_with('1')
        && bare.as_bytes()[1] >= b'3';
    if is_mobile { Ok(bare.to_owned()) } else { Err(PersonError::PhoneUnsupported) }
}

impl Document {
    /// The document with a valid number in the one spelling of numbers.
    pub fn checked(self) -> Result<Self, PersonError> {
        let number = text::plain_number(&self.number);
        let bytes = number.as_bytes();
        let is_valid = match self.r#type {
            DocumentType::ResidentId => is_resident_id(bytes),
            DocumentType::Passport => {
                (5..=17).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_alphanumeric)
            }
            DocumentType::HkMacauPermit => {
                matches!(bytes.first(), Some(b'H' | b'M')) && is_digits(&bytes[1..], &[8, 10])
            }
            DocumentType::TaiwanPermit => is_digits(bytes, &[8, 10]),
        };
        if is_valid {
            Ok(Self { r#type: self.r#type, number })
        } else {
            Err(PersonError::DocumentInvalid(self.r#type))
        }
    }
}

fn is_digits(bytes: &[u8], lengths: &[usize]) -> bool {
    lengths.contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit)
}

/// The check digit of GB 11643: ISO 7064 MOD 11-2, in which ten is written X.
#[must_use]
pub fn resident_id_check_digit(first: &[u8; 17]) -> u8 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const DIGITS: [u8; 11] = *b"10X98765432";
    let sum: u32 = first.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    DIGITS[(sum % 11) as usize]
}

fn is_resident_id(number: &[u8]) -> bool {
    let Some((first, [check])) = number.split_first_chunk::<17>() else { return false };
    first.iter().all(u8::is_ascii_digit)
        && first[0] != b'0'
        && is_birthday(&first[6..14])
        && resident_id_check_digit(first) == *check
}

fn is_birthday(digits: &[u8]) -> bool {
    let number = |digits: &[u8]| digits.iter().fold(0, |number, digit| number * 10 + i16::from(digit - b'0'));
    let (year, month, day) = (number(&digits[..4]), number(&digits[4..6]), number(&digits[6..]));
    let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else { return false };
    (1850..=2100).contains(&year) && jiff::civil::Date::new(year, month, day).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(r#type: DocumentType, number: &str) -> Option<String> {
        Document { r#type, number: number.into() }.checked().ok().map(|document| document.number)
    }

    #[test]
    fn documents_are_what_they_claim_to_be() {
        use DocumentType::{HkMacauPermit, Passport, ResidentId, TaiwanPermit};
        for (r#type, number, checked) in [
            // The example of GB 11643 and one that ends in X.
            (ResidentId, "11010519491231002X", Some("11010519491231002X")),
            (ResidentId, " 11010519491231002x ", Some("11010519491231002X")),
            (ResidentId, "440524188001010014", Some("440524188001010014")),
            (ResidentId, "110105194912310021", None),
            (ResidentId, "11010519490231002X", None),
            (ResidentId, "1101051949123100", None),
            (ResidentId, "11010519491231002XX", None),
            (ResidentId, "1101051949123100２X", Some("11010519491231002X")),
            (ResidentId, "110105 19491231\u{2014}002ｘ\t", Some("11010519491231002X")),
            (ResidentId, "1101051949123100٢X", None),
            (Passport, "E12345678", Some("E12345678")),
            (Passport, "E123", None),
            (Passport, "E1234/678", None),
            (Passport, "\u{202d}E1234-678\u{202c}", Some("E1234678")),
            (HkMacauPermit, "h1234567890", Some("H1234567890")),
            (HkMacauPermit, "K12345678", None),
            (HkMacauPermit, "", None),
            (TaiwanPermit, "12345678", Some("12345678")),
            (TaiwanPermit, "123456789", None),
        ] {
            assert_eq!(check(r#type, number).as_deref(), checked, "{type:?} {number}");
        }
    }

    #[test]
    fn phones_are_mobile_numbers_of_the_mainland() {
        for (phone, checked) in [
            ("13800000000", Some("13800000000")),
            ("+86 138-0000-0000", Some("13800000000")),
            ("＋８６ １３８ ００００ ００００", Some("13800000000")),
            ("\u{202a}138\u{a0}0000\u{2011}0000\u{202c}", Some("13800000000")),
            ("\u{feff}008613800000000\u{3000}", Some("13800000000")),
            ("١٣٨٠٠٠٠٠٠٠٠", None),
            ("138.0000.0000", None),
            ("12800000000", None),
            ("1380000000", None),
            ("+85212345678", None),
            ("", None),
        ] {
            assert_eq!(checked_phone(phone).ok().as_deref(), checked, "{phone}");
        }
    }

    #[test]
    fn xz_28_a_district_has_the_form_of_a_venues_and_rows_without_one_are_read() {
        let old =
            r#"{"name":"张三","phone":"13800000000","document":{"type":"passport","number":"E12345678"}}"#;
        let personal: Personal = serde_json::from_str(old).unwrap();
        assert_eq!(personal.district, None);
        assert!(!serde_json::to_string(&personal).unwrap().contains("district"));
        let of =
            |district: &str| Personal { district: Some(district.to_owned()), ..personal.clone() }.checked();
        assert_eq!(of(" 云龙 ").unwrap().district.as_deref(), Some("云龙"));
        for district in ["", "  ", "a\u{7}b", &"长".repeat(100)] {
            assert_eq!(of(district), Err(PersonError::District));
        }
        let change = PersonalChange { district: Some("泉山".to_owned()), ..PersonalChange::default() };
        let mut changed = personal.clone();
        change.apply(&mut changed);
        assert!(!change.is_none() && changed.district.as_deref() == Some("泉山"));
        PersonalChange::default().apply(&mut changed);
        assert_eq!(changed.district.as_deref(), Some("泉山"));
    }

    #[test]
    fn names_have_something_in_them() {
        assert_eq!(checked_name(" 张三 ").as_deref(), Ok("张三"));
        for name in ["", "  ", "a\u{7}b", "a\u{fffe}b", &"长".repeat(100)] {
            assert_eq!(checked_name(name), Err(PersonError::Name));
        }
    }
}
