//! Role extractors. They stand first in a handler's arguments: 401 and 403 are the same for a thing that
//! exists and one that does not.

use super::error::OfficeError;
use crate::clock;
use crate::office::{Office, role};
use crate::rooms::authenticate::{Terminal, bearer};
use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use scangate_core::code::ResidentToken;
use scangate_core::id::{PersonId, VenueId};
use scangate_core::refusal::Refusal;
use scangate_core::token::{Claims, Role};
use std::sync::{Arc, OnceLock};

/// The health authority.
pub(in crate::office) struct Authority(pub Claims);
/// A contact tracer.
pub(in crate::office) struct Tracer(pub Claims);
/// The health authority or a contact tracer.
pub(in crate::office) struct AuthorityOrTracer;
/// The health authority or a resident.
pub(in crate::office) struct AuthorityOrResident;
/// An operator of the service.
pub(in crate::office) struct Operator(pub Claims);
/// A terminal at a door.
pub(in crate::office) struct DoorTerminal(pub Terminal);
/// A screen at a door: a terminal whose token has a door.
pub(in crate::office) struct DoorScreen {
    pub(in crate::office) venue: VenueId,
    pub(in crate::office) door: u16,
}
/// A resident, authenticated by the token that no screen shows.
pub(in crate::office) struct Resident(pub PersonId);

/// Who sent a request: the subject of its staff token. Residents stay unnamed.
#[derive(Debug, Default)]
pub(super) struct RequestSubject(OnceLock<String>);

impl RequestSubject {
    /// The subject; empty without a valid staff token.
    pub(super) fn get(&self) -> &str {
        self.0.get().map_or("", String::as_str)
    }
}

fn header(parts: &Parts) -> Result<&str, Refusal> {
    let header = parts.headers.get(AUTHORIZATION).ok_or(Refusal::TokenInvalid)?;
    header.to_str().map_err(|_| Refusal::TokenInvalid)
}

fn claims(parts: &Parts, office: &Office) -> Result<Claims, Refusal> {
    let token = bearer(header(parts)?).ok_or(Refusal::TokenInvalid)?;
    let claims = office.tables.tokens.verify(token, clock::now())?;
    if let Some(subject) = parts.extensions.get::<Arc<RequestSubject>>() {
        // Two extractors of one request set the same.
        let _ = subject.0.set(claims.subject.clone());
    }
    Ok(claims)
}

fn role_wrong(claims: &Claims, office: &Office) -> Refusal {
    office.tables.tokens.refuse_role(claims, clock::now())
}

fn claims_of(role: Role, parts: &Parts, office: &Office) -> Result<Claims, OfficeError> {
    let claims = claims(parts, office)?;
    if claims.role == role { Ok(claims) } else { Err(role_wrong(&claims, office).into()) }
}

macro_rules! role {
    ($extractor:ident, $role:expr) => {
        impl FromRequestParts<Arc<Office>> for $extractor {
            type Rejection = OfficeError;
            async fn from_request_parts(
                parts: &mut Parts,
                office: &Arc<Office>,
            ) -> Result<Self, OfficeError> {
                claims_of($role, parts, office).map(Self)
            }
        }
    };
}

role!(Authority, Role::Authority);
role!(Tracer, Role::Tracer);
role!(Operator, Role::Operator);

impl FromRequestParts<Arc<Office>> for AuthorityOrTracer {
    type Rejection = OfficeError;
    async fn from_request_parts(parts: &mut Parts, office: &Arc<Office>) -> Result<Self, OfficeError> {
        match claims(parts, office)?.role {
            Role::Authority | Role::Tracer => Ok(Self),
            Role::Terminal | Role::Operator => Err(Refusal::RoleWrong.into()),
        }
    }
}

impl FromRequestParts<Arc<Office>> for AuthorityOrResident {
    type Rejection = OfficeError;
    async fn from_request_parts(parts: &mut Parts, office: &Arc<Office>) -> Result<Self, OfficeError> {
        match bearer(header(parts)?) {
            Some(_) => claims_of(Role::Authority, parts, office).map(|_| Self),
            None => resident(header(parts)?, office).map(|_| Self).map_err(OfficeError::from),
        }
    }
}

impl FromRequestParts<Arc<Office>> for DoorTerminal {
    type Rejection = OfficeError;
    async fn from_request_parts(parts: &mut Parts, office: &Arc<Office>) -> Result<Self, OfficeError> {
        let claims = claims(parts, office)?;
        Ok(Self(Terminal::of(&claims).map_err(|_| role_wrong(&claims, office))?))
    }
}

impl FromRequestParts<Arc<Office>> for DoorScreen {
    type Rejection = OfficeError;
    async fn from_request_parts(parts: &mut Parts, office: &Arc<Office>) -> Result<Self, OfficeError> {
        let claims = claims(parts, office)?;
        let terminal = Terminal::of(&claims).ok();
        let screen = terminal.zip(claims.door).map(|(Terminal { venue }, door)| Self { venue, door });
        screen.ok_or_else(|| role_wrong(&claims, office).into())
    }
}

impl FromRequestParts<Arc<Office>> for Resident {
    type Rejection = OfficeError;
    async fn from_request_parts(parts: &mut Parts, office: &Arc<Office>) -> Result<Self, OfficeError> {
        resident(header(parts)?, office).map(Self).map_err(OfficeError::from)
    }
}

/// The verified sender of a request: role and subject of a bearer token, or the resident. None without a
/// valid token.
pub(super) fn sender(parts: &Parts, office: &Office) -> Option<String> {
    if let Ok(claims) = claims(parts, office) {
        return Some(format!("{}/{}", role(claims.role), claims.subject));
    }
    let person = resident(header(parts).ok()?, office).ok()?;
    Some(format!("resident/{person}"))
}

/// A valid bearer token of another role answers 403; any other header 401.
fn resident(header: &str, office: &Office) -> Result<PersonId, Refusal> {
    let now = clock::now();
    if let Some(token) = bearer(header) {
        let claims = office.tables.tokens.verify(token, now)?;
        return Err(role_wrong(&claims, office));
    }
    let (scheme, token) = header.split_once(' ').ok_or(Refusal::TokenInvalid)?;
    if !scheme.eq_ignore_ascii_case("resident") {
        return Err(Refusal::TokenInvalid);
    }
    let token = ResidentToken::parse(token.trim().as_bytes()).map_err(|_| Refusal::PersonCodeInvalid)?;
    let record = office.tables.colours.look_up(token.person());
    if !office.tables.keyring.has_sealed_token(&token, record.generation()) {
        return Err(Refusal::PersonCodeInvalid);
    }
    if record.is_erased() {
        return Err(Refusal::PersonErased);
    }
    if token.step().is_valid_at(now) { Ok(token.person()) } else { Err(Refusal::PersonCodeExpired) }
}
