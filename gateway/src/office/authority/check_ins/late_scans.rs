//! Scans that a terminal made while its link was down. Before they are judged, the stores are asked for what
//! was acknowledged before and for the evidence of then. If they do not answer in time, the scans are
//! journaled all the same: the readers of the trails merge what was recorded twice.

use crate::clock;
use crate::office::http::auth::DoorTerminal;
use crate::office::http::error::OfficeError;
use crate::office::http::line_handler::{self, GroupResult, LineHandler};
use crate::office::http::ndjson::NdjsonLine;
use crate::office::{CATCH_UP_MAX, Office, blocking};
use crate::rooms::authenticate::Terminal;
use crate::rooms::intake::CHECK_INS_MAX;
use crate::rooms::journal::DurableCheckIns;
use crate::rooms::late::{JudgedScan, LatePerson, LateScan, PastRecords, PersonRecord};
use crate::rooms::{answer, journal};
use crate::tables::recent::RecentCheckIn;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::BytesMut;
use scangate_core::check_in::CheckIn;
use scangate_core::co_presence::PersonAsk;
use scangate_core::id::{CheckInId, PersonId};
use scangate_core::limits::{COMPANIONS_MAX, STEP_VALID_MS};
use scangate_core::time::Timestamp;
use scangate_core::visit::Window;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The scans of one journal append: with all their companions they fit into the intake's limit.
const SCANS_A_GROUP: usize = CHECK_INS_MAX / (1 + COMPANIONS_MAX);
/// The longest wait of a group for the stores, including the batcher's.
const LOOK_BACK_MAX: Duration = Duration::from_secs(5);
/// The time for which a request does not ask stores again that have not answered.
const LOOK_BACK_PAUSE: Duration = Duration::from_secs(30);

/// `POST /v1/check-ins/batch`.
pub(in crate::office) async fn batch(
    DoorTerminal(terminal): DoorTerminal,
    State(office): State<Arc<Office>>,
    body: Body,
) -> Response {
    line_handler::answer(LateScans { office, terminal, asks_after: Mutex::default() }, body)
}

/// The handler of late scans.
struct LateScans {
    office: Arc<Office>,
    terminal: Terminal,
    /// The end of the pause after stores that did not answer.
    asks_after: Mutex<Option<Instant>>,
}

impl LineHandler for LateScans {
    type Entry = LateScan;
    type Stored = DurableCheckIns;
    const GROUP_MAX: usize = SCANS_A_GROUP;

    fn read(&self, line: &NdjsonLine) -> Result<LateScan, OfficeError> {
        let bytes = line.bytes.as_ref().map_err(Clone::clone)?;
        Ok(LateScan::read(bytes, &self.terminal, &self.office.tables, clock::now())?)
    }

    async fn store(&self, scans: Vec<LateScan>) -> GroupResult<DurableCheckIns> {
        let tables = &self.office.tables;
        let mut past = self.look_back(&scans).await;
        let judged: Vec<JudgedScan> = scans.into_iter().map(|scan| scan.judge(&mut past, tables)).collect();
        let durable =
            journal::journal_late(judged, &tables.recent, &self.office.intake, clock::now()).await?;
        Ok(durable.into_iter().map(Ok).collect())
    }

    fn answer(&self, kept: DurableCheckIns, text: &mut BytesMut) -> Result<(), OfficeError> {
        answer::answer_late(&kept, &self.office.tables, text);
        Ok(())
    }
}

impl LateScans {
    /// The past of these scans' people: from memory, then from the stores within [`LOOK_BACK_MAX`].
    async fn look_back(&self, scans: &[LateScan]) -> PastRecords {
        let now = clock::now();
        let (mut acknowledged, mut open) = (HashMap::new(), Vec::new());
        for scan in scans {
            for person in scan.people() {
                match remembered(&self.office, &person, now) {
                    Some(known) => {
                        let first = scan.check_in(&person, known.at, known.outcome);
                        acknowledged.insert(person.id, first);
                    }
                    None => open.push(person),
                }
            }
        }
        let mut past = PastRecords { acknowledged, people: HashMap::new() };
        if open.is_empty() || self.is_pausing() {
            return past;
        }
        let office = Arc::clone(&self.office);
        let asked = tokio::time::timeout(LOOK_BACK_MAX, async {
            office.drains.caught_up(CATCH_UP_MAX).await;
            let office = Arc::clone(&office);
            blocking(move || read_past(&office, &open)).await?
        });
        match asked.await {
            Ok(Ok(read)) => {
                past.acknowledged.extend(read.acknowledged);
                past.people = read.people;
            }
            Ok(Err(_)) | Err(_) => self.pause(),
        }
        past
    }

    fn is_pausing(&self) -> bool {
        let until = *self.asks_after.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn pause(&self) {
        tracing::warn!(
            event = "late-scans-unknown",
            "the stores do not answer: late scans are kept with an unknown colour"
        );
        let until = Instant::now() + LOOK_BACK_PAUSE;
        *self.asks_after.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }
}

/// The record of a check-in in memory, if it was acknowledged: one that is still on its way to disk was not.
pub(super) fn remembered(office: &Office, late: &LatePerson, now: Timestamp) -> Option<RecentCheckIn> {
    let known = office.tables.recent.known(late.step, late.id, now);
    known.filter(|known| office.intake.is_on_disk(known.ticket))
}

/// Reads the trails for check-ins that were acknowledged before.
pub(super) fn read_acknowledged(
    office: &Office,
    open: &[LatePerson],
) -> Result<HashMap<CheckInId, CheckIn>, OfficeError> {
    let near = |at: Timestamp| Window { from: at.minus_ms(STEP_VALID_MS), to: at.plus_ms(STEP_VALID_MS) };
    let asks: Vec<PersonAsk> =
        open.iter().map(|late| PersonAsk { person: late.person, window: near(late.at) }).collect();
    let wanted: HashSet<CheckInId> = open.iter().map(|late| late.id).collect();
    let trails = office.trails.persons(&asks)?;
    let found = trails.into_iter().flatten().filter(|check_in| wanted.contains(&check_in.id));
    Ok(found.map(|check_in| (check_in.id, check_in)).collect())
}

/// Reads the trails for check-ins that were acknowledged before, and the records of the other people.
fn read_past(office: &Office, open: &[LatePerson]) -> Result<PastRecords, OfficeError> {
    let acknowledged = read_acknowledged(office, open)?;
    let others = open.iter().filter(|late| !acknowledged.contains_key(&late.id));
    let mut others: Vec<PersonId> = others.map(|late| late.person).collect();
    others.sort_unstable();
    others.dedup();
    let registered = office.registry.evidence_of_registered(&others)?.into_iter().flatten();
    let records = registered
        .map(|(person, evidence)| (person.id, PersonRecord { registered: person.registered, evidence }));
    Ok(PastRecords { acknowledged, people: records.collect() })
}
