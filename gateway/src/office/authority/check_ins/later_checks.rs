//! Checks that the staff of a door make after the scan: a temperature, a document, papers. While the code of
//! the scan is valid, the terminal repeats the scan with them. After that it names the check-in here.

use super::late_scans::{read_acknowledged, remembered};
use crate::clock;
use crate::office::http::auth::DoorTerminal;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathId;
use crate::office::http::json;
use crate::office::{Office, blocking};
use crate::rooms::answer::{self, Audience};
use crate::rooms::journal;
use crate::rooms::late::LatePerson;
use crate::rooms::later_checks::{CheckedScan, FirstRecord};
use crate::tables::recent::RecentCheckIn;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use bytes::BytesMut;
use http::header::CONTENT_TYPE;
use scangate_core::check_in::CheckIn;
use scangate_core::id::CheckInId;
use scangate_core::limits::SCAN_BYTES_MAX;
use scangate_core::refusal::Refusal;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The longest wait for the store: a person stands at the door.
const LOOK_BACK_MAX: Duration = Duration::from_secs(1);

/// `POST /v1/check-ins/{check_in}/checks`: the scan once more, with its check-in's time and what the staff
/// have done since. Its answer is that of the check-in. **Errors**: `not-found` where the scan is not that of
/// the check-in.
pub(in crate::office) async fn complete(
    DoorTerminal(terminal): DoorTerminal,
    State(office): State<Arc<Office>>,
    id: Result<PathId<CheckInId>, OfficeError>,
    request: Request,
) -> Result<Response, OfficeError> {
    let body = json::body(request, SCAN_BYTES_MAX).await?;
    let (tables, now) = (&office.tables, clock::now());
    let checked = CheckedScan::read(&body, &terminal, tables, now)?;
    if checked.id() != id?.0 {
        return Err(Refusal::NotFound.into());
    }
    let firsts = first_records(&office, checked.people().collect()).await;
    let amended = vec![checked.amend(&firsts)];
    let durable = journal::journal_late(amended, &tables.recent, &office.intake, now).await?;
    let mut text = BytesMut::new();
    durable.iter().for_each(|check_ins| answer::answer(check_ins, Audience::Staff, tables, &mut text));
    Ok(([(CONTENT_TYPE, "application/json")], text.freeze()).into_response())
}

/// The records of these check-ins that were acknowledged before: from memory, then from the trails. A store
/// that does not answer in time is not waited for.
async fn first_records(office: &Arc<Office>, people: Vec<LatePerson>) -> HashMap<CheckInId, FirstRecord> {
    let (now, mut firsts, mut open) = (clock::now(), HashMap::new(), Vec::new());
    for late in people {
        match remembered(office, &late, now) {
            Some(RecentCheckIn { at, outcome, .. }) => {
                firsts.insert(late.id, FirstRecord { at, outcome });
            }
            None => open.push(late),
        }
    }
    if !open.is_empty() {
        let office = Arc::clone(office);
        let asked = blocking(move || read_acknowledged(&office, &open));
        if let Ok(Ok(Ok(read))) = tokio::time::timeout(LOOK_BACK_MAX, asked).await {
            firsts.extend(
                read.into_iter().map(|(id, CheckIn { at, outcome, .. })| (id, FirstRecord { at, outcome })),
            );
        }
    }
    firsts
}
