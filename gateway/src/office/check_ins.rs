//! Check-ins that come in numbers: those a terminal made while its link was down, and those of registers
//! kept elsewhere. A line's problem does not stop the rest; what is answered with an id is on disk.

use super::Office;
use super::bearer::{AtTheDoor, Authority};
use super::ndjson::{self, Gone, Line, Lines, Sink};
use super::wrong::Wrong;
use crate::clock;
use crate::intake::CHECK_INS_MAX;
use crate::rooms::admit::{self, Admitted};
use crate::rooms::authenticate::{Terminal, authenticate_late};
use crate::rooms::{answer, colour, journal};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::BytesMut;
use scangate_core::check_in::{CheckIn, Direction, Mode, Moment, check_in_id};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::limits::{AHEAD_MS_MAX, COMPANIONS_MAX};
use scangate_core::scan::Scan;
use scangate_core::time::{DAY_MS, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Scans journaled as one: with all their companions they fit what the intake takes.
const SCANS_A_GROUP: usize = CHECK_INS_MAX / (1 + COMPANIONS_MAX);

/// `POST /v1/check-ins/batch`.
pub(super) async fn batch(
    AtTheDoor(terminal): AtTheDoor,
    State(office): State<Arc<Office>>,
    body: Body,
) -> Response {
    ndjson::answer(|sink| take_batch(office, terminal, Lines::new(body), sink))
}

async fn take_batch(
    office: Arc<Office>,
    terminal: Terminal,
    mut lines: Lines,
    mut sink: Sink,
) -> Result<Sink, Gone> {
    let mut group: Vec<(u64, Result<Admitted, Wrong>)> = Vec::new();
    loop {
        let line = match lines.next().await {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(wrong) => {
                keep_batch(&office, &mut group, &mut sink).await?;
                sink.line(&wrong.line(0)).await?;
                return Ok(sink);
            }
        };
        group.push((line.number, admit_late(&line, &terminal, &office)));
        if group.len() >= SCANS_A_GROUP || lines.is_waiting() {
            keep_batch(&office, &mut group, &mut sink).await?;
        }
    }
    keep_batch(&office, &mut group, &mut sink).await?;
    Ok(sink)
}

fn admit_late(line: &Line, terminal: &Terminal, office: &Office) -> Result<Admitted, Wrong> {
    let scan = Scan::parse(line.bytes.as_ref().map_err(Clone::clone)?)?;
    let authentic = authenticate_late(scan, terminal, &office.gate, clock::now())?;
    let coloured = colour::colour(authentic, &office.gate.colours);
    Ok(admit::admit(coloured, &office.gate.policies))
}

/// Journals a group and answers it in the order it came.
async fn keep_batch(
    office: &Office,
    group: &mut Vec<(u64, Result<Admitted, Wrong>)>,
    sink: &mut Sink,
) -> Result<(), Gone> {
    let (mut admitted, mut places) = (Vec::new(), Vec::new());
    for (number, line) in group.drain(..) {
        places.push((number, line.map(|scan| admitted.push(scan))));
    }
    let mut kept = match journal::keep_late(admitted, &office.intake).await {
        Ok(kept) => Ok(kept.into_iter()),
        Err(refusal) => Err(Wrong::from(refusal)),
    };
    let mut text = BytesMut::new();
    for (number, place) in places {
        let answered = place.and_then(|()| match &mut kept {
            Ok(kept) => Ok(kept.next().expect("a check-in was kept a scan")),
            Err(wrong) => Err(wrong.clone()),
        });
        match answered {
            Ok(kept) => {
                text.clear();
                answer::answer(&kept, &office.gate.policies, &mut text);
                sink.raw(&text).await?;
            }
            Err(wrong) => sink.line(&wrong.line(number)).await?,
        }
    }
    sink.flush().await
}

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
struct Imported {
    id: CheckInId,
}

/// `POST /v1/check-ins/import`.
pub(super) async fn import(
    Authority(_): Authority,
    State(office): State<Arc<Office>>,
    body: Body,
) -> Response {
    ndjson::answer(|sink| take_import(office, Lines::new(body), sink))
}

async fn take_import(office: Arc<Office>, mut lines: Lines, mut sink: Sink) -> Result<Sink, Gone> {
    let mut group: Vec<(u64, Result<CheckIn, Wrong>)> = Vec::new();
    loop {
        let line = match lines.next().await {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(wrong) => {
                keep_import(&office, &mut group, &mut sink).await?;
                sink.line(&wrong.line(0)).await?;
                return Ok(sink);
            }
        };
        group.push((line.number, imported(&line, &office)));
        if group.len() >= CHECK_INS_MAX || lines.is_waiting() {
            keep_import(&office, &mut group, &mut sink).await?;
        }
    }
    keep_import(&office, &mut group, &mut sink).await?;
    Ok(sink)
}

fn imported(line: &Line, office: &Office) -> Result<CheckIn, Wrong> {
    let ImportLine { person, venue, at, direction } = line.parse()?;
    let now = clock::now();
    if at > now.plus_ms(AHEAD_MS_MAX) {
        return Err(Wrong::Malformed("at lies in the future".into()));
    }
    if now.since_ms(at) > u64::from(office.settings.retention_days) * DAY_MS {
        return Err(Wrong::Malformed("at is longer ago than trails are kept".into()));
    }
    if office.gate.venues.get(venue).is_none() {
        return Err(Wrong::VenueUnknown);
    }
    if !office.registry.is_registered(person)? {
        return Err(Wrong::PersonUnknown);
    }
    let id = check_in_id(person, venue, direction, Moment::At(at));
    Ok(CheckIn { id, person, venue, at, direction, mode: Mode::Import, outcome: None })
}

async fn keep_import(
    office: &Office,
    group: &mut Vec<(u64, Result<CheckIn, Wrong>)>,
    sink: &mut Sink,
) -> Result<(), Gone> {
    let check_ins: Vec<CheckIn> = group.iter().filter_map(|(_, line)| line.as_ref().ok()).copied().collect();
    let kept = office.intake.keep(&check_ins).await.map_err(Wrong::from);
    for (number, line) in group.drain(..) {
        match line.and_then(|check_in| kept.clone().map(|()| check_in.id)) {
            Ok(id) => sink.line(&Imported { id }).await?,
            Err(wrong) => sink.line(&wrong.line(number)).await?,
        }
    }
    sink.flush().await
}
