//! Bearer tokens: a role with its limits, signed by the deployment. No token's text is stored. A token
//! expires at its own time, may be revoked by its id, and becomes invalid when the deployment's secret
//! changes.
//!
//! **Shape**: base64url of the claims as JSON, a full stop, base64url of HMAC-SHA256(token key, "scangate
//! token" ‖ the claims' bytes).

use crate::id::{TokenId, VenueId};
use crate::keys::Key;
use crate::limits;
use crate::time::{DAY_MS, Timestamp};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// The role of a token's bearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A device at one venue's door.
    Terminal,
    /// The health authority: people, venues, facts, policies.
    Authority,
    /// Queries trails and co-presence, under a case.
    Tracer,
    /// Runs the service.
    Operator,
}

/// The longest validity of a new token. **Units**: milliseconds.
pub const TOKEN_VALID_MS_MAX: u64 = 90 * DAY_MS;

/// The claims of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// The token's id. A token that version 0.1.0 signed has none in its text: its id is derived from it.
    #[serde(default = "id_to_derive")]
    pub jti: TokenId,
    /// The role.
    pub role: Role,
    /// The bearer, by the issuer's own name.
    pub subject: String,
    /// A terminal's venue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue: Option<VenueId>,
    /// A terminal's door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door: Option<u16>,
    /// A tracer's district, or the one of a community's office of the authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// When it expires.
    pub expires: Timestamp,
}

impl Claims {
    /// Whether the token has not expired.
    #[must_use]
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        now < self.expires
    }
}

const fn id_to_derive() -> TokenId {
    TokenId(0)
}

/// Signs and verifies tokens.
#[derive(Clone)]
pub struct TokenKey(hmac::Key);

impl TokenKey {
    /// A token key of a derived key.
    #[must_use]
    pub fn new(key: &Key) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &key.0))
    }

    /// Signs claims.
    #[must_use]
    pub fn sign(&self, claims: &Claims) -> String {
        let claims = serde_json::to_vec(claims).expect("claims hold nothing that JSON cannot");
        let mac = self.mac(&claims);
        format!("{}.{}", URL_SAFE_NO_PAD.encode(claims), URL_SAFE_NO_PAD.encode(mac))
    }

    /// The claims of a token that this key signed; none for any other text. The token may have expired.
    /// **Cost**: a few microseconds.
    #[must_use]
    pub fn authentic(&self, token: &str) -> Option<Claims> {
        if token.len() > limits::TOKEN_CHARS_MAX {
            return None;
        }
        let (text, mac) = token.split_once('.')?;
        let claims = URL_SAFE_NO_PAD.decode(text).ok()?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.mac(&claims), &mac).ok()?;
        let mut claims: Claims = serde_json::from_slice(&claims).ok()?;
        if claims.jti == id_to_derive() {
            claims.jti = derived_id(text);
        }
        Some(claims)
    }

    fn mac(&self, claims: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(b"scangate token");
        context.update(claims);
        let mut mac = [0; 32];
        mac.copy_from_slice(context.sign().as_ref());
        mac
    }
}

/// The id of a token whose text has none: the first bytes of SHA-256 over the claims' text.
fn derived_id(text: &str) -> TokenId {
    let whole = digest::digest(&digest::SHA256, text.as_bytes());
    let mut id = [0; 8];
    id.copy_from_slice(&whole.as_ref()[..8]);
    TokenId(u64::from_be_bytes(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Secret;

    fn key() -> TokenKey {
        TokenKey::new(&Secret::new(&[7; 32]).unwrap().purpose("token"))
    }

    fn claims() -> Claims {
        Claims {
            jti: TokenId(7),
            role: Role::Terminal,
            subject: "gate 4".into(),
            venue: Some(VenueId(9)),
            door: Some(4),
            district: None,
            expires: Timestamp(1_000),
        }
    }

    #[test]
    fn is_authentic_and_valid_until_it_ends() {
        let token = key().sign(&claims());
        assert_eq!(key().authentic(&token), Some(claims()));
        assert!(claims().is_valid_at(Timestamp(999)) && !claims().is_valid_at(Timestamp(1_000)));
    }

    /// A token as version 0.1.0 signed it.
    #[test]
    fn a_token_without_an_id_has_one_of_its_own() {
        let signed = |subject: &str| {
            let text = format!(
                r#"{{"role":"operator","subject":"{subject}","expires":"2022-01-01T00:00:00.000Z"}}"#
            );
            let mac = key().mac(text.as_bytes());
            format!("{}.{}", URL_SAFE_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode(mac))
        };
        let id = |subject: &str| key().authentic(&signed(subject)).unwrap().jti;
        assert_eq!(id("a"), id("a"));
        assert_ne!(id("a"), id("b"));
        assert_ne!(id("a"), TokenId(0));
    }

    #[test]
    fn any_other_byte_is_forged() {
        let token = key().sign(&claims());
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(key().authentic(&String::from_utf8(bytes).unwrap()), None, "{at}");
        }
        for other in ["", ".", "a.b", &token[1..], &"a".repeat(2_000)] {
            assert_eq!(key().authentic(other), None);
        }
        let strange = TokenKey::new(&Secret::new(&[8; 32]).unwrap().purpose("token"));
        assert_eq!(strange.authentic(&token), None);
    }
}
