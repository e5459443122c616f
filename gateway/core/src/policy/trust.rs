//! Trust: whose certificates a city takes, with the dates between which it does.

use crate::certificate::{PUBLIC_KEY_BYTES, Scope};
use crate::time::Timestamp;

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedIssuer {
    /// The issuer: the name of its rule pack.
    pub issuer: String,
    /// Its public key.
    pub key: [u8; PUBLIC_KEY_BYTES],
    /// Since when.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub to: Timestamp,
    /// How far away the issuer is: in the same city, the same province or the same country. Its certificates must
    /// hold that far.
    pub scope: Scope,
    /// Whether it may also send feeds of facts.
    pub feeds: bool,
}

impl TrustedIssuer {
    /// Whether an issuer is trusted by this line at a time.
    #[must_use]
    pub fn covers(&self, issuer: &str, now: Timestamp) -> bool {
        self.issuer == issuer && self.from <= now && now < self.to
    }
}
