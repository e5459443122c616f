//! Bearer tokens: verifies them, refuses revoked ones, counts and logs refusals, and passes the first use of
//! each token on to the back office, which lists it.

use arc_swap::ArcSwap;
use dashmap::DashMap;
use scangate_core::id::TokenId;
use scangate_core::refusal::Refusal;
use scangate_core::time::Timestamp;
use scangate_core::token::{Claims, TokenKey};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// First uses that wait for the back office. One that does not fit is noted at the token's next use.
const FIRST_USES_MAX: usize = 1_024;
/// The pause between two log lines with the same reason. **Units**: milliseconds.
const LOG_PAUSE_MS: u64 = 1_000;

/// The reason why a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RefusedToken {
    /// The deployment did not sign it.
    Forged,
    Expired,
    Revoked,
    /// It has another role than the request needs.
    Role,
}

impl RefusedToken {
    const ALL: [Self; 4] = [Self::Forged, Self::Expired, Self::Revoked, Self::Role];

    const fn label(self) -> &'static str {
        match self {
            Self::Forged => "forged",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Role => "role",
        }
    }
}

/// Verifies bearer tokens.
pub struct Tokens {
    key: TokenKey,
    revoked: ArcSwap<HashSet<TokenId>>,
    /// The tokens whose first use was passed on.
    known: DashMap<TokenId, ()>,
    first_uses: Sender<Claims>,
    /// The time of the last log line of each reason.
    logged: [AtomicU64; RefusedToken::ALL.len()],
}

impl Tokens {
    /// Verifies tokens with this key, and refuses these ids. Returns the first uses for the back office.
    #[must_use]
    pub fn new(key: TokenKey, revoked: Vec<TokenId>) -> (Self, Receiver<Claims>) {
        let (first_uses, receiver) = channel(FIRST_USES_MAX);
        let revoked = ArcSwap::from_pointee(revoked.into_iter().collect());
        let logged = std::array::from_fn(|_| AtomicU64::new(0));
        (Self { key, revoked, known: DashMap::new(), first_uses, logged }, receiver)
    }

    /// The claims of a valid token. **Cost**: a few microseconds for the signature. Where no token is
    /// revoked, the check for revocation is one load.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, Refusal> {
        let Some(claims) = self.key.authentic(token) else {
            self.refuse(RefusedToken::Forged, None, now);
            return Err(Refusal::TokenInvalid);
        };
        if !claims.is_valid_at(now) {
            self.refuse(RefusedToken::Expired, Some(&claims), now);
            return Err(Refusal::TokenInvalid);
        }
        if self.is_revoked(claims.jti) {
            self.refuse(RefusedToken::Revoked, Some(&claims), now);
            return Err(Refusal::TokenInvalid);
        }
        self.note_use(&claims);
        Ok(claims)
    }

    /// Counts a token of another role than the request needs.
    pub fn refuse_role(&self, claims: &Claims, now: Timestamp) -> Refusal {
        self.refuse(RefusedToken::Role, Some(claims), now);
        Refusal::RoleWrong
    }

    /// Whether a token is revoked.
    #[must_use]
    pub fn is_revoked(&self, id: TokenId) -> bool {
        let revoked = self.revoked.load();
        !revoked.is_empty() && revoked.contains(&id)
    }

    /// Refuses these tokens from now on. A revocation is never taken back.
    pub fn revoke(&self, ids: impl IntoIterator<Item = TokenId> + Clone) {
        self.revoked.rcu(|revoked| {
            let mut revoked = HashSet::clone(revoked);
            revoked.extend(ids.clone());
            Arc::new(revoked)
        });
    }

    /// The revoked tokens.
    #[must_use]
    pub fn revoked(&self) -> Vec<TokenId> {
        self.revoked.load().iter().copied().collect()
    }

    /// Passes the next use of a token on again: the back office could not list it.
    pub fn forget_use(&self, id: TokenId) {
        self.known.remove(&id);
    }

    fn note_use(&self, claims: &Claims) {
        if !self.known.contains_key(&claims.jti) && self.first_uses.try_send(claims.clone()).is_ok() {
            self.known.insert(claims.jti, ());
        }
    }

    /// Counts a refusal, and logs at most one a second of each reason. Claims are logged only of a token that
    /// this deployment signed, and no token is.
    fn refuse(&self, reason: RefusedToken, claims: Option<&Claims>, now: Timestamp) {
        metrics::counter!("scangate_tokens_refused_total", "reason" => reason.label()).increment(1);
        let logged = &self.logged[reason as usize];
        let last = logged.load(Ordering::Relaxed);
        let is_due = now.0.abs_diff(last) >= LOG_PAUSE_MS;
        if !is_due || logged.compare_exchange(last, now.0, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let reason = reason.label();
        match claims {
            Some(Claims { jti, subject, .. }) => {
                tracing::info!(event = "token-refused", reason, %jti, subject, "a token was refused")
            }
            None => tracing::info!(event = "token-refused", reason, "a token was refused"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_core::keys::Key;
    use scangate_core::token::Role;

    #[test]
    fn a_revoked_token_is_refused_and_a_first_use_is_passed_on_once() {
        let key = TokenKey::new(&Key([7; 32]));
        let token = |id: u64| {
            let expires = Timestamp(1_000);
            let (venue, door, district) = (None, None, None);
            let subject = "a".into();
            key.sign(&Claims {
                jti: TokenId(id),
                role: Role::Tracer,
                subject,
                venue,
                door,
                district,
                expires,
            })
        };
        let (tokens, mut first_uses) = Tokens::new(key.clone(), vec![TokenId(1)]);
        let verify = |id, now| tokens.verify(&token(id), Timestamp(now)).map(|claims| claims.jti);
        assert_eq!(verify(1, 0), Err(Refusal::TokenInvalid));
        for _ in 0..2 {
            assert_eq!(verify(2, 999), Ok(TokenId(2)));
        }
        assert_eq!(verify(3, 1_000), Err(Refusal::TokenInvalid));
        assert_eq!(first_uses.try_recv().map(|claims| claims.jti), Ok(TokenId(2)));
        assert!(first_uses.try_recv().is_err());
        tokens.forget_use(TokenId(2));
        assert_eq!(verify(2, 0), Ok(TokenId(2)));
        assert_eq!(first_uses.try_recv().map(|claims| claims.jti), Ok(TokenId(2)));
        tokens.revoke([TokenId(2)]);
        assert_eq!(verify(2, 0), Err(Refusal::TokenInvalid));
        assert_eq!(tokens.revoked().len(), 2);
    }
}
