//! Declarations: drafted, reviewed and confirmed. A confirmed declaration is signed by the deployment, so its
//! text cannot be disputed later.
//!
//! **Shape** of a signature: base64url without padding of 64 bytes, Ed25519 (RFC 8032). The signed bytes are
//! `"scangate declaration"` ‖ 0 ‖ `person` ‖ LF ‖ `confirmed` ‖ LF ‖ `text`. The three are the strings of the
//! declaration's JSON, in UTF-8 and without JSON's escapes. A third party needs this JSON and the public key
//! of `GET /v1/issuer`, which is base64url without padding of 32 bytes.

use super::checked_text;
use crate::clock;
use crate::office::http::auth::Resident;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathId;
use crate::office::http::json::Json;
use crate::office::{Office, blocking};
use axum::extract::State;
use scangate_core::id::{PaperId, PersonId};
use scangate_core::paper::{Confirmation, Declaration, Paper};
use scangate_core::refusal::Refusal;
use scangate_core::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The signing domain. The signature covers person, time and text.
const DOMAIN: &str = "scangate declaration";

/// A body with one text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct TextBody {
    pub(super) text: String,
}

/// `POST /v1/people/me/declarations`: stores a draft.
pub(in crate::office) async fn draft(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    Json(TextBody { text }): Json<TextBody>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || draft_declaration(&office, id, &text).map(axum::Json)).await?
}

/// Stores a person's draft.
pub(super) fn draft_declaration(office: &Office, person: PersonId, text: &str) -> Result<Value, OfficeError> {
    let declaration = Declaration { text: checked_text(text)?, drafted: clock::now(), confirmed: None };
    let mut filed = office.file(person, Paper::Declaration(declaration))?;
    Ok(shown(person, filed.id, filed.paper.declaration().ok_or(Refusal::NotFound)?))
}

/// `POST /v1/people/me/declarations/{declaration}/confirm`. Confirming twice changes nothing.
pub(in crate::office) async fn confirm(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathId(paper): PathId<PaperId>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || confirm_declaration(&office, id, paper).map(axum::Json)).await?
}

/// Confirms and signs a person's declaration.
pub(super) fn confirm_declaration(
    office: &Office,
    person: PersonId,
    paper: PaperId,
) -> Result<Value, OfficeError> {
    let now = clock::now();
    let declaration = office.amend(person, paper, Paper::declaration, |declaration| {
        if declaration.confirmed.is_none() {
            *declaration = confirmed(office, person, declaration.clone(), now);
        }
        Ok(())
    })?;
    Ok(shown(person, paper, &declaration))
}

/// The declaration with the deployment's signature.
pub(super) fn confirmed(
    office: &Office,
    person: PersonId,
    declaration: Declaration,
    at: Timestamp,
) -> Declaration {
    let signature = office.issuer.sign(DOMAIN, &signed(person, at, &declaration.text));
    Declaration { confirmed: Some(Confirmation { at, signature }), ..declaration }
}

/// `GET /v1/people/me/declarations`.
pub(in crate::office) async fn list(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || declarations_of(&office, id).map(axum::Json)).await?
}

/// A person's declarations, earliest first.
pub(super) fn declarations_of(office: &Office, person: PersonId) -> Result<Value, OfficeError> {
    let declarations = office.papers(person, Paper::declaration, |declaration| declaration.drafted)?;
    let shown: Vec<Value> =
        declarations.iter().map(|(id, declaration)| shown(person, *id, declaration)).collect();
    Ok(json!({ "declarations": shown }))
}

fn signed(person: PersonId, at: Timestamp, text: &str) -> Vec<u8> {
    [person.to_string().as_bytes(), b"\n", &at.text(), b"\n", text.as_bytes()].concat()
}

/// A declaration as its owner sees it, with everything that its signature covers.
pub(super) fn shown(person: PersonId, id: PaperId, declaration: &Declaration) -> Value {
    let confirmed = declaration.confirmed.as_ref();
    json!({
        "declaration": id, "person": person, "text": declaration.text, "drafted": declaration.drafted,
        "confirmed": confirmed.map(|confirmed| confirmed.at),
        "signature": confirmed.map(|confirmed| confirmed.signature.as_str()),
    })
}
