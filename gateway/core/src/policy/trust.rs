//! Trust: whose certificates a city takes, with the dates between which it does.

use crate::certificate::PUBLIC_KEY_BYTES;
use crate::time::Timestamp;

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// The issuer: the name of its rule pack.
    pub issuer: String,
    /// Its public key.
    pub key: [u8; PUBLIC_KEY_BYTES],
    /// Since when.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub to: Timestamp,
    /// Where such a certificate counts, for people: a city, a province, the country.
    pub scope: Scope,
    /// Whether it may also send feeds of facts.
    pub feeds: bool,
}

/// Where a certificate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// In the city.
    City,
    /// In the province.
    Province,
    /// In the whole country.
    Country,
}

impl Trusted {
    /// Whether an issuer is trusted by this line at a time.
    #[must_use]
    pub fn covers(&self, issuer: &str, now: Timestamp) -> bool {
        self.issuer == issuer && self.from <= now && now < self.to
    }
}
