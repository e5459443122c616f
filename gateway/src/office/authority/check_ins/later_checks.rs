//! Checks that the staff of a door make after the scan: a temperature, a document, papers. While the code of
//! the scan is valid, the terminal repeats the scan with them. After that it names the check-in here.

use crate::clock;
use crate::office::Office;
use crate::office::http::auth::DoorTerminal;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathId;
use crate::office::http::json;
use crate::rooms::answer::{self, Audience};
use crate::rooms::{journal, later_checks};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use bytes::BytesMut;
use http::header::CONTENT_TYPE;
use scangate_core::id::CheckInId;
use scangate_core::limits::SCAN_BYTES_MAX;
use std::sync::Arc;

/// `POST /v1/check-ins/{check_in}/checks`: the scan once more, with its check-in's time and what the staff
/// have done since. Its answer is that of the check-in.
pub(in crate::office) async fn complete(
    DoorTerminal(terminal): DoorTerminal,
    State(office): State<Arc<Office>>,
    id: Result<PathId<CheckInId>, OfficeError>,
    request: Request,
) -> Result<Response, OfficeError> {
    let PathId(id) = id?;
    let body = json::body(request, SCAN_BYTES_MAX).await?;
    let (tables, now) = (&office.tables, clock::now());
    let checked = later_checks::check(&body, id, &terminal, tables, now)?;
    let durable = journal::journal_late(vec![checked], &tables.recent, &office.intake, now).await?;
    let mut text = BytesMut::new();
    durable.iter().for_each(|check_ins| answer::answer(check_ins, Audience::Staff, tables, &mut text));
    Ok(([(CONTENT_TYPE, "application/json")], text.freeze()).into_response())
}
