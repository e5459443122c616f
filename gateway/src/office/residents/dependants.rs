//! The papers and certificates of dependants: what their guardians may announce, declare, appeal and read for
//! them. Each right is checked and audited by itself, and the work is that of the person's own endpoints.

use super::appeals_and_questions::{AppealKind, letters, send_letter};
use super::arrivals::changes::{ArrivalCorrection, correct_arrival, withdraw_arrival};
use super::arrivals::{ArrivalNotice, announce, arrivals_of, report_arrival};
use super::certificates::issue_certificate;
use super::declarations::{TextBody, confirm_declaration, declarations_of, draft_declaration};
use super::family::own_dependant;
use crate::office::http::auth::Resident;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::{PathId, PathIds};
use crate::office::http::json::Json;
use crate::office::{Office, blocking};
use axum::extract::State;
use http::StatusCode;
use scangate_core::id::{PaperId, PersonId};
use scangate_core::policy::Right;
use serde_json::Value;
use std::sync::Arc;

/// The dependant in a path. A request that is malformed as well answers 404.
type DependantPath = Result<PathId<PersonId>, OfficeError>;
/// The dependant in a path, and a paper of theirs.
type PaperPath = Result<PathIds<PersonId, PaperId>, OfficeError>;

/// Works for a dependant once the guardian's right is checked and audited.
async fn act_for<T: Send + 'static>(
    office: Arc<Office>,
    guardian: PersonId,
    dependant: PersonId,
    right: Right,
    work: impl FnOnce(&Office, PersonId) -> Result<T, OfficeError> + Send + 'static,
) -> Result<T, OfficeError> {
    blocking(move || {
        let dependant = own_dependant(&office, guardian, dependant, right)?;
        work(&office, dependant)
    })
    .await?
}

/// `POST /v1/people/me/dependants/{person}/arrivals`.
pub(in crate::office) async fn announce_arrival(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    dependant: DependantPath,
    Json(notice): Json<ArrivalNotice>,
) -> Result<axum::Json<Value>, OfficeError> {
    let work = move |office: &Office, person| announce(office, person, notice).map(axum::Json);
    act_for(office, id, dependant?.0, Right::Arrive, work).await
}

/// `GET /v1/people/me/dependants/{person}/arrivals`.
pub(in crate::office) async fn list_arrivals(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathId(dependant): PathId<PersonId>,
) -> Result<axum::Json<Value>, OfficeError> {
    office.caught_up().await;
    let work = |office: &Office, person| arrivals_of(office, person).map(axum::Json);
    act_for(office, id, dependant, Right::Arrive, work).await
}

/// `PATCH /v1/people/me/dependants/{person}/arrivals/{arrival}`.
pub(in crate::office) async fn correct(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    path: PaperPath,
    Json(correction): Json<ArrivalCorrection>,
) -> Result<axum::Json<Value>, OfficeError> {
    let PathIds(dependant, paper) = path?;
    office.caught_up().await;
    let work = move |office: &Office, person| {
        correct_arrival(office, id, person, paper, &correction).map(axum::Json)
    };
    act_for(office, id, dependant, Right::Arrive, work).await
}

/// `DELETE /v1/people/me/dependants/{person}/arrivals/{arrival}`.
pub(in crate::office) async fn withdraw(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathIds(dependant, paper): PathIds<PersonId, PaperId>,
) -> Result<StatusCode, OfficeError> {
    office.caught_up().await;
    let work = move |office: &Office, person| withdraw_arrival(office, id, person, paper);
    act_for(office, id, dependant, Right::Arrive, work).await
}

/// `POST /v1/people/me/dependants/{person}/arrivals/{arrival}/reported`.
pub(in crate::office) async fn report(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathIds(dependant, paper): PathIds<PersonId, PaperId>,
) -> Result<axum::Json<Value>, OfficeError> {
    let work = move |office: &Office, person| report_arrival(office, person, paper).map(axum::Json);
    act_for(office, id, dependant, Right::Arrive, work).await
}

/// `POST /v1/people/me/dependants/{person}/declarations`.
pub(in crate::office) async fn draft(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    dependant: DependantPath,
    Json(TextBody { text }): Json<TextBody>,
) -> Result<axum::Json<Value>, OfficeError> {
    let work = move |office: &Office, person| draft_declaration(office, person, &text).map(axum::Json);
    act_for(office, id, dependant?.0, Right::Declare, work).await
}

/// `GET /v1/people/me/dependants/{person}/declarations`.
pub(in crate::office) async fn list_declarations(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathId(dependant): PathId<PersonId>,
) -> Result<axum::Json<Value>, OfficeError> {
    let work = |office: &Office, person| declarations_of(office, person).map(axum::Json);
    act_for(office, id, dependant, Right::Declare, work).await
}

/// `POST /v1/people/me/dependants/{person}/declarations/{declaration}/confirm`.
pub(in crate::office) async fn confirm(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathIds(dependant, paper): PathIds<PersonId, PaperId>,
) -> Result<axum::Json<Value>, OfficeError> {
    let work = move |office: &Office, person| confirm_declaration(office, person, paper).map(axum::Json);
    act_for(office, id, dependant, Right::Declare, work).await
}

/// `POST /v1/people/me/dependants/{person}/appeals`.
pub(in crate::office) async fn appeal(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    dependant: DependantPath,
    Json(TextBody { text }): Json<TextBody>,
) -> Result<axum::Json<Value>, OfficeError> {
    let work =
        move |office: &Office, person| send_letter::<AppealKind>(office, person, &text).map(axum::Json);
    act_for(office, id, dependant?.0, Right::Appeal, work).await
}

/// `GET /v1/people/me/dependants/{person}/appeals`.
pub(in crate::office) async fn list_appeals(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathId(dependant): PathId<PersonId>,
) -> Result<axum::Json<Value>, OfficeError> {
    let work = |office: &Office, person| letters::<AppealKind>(office, person).map(axum::Json);
    act_for(office, id, dependant, Right::Appeal, work).await
}

/// `GET /v1/people/me/dependants/{person}/certificates`.
pub(in crate::office) async fn issue(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    PathId(dependant): PathId<PersonId>,
) -> Result<axum::Json<Value>, OfficeError> {
    let work = move |office: &Office, person| issue_certificate(office, id, person).map(axum::Json);
    act_for(office, id, dependant, Right::Certificate, work).await
}
