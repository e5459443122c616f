//! Trust: the issuers whose certificates a city accepts, with dates.

use crate::certificate::{PUBLIC_KEY_BYTES, Scope};
use crate::time::Timestamp;

/// A line of the trust list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedIssuer {
    /// The issuer: the name of its rule pack.
    pub issuer: String,
    /// Its public key.
    pub key: [u8; PUBLIC_KEY_BYTES],
    /// The start of the trust.
    pub from: Timestamp,
    /// The end of the trust, exclusive.
    pub to: Timestamp,
    /// The distance to the issuer: in the same city, the same province or the same country. Its certificates
    /// must be valid at that distance.
    pub scope: Scope,
    /// Whether the issuer may also send feeds of facts.
    pub feeds: bool,
}

impl TrustedIssuer {
    /// Whether this line trusts an issuer at a time.
    #[must_use]
    pub fn covers(&self, issuer: &str, now: Timestamp) -> bool {
        self.issuer == issuer && self.from <= now && now < self.to
    }
}
