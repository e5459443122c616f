//! Tokens of roles for which a data folder has no file, signed with its secret as the gateway signs them.

use scangate_core::id::VenueId;
use scangate_core::token::{Claims, Role};
use scangate_gateway::{clock, deployment};
use std::path::Path;

/// The lifetime of a token.
const TOKEN_MS: u64 = 3_600_000;

/// Returns an `Authorization` header with a token of this role, bound to the venue if there is one.
pub(crate) fn header(data: &Path, role: Role, venue: Option<VenueId>) -> anyhow::Result<String> {
    let secret = deployment::existing_secret(data, None)?;
    let (subject, expires) = ("bench".to_owned(), clock::now().plus_ms(TOKEN_MS));
    let jti = deployment::draw_token_id()?;
    let claims = Claims { jti, role, subject, venue, door: None, district: None, expires };
    Ok(format!("Bearer {}", deployment::token_key(&secret).sign(&claims)))
}
