//! Areas: the codes under which facts and rule packs name a district or a country.

use serde::{Deserialize, Serialize};

/// An area: a GB/T 2260 code of six digits, or an ISO 3166 country of two letters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Area(String);

/// The text is not a code of either kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an area is a GB/T 2260 code of six digits or an ISO 3166 country of two capital letters")]
pub struct AreaError;

/// Hong Kong, Macau and Taiwan have a code of each kind, and both mean the same place.
const REGIONS: [(&str, &str); 3] = [("710000", "TW"), ("810000", "HK"), ("820000", "MO")];
/// The leading digits of a GB/T 2260 code that name the province or region.
const REGION_DIGITS: usize = 2;

/// The code of the other kind, for Hong Kong, Macau, Taiwan and every place in them.
fn other_code(code: &str) -> Option<&'static str> {
    REGIONS.into_iter().find_map(|(division, country)| {
        if code == country {
            Some(division)
        } else {
            code.starts_with(&division[..REGION_DIGITS]).then_some(country)
        }
    })
}

/// Whether a code covers another one of either kind. A code covers every code that begins with it.
pub(crate) fn covers_code(wider: &str, code: &str) -> bool {
    code.starts_with(wider) || other_code(code).is_some_and(|other| other.starts_with(wider))
}

/// Whether a code is of a country or region beyond the mainland's border.
pub(crate) fn is_code_abroad(code: &str) -> bool {
    let is_country = code.bytes().all(|byte| byte.is_ascii_uppercase());
    is_country && code != "CN" || other_code(code).is_some()
}

impl Area {
    /// Whether a code covers the area. A code covers every area whose code begins with it.
    #[must_use]
    pub fn is_in(&self, code: &str) -> bool {
        covers_code(code, &self.0)
    }

    /// Whether it is a country or region beyond the mainland's border.
    #[must_use]
    pub fn is_abroad(&self) -> bool {
        is_code_abroad(&self.0)
    }
}

impl TryFrom<String> for Area {
    type Error = AreaError;
    fn try_from(text: String) -> Result<Self, AreaError> {
        let is_division = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_country = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        if is_division || is_country { Ok(Self(text)) } else { Err(AreaError) }
    }
}

impl From<Area> for String {
    fn from(area: Area) -> Self {
        area.0
    }
}
