//! Check-ins of another register, imported. A line's problem does not stop the rest. A check-in that is
//! answered with an id is on disk.

use crate::clock;
use crate::office::http::auth::Authority;
use crate::office::http::error::OfficeError;
use crate::office::http::line_handler::{self, GroupResult, LineHandler, put_json};
use crate::office::http::ndjson::NdjsonLine;
use crate::office::{Office, blocking};
use crate::rooms::intake::CHECK_INS_MAX;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::BytesMut;
use scangate_core::check_in::{CheckIn, Direction, Mode, Moment, check_in_id};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::limits::AHEAD_MS_MAX;
use scangate_core::refusal::Refusal;
use scangate_core::time::{DAY_MS, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A line of an import.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportLine {
    person: PersonId,
    venue: VenueId,
    at: Timestamp,
    #[serde(default)]
    direction: Direction,
}

#[derive(Serialize)]
struct ImportReceipt {
    id: CheckInId,
}

/// `POST /v1/check-ins/import`.
pub(in crate::office) async fn import(
    Authority(_): Authority,
    State(office): State<Arc<Office>>,
    body: Body,
) -> Response {
    line_handler::answer(CheckInImport { office }, body)
}

/// Each of these check-ins, or why it is refused: its venue or its person is unknown.
fn accept(office: &Office, check_ins: &[CheckIn]) -> GroupResult<CheckIn> {
    let venues: Vec<VenueId> = check_ins.iter().map(|check_in| check_in.venue).collect();
    office.learn_venues(&venues)?;
    let people: Vec<PersonId> = check_ins.iter().map(|check_in| check_in.person).collect();
    let registered = office.registry.are_registered(&people)?;
    let accept = |(check_in, is_registered): (&CheckIn, bool)| {
        office.tables.venues.get(check_in.venue).ok_or(OfficeError::VenueUnknown)?;
        is_registered.then_some(*check_in).ok_or(OfficeError::PersonUnknown)
    };
    Ok(check_ins.iter().zip(registered).map(accept).collect())
}

/// Check-ins of another register.
struct CheckInImport {
    office: Arc<Office>,
}

impl LineHandler for CheckInImport {
    type Entry = CheckIn;
    type Stored = CheckInId;
    const GROUP_MAX: usize = CHECK_INS_MAX;

    fn read(&self, line: &NdjsonLine) -> Result<CheckIn, OfficeError> {
        let ImportLine { person, venue, at, direction } = line.parse()?;
        let now = clock::now();
        if at > now.plus_ms(AHEAD_MS_MAX) {
            return Err(Refusal::ClockOff("at lies in the future; server_time is the gateway's clock").into());
        }
        if now.since_ms(at) > u64::from(self.office.settings.retention_days) * DAY_MS {
            return Err(Refusal::ClockOff("at is before the retention of trails").into());
        }
        let id = check_in_id(person, venue, direction, Moment::At(at));
        Ok(CheckIn { id, person, venue, at, direction, mode: Mode::Import, outcome: None })
    }

    async fn store(&self, check_ins: Vec<CheckIn>) -> GroupResult<CheckInId> {
        let office = Arc::clone(&self.office);
        let accepted = blocking(move || accept(&office, &check_ins)).await??;
        let kept: Vec<CheckIn> = accepted.iter().flatten().copied().collect();
        self.office.intake.keep(&kept).await?;
        let answers = accepted.into_iter().map(|accepted| accepted.map(|check_in| check_in.id));
        Ok(answers.collect())
    }

    fn answer(&self, id: CheckInId, text: &mut BytesMut) -> Result<(), OfficeError> {
        put_json(&ImportReceipt { id }, text);
        Ok(())
    }
}
