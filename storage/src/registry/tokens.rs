//! The list of bearer tokens, without their texts: the claims, when a token was minted or first used, and its
//! revocation.
//!
//! **Shape**: a key is the token's id (8).

use super::changes::Change;
use super::rows::{RegistryTable, Row, WriteUnit};
use super::{Registry, Result, pack, unpack};
use scangate_core::id::TokenId;
use scangate_core::time::Timestamp;
use scangate_core::token::Claims;
use serde::{Deserialize, Serialize};

/// A token in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedToken {
    /// The token's claims, with its id.
    pub claims: Claims,
    /// The time at which it was minted; none if this deployment saw it at its first use.
    pub minted: Option<Timestamp>,
    /// The time at which it was first used; none if it was listed before.
    pub first_seen: Option<Timestamp>,
    /// The revocation.
    pub revoked: Option<TokenRevocation>,
}

/// The revocation of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRevocation {
    /// The time of the revocation.
    pub at: Timestamp,
    /// The subject who revoked the token.
    pub by: String,
}

impl Registry {
    /// Lists a token, unless it is listed. Returns whether it was not.
    pub fn list_token(&self, token: &ListedToken) -> Result<bool> {
        let key = token.claims.jti.0.to_be_bytes();
        Ok(self.claim(Row::new(RegistryTable::Tokens, key, pack(token)))?.is_none())
    }

    /// Lists a minted token, also one that another gateway listed at its first use.
    pub fn note_minted(&self, claims: Claims, minted: Timestamp) -> Result<()> {
        let key = claims.jti.0.to_be_bytes();
        let new = ListedToken { claims, minted: Some(minted), first_seen: None, revoked: None };
        loop {
            let Some(row) = self.claim(Row::new(RegistryTable::Tokens, key, pack(&new)))? else {
                return Ok(());
            };
            let mut known: ListedToken = unpack(RegistryTable::Tokens, &row)?;
            if known.minted.is_some() {
                return Ok(());
            }
            known.minted = new.minted;
            if self.rows().swap(RegistryTable::Tokens, &key, &row, Some(&pack(&known)))? {
                return Ok(());
            }
        }
    }

    /// A listed token.
    pub fn token(&self, id: TokenId) -> Result<Option<ListedToken>> {
        let row = self.get(RegistryTable::Tokens, &id.0.to_be_bytes())?;
        row.map(|row| unpack(RegistryTable::Tokens, &row)).transpose()
    }

    /// All listed tokens, by id.
    pub fn tokens(&self) -> Result<Vec<ListedToken>> {
        self.group(RegistryTable::Tokens, &[])
    }

    /// The ids of the revoked tokens.
    pub fn revoked_tokens(&self) -> Result<Vec<TokenId>> {
        let revoked = self.tokens()?.into_iter().filter(|token| token.revoked.is_some());
        Ok(revoked.map(|token| token.claims.jti).collect())
    }

    /// Revokes a listed token, and announces it to the other gateways. A repeated revocation keeps the first
    /// time. Returns the token; none if it is not listed.
    pub fn revoke_token(&self, id: TokenId, revocation: &TokenRevocation) -> Result<Option<ListedToken>> {
        let key = id.0.to_be_bytes();
        loop {
            let Some(row) = self.get(RegistryTable::Tokens, &key)? else { return Ok(None) };
            let mut token: ListedToken = unpack(RegistryTable::Tokens, &row)?;
            let revoke = || {
                if token.revoked.is_some() {
                    return Ok(true);
                }
                token.revoked = Some(revocation.clone());
                self.rows().swap(RegistryTable::Tokens, &key, &row, Some(&pack(&token)))
            };
            if self.announcing(&[Change::Tokens], revoke)? {
                return Ok(Some(token));
            }
        }
    }

    /// Removes the tokens that expired before a time from the list.
    pub fn forget_tokens(&self, expired_before: Timestamp) -> Result<()> {
        let expired = self.tokens()?.into_iter().filter(|token| token.claims.expires < expired_before);
        let remove = expired.map(|token| (RegistryTable::Tokens, token.claims.jti.0.to_be_bytes().to_vec()));
        let units: Vec<WriteUnit> =
            remove.map(|row| WriteUnit { put: Vec::new(), remove: vec![row] }).collect();
        if units.is_empty() { Ok(()) } else { self.rows().write(&units) }
    }
}
