//! Tokens of roles that a data folder has no file for, made with its secret as the gateway makes them.

use scangate_core::id::VenueId;
use scangate_core::token::{Claims, Role};
use scangate_gateway::{clock, deployment};
use std::path::Path;

/// How long a token is good.
const TOKEN_MS: u64 = 3_600_000;

/// A header with a token of a role, bound to a venue where it is one.
pub(crate) fn header(data: &Path, role: Role, venue: Option<VenueId>) -> anyhow::Result<String> {
    let secret = deployment::existing_secret(data, None)?;
    let (subject, expires) = ("bench".to_owned(), clock::now().plus_ms(TOKEN_MS));
    let claims = Claims { role, subject, venue, door: None, district: None, expires };
    Ok(format!("Bearer {}", deployment::token_key(&secret).sign(&claims)))
}
