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
        if self.office.tables.venues.get(venue).is_none() {
            return Err(OfficeError::VenueUnknown);
        }
        let id = check_in_id(person, venue, direction, Moment::At(at));
        Ok(CheckIn { id, person, venue, at, direction, mode: Mode::Import, outcome: None })
    }

    async fn store(&self, check_ins: Vec<CheckIn>) -> GroupResult<CheckInId> {
        let people: Vec<PersonId> = check_ins.iter().map(|check_in| check_in.person).collect();
        let registry = self.office.registry.clone();
        let registered = blocking(move || registry.are_registered(&people)).await??;
        let known = check_ins.iter().zip(&registered).filter(|(_, is_registered)| **is_registered);
        let known: Vec<CheckIn> = known.map(|(check_in, _)| *check_in).collect();
        self.office.intake.keep(&known).await?;
        let answers = check_ins.iter().zip(registered);
        let answers =
            answers.map(|(check_in, known)| known.then_some(check_in.id).ok_or(OfficeError::PersonUnknown));
        Ok(answers.collect())
    }

    fn answer(&self, id: CheckInId, text: &mut BytesMut) -> Result<(), OfficeError> {
        put_json(&ImportReceipt { id }, text);
        Ok(())
    }
}
