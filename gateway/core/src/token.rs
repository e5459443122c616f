//! Bearer tokens: a role with its limits, signed by the deployment. No token is stored. A token expires at
//! its own time, and all tokens become invalid when the deployment's secret changes.
//!
//! **Shape**: base64url of the claims as JSON, a full stop, base64url of HMAC-SHA256(token key, "scangate
//! token" ‖ the claims' bytes).

use crate::id::VenueId;
use crate::keys::Key;
use crate::limits;
use crate::time::Timestamp;
use aws_lc_rs::hmac;
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

/// The claims of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
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
    /// A tracer's district.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// When it expires.
    pub expires: Timestamp,
}

/// The reason why a token is rejected. The answer to the bearer does not contain it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It has the wrong shape, or is not signed with this key.
    #[error("the token is not signed by this deployment")]
    Forged,
    /// It has expired.
    #[error("the token has expired")]
    Expired,
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

    /// Verifies a token's signature and expiry. **Cost**: a few microseconds; callers on the scan path cache
    /// verified tokens.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        let claims = self.open(token).ok_or(TokenError::Forged)?;
        if now < claims.expires { Ok(claims) } else { Err(TokenError::Expired) }
    }

    fn open(&self, token: &str) -> Option<Claims> {
        if token.len() > limits::TOKEN_CHARS_MAX {
            return None;
        }
        let (claims, mac) = token.split_once('.')?;
        let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.mac(&claims), &mac).ok()?;
        serde_json::from_slice(&claims).ok()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Secret;

    fn key() -> TokenKey {
        TokenKey::new(&Secret::new(&[7; 32]).unwrap().purpose("token"))
    }

    fn claims() -> Claims {
        Claims {
            role: Role::Terminal,
            subject: "gate 4".into(),
            venue: Some(VenueId(9)),
            door: Some(4),
            district: None,
            expires: Timestamp(1_000),
        }
    }

    #[test]
    fn verifies_until_it_ends() {
        let token = key().sign(&claims());
        assert_eq!(key().verify(&token, Timestamp(999)), Ok(claims()));
        assert_eq!(key().verify(&token, Timestamp(1_000)), Err(TokenError::Expired));
    }

    #[test]
    fn any_other_byte_is_forged() {
        let token = key().sign(&claims());
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(bytes).unwrap();
            assert_eq!(key().verify(&other, Timestamp(0)), Err(TokenError::Forged), "{at}");
        }
        for other in ["", ".", "a.b", &token[1..], &"a".repeat(2_000)] {
            assert_eq!(key().verify(other, Timestamp(0)), Err(TokenError::Forged));
        }
        let strange = TokenKey::new(&Secret::new(&[8; 32]).unwrap().purpose("token"));
        assert_eq!(strange.verify(&token, Timestamp(0)), Err(TokenError::Forged));
    }
}
