//! Bearer tokens: who may do what, signed by the deployment. A token is not stored anywhere; it ends by
//! its own time, and all of them when the deployment's secret changes.
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

/// What a token lets its bearer do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A device at one venue's door.
    Terminal,
    /// The health authority: people, venues, facts, policies.
    Authority,
    /// Asks for trails and co-presence, under a case.
    Tracer,
    /// Runs the service.
    Operator,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// The role.
    pub role: Role,
    /// Who holds it, by the issuer's own name.
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
    /// When it ends.
    pub expires: Timestamp,
}

/// Why a token is not taken. Its bearer is told none of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not the shape, or not signed with this key.
    #[error("the token is not one of ours")]
    Forged,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
}

/// Signs and verifies tokens.
#[derive(Clone)]
pub struct TokenKey(hmac::Key);

impl TokenKey {
    /// Takes the derived key.
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

    /// Verifies a token and that its time is not over. **Cost**: a few microseconds; callers on the scan
    /// path keep what they have verified.
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
