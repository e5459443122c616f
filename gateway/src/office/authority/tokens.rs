//! The list of bearer tokens: what was minted, first used and revoked. The list holds claims and no token.

use crate::clock;
use crate::deployment::{self, MintedToken};
use crate::office::http::auth::Operator;
use crate::office::http::error::OfficeError;
use crate::office::http::json::Json;
use crate::office::{Office, blocking, role};
use axum::extract::State;
use http::StatusCode;
use scangate_core::id::TokenId;
use scangate_core::refusal::Refusal;
use scangate_core::text::OneLine;
use scangate_core::time::{DAY_MS, HOUR_MS, Timestamp};
use scangate_core::token::Claims;
use scangate_storage::registry::{Act, ListedToken, TokenRevocation};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;

/// The interval at which new tokens are listed.
const TICK: Duration = Duration::from_secs(1);
/// The time for which a token stays in the list after it expired. **Units**: milliseconds.
const KEPT_MS: u64 = 30 * DAY_MS;
/// The subject and role of audit entries about tokens that a command minted or a gateway found.
const SELF: &str = "gateway";

/// The sources of new tokens: the files of minted ones, and the first uses.
pub struct NewTokens {
    data: PathBuf,
    first_uses: Mutex<Receiver<Claims>>,
}

impl NewTokens {
    /// The new tokens of a data folder, and those that the gateway sees first.
    #[must_use]
    pub fn new(data: PathBuf, first_uses: Receiver<Claims>) -> Self {
        Self { data, first_uses: Mutex::new(first_uses) }
    }
}

/// Lists new tokens and removes expired ones for as long as the gateway runs.
pub async fn keep_token_list(office: Arc<Office>) {
    let (mut is_well, mut forgotten) = (true, Timestamp(0));
    loop {
        let (shared, now) = (Arc::clone(&office), clock::now());
        let is_due = now.since_ms(forgotten) >= HOUR_MS;
        let listed = blocking(move || {
            shared.list_new_tokens()?;
            if is_due {
                shared.registry.forget_tokens(now.minus_ms(KEPT_MS))?;
            }
            Ok::<(), anyhow::Error>(())
        });
        match listed.await {
            Ok(Ok(())) => {
                (is_well, forgotten) = (true, if is_due { now } else { forgotten });
            }
            Ok(Err(error)) if is_well => {
                is_well = false;
                tracing::warn!(
                    event = "tokens-unlisted",
                    error = %OneLine(error.as_ref()),
                    "new tokens cannot be listed; retrying"
                );
            }
            Ok(Err(_)) | Err(_) => {}
        }
        tokio::time::sleep(TICK).await;
    }
}

impl Office {
    /// Lists the minted tokens, and then the tokens that were used. A token's file is written before the
    /// token can be used, so a token of this data folder is listed as minted. A crash may audit a token
    /// twice.
    fn list_new_tokens(&self) -> anyhow::Result<()> {
        let mut first_uses = self.new_tokens.first_uses.lock().unwrap_or_else(PoisonError::into_inner);
        for (path, MintedToken { claims, minted }) in deployment::minted(&self.new_tokens.data)? {
            let listed = self.registry.token(claims.jti)?;
            if listed.is_none_or(|listed| listed.minted.is_none()) {
                self.audit_token("token-minted", &claims, minted)?;
                self.registry.note_minted(claims, minted)?;
            }
            fs::remove_file(path)?;
        }
        while let Ok(claims) = first_uses.try_recv() {
            let jti = claims.jti;
            self.list_used(claims).inspect_err(|_| self.tables.tokens.forget_use(jti))?;
        }
        Ok(())
    }

    fn list_used(&self, claims: Claims) -> anyhow::Result<()> {
        if self.registry.token(claims.jti)?.is_some() {
            return Ok(());
        }
        let now = clock::now();
        self.audit_token("token-first-used", &claims, now)?;
        let listed = ListedToken { claims, minted: None, first_seen: Some(now), revoked: None };
        self.registry.list_token(&listed)?;
        Ok(())
    }

    fn audit_token(&self, act: &str, claims: &Claims, at: Timestamp) -> anyhow::Result<()> {
        let (subject, act) = (SELF.to_owned(), act.to_owned());
        let act = Act {
            at,
            role: subject.clone(),
            subject,
            act,
            object: claims.jti.to_string(),
            detail: limits(claims),
        };
        self.registry.audit(&act)?;
        Ok(())
    }
}

/// The claims but the id.
fn limits(claims: &Claims) -> Value {
    let Claims { jti: _, role: of, subject, venue, door, district, expires } = claims;
    let mut limits = json!({"role": role(*of), "subject": subject, "expires": expires});
    for (name, value) in [("venue", json!(venue)), ("door", json!(door)), ("district", json!(district))] {
        if !value.is_null() {
            limits[name] = value;
        }
    }
    limits
}

/// `GET /v1/tokens`.
pub(in crate::office) async fn list(
    Operator(_): Operator,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        list_now(&office)?;
        let mut tokens = office.registry.tokens()?;
        tokens.sort_unstable_by_key(|token| (token.minted.or(token.first_seen), token.claims.jti));
        let tokens: Vec<Value> = tokens.iter().map(describe).collect();
        Ok(axum::Json(json!({ "tokens": tokens })))
    })
    .await?
}

fn list_now(office: &Office) -> Result<(), OfficeError> {
    office.list_new_tokens().map_err(|error| {
        tracing::warn!(
            event = "tokens-unlisted",
            error = %OneLine(error.as_ref()),
            "new tokens cannot be listed"
        );
        OfficeError::StoreUnavailable
    })
}

fn describe(token: &ListedToken) -> Value {
    let ListedToken { claims, minted, first_seen, revoked } = token;
    let mut shown = limits(claims);
    shown["jti"] = json!(claims.jti);
    for (name, time) in [("minted", minted), ("first_seen", first_seen)] {
        if let Some(time) = time {
            shown[name] = json!(time);
        }
    }
    if let Some(TokenRevocation { at, by }) = revoked {
        (shown["revoked"], shown["revoked_by"]) = (json!(at), json!(by));
    }
    shown
}

/// The token to revoke.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct RevocationRequest {
    jti: TokenId,
}

/// `POST /v1/tokens/revoke`: refuses a token at every gateway from now on.
pub(in crate::office) async fn revoke(
    Operator(claims): Operator,
    State(office): State<Arc<Office>>,
    Json(RevocationRequest { jti }): Json<RevocationRequest>,
) -> Result<StatusCode, OfficeError> {
    blocking(move || {
        // The token may have been minted or used a moment ago.
        list_now(&office)?;
        let token = office.registry.token(jti)?.ok_or(Refusal::NotFound)?;
        office.audit(&claims, "token-revoked", jti.to_string(), limits(&token.claims))?;
        let revocation = TokenRevocation { at: clock::now(), by: claims.subject };
        office.registry.revoke_token(jti, &revocation)?.ok_or(Refusal::NotFound)?;
        office.tables.tokens.revoke([jti]);
        Ok(StatusCode::NO_CONTENT)
    })
    .await?
}
