//! Replay of recorded check-ins. It registers their people and venues and imports the check-ins as if they
//! had just happened. Then it compares the gateway's co-presence answers with the brute-force calculation in
//! `reckon`. `live` sends them as scans instead.

pub mod live;
pub mod reckon;
pub mod register;
mod rows;

use self::reckon::{ContactSummary, RegisterRow, StayRegister};
use self::register::{LeftOut, LeftOutReason, RecordedVisit, SPAN_MS_MAX};
use crate::city::{LoadCity, LoadResident, LoadVenue, residents, venues};
use crate::client::lines::post_lines;
use crate::client::trails::read_through;
use crate::client::{ClientConnection, LoadTarget, RefusalError, Version};
use crate::drive::now;
use anyhow::{Context as _, bail};
use indicatif::ProgressBar;
use scangate_core::id::{CheckInId, PersonId};
use scangate_core::time::Timestamp;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// The age that the last recorded check-in has when it is imported.
const END_MS: i64 = 60_000;

/// The counts of a replay's comparisons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayResult {
    /// Imported check-ins.
    pub imported: usize,
    /// The check-ins that the gateway refused to import.
    pub left_out: LeftOut,
    /// People whose co-presence was queried.
    pub asked: usize,
    /// People whose answers equal the calculation, over one hop and two.
    pub equal: usize,
    /// The first answer that differs.
    pub difference: Option<String>,
}

impl ReplayResult {
    /// Counts a person, whose answers are equal if there is no difference.
    fn add(&mut self, difference: Option<String>) {
        self.asked += 1;
        self.equal += usize::from(difference.is_none());
        if self.difference.is_none() {
            self.difference = difference;
        }
    }
}

/// The gateway's reply to a line of an import.
#[derive(Deserialize)]
#[serde(untagged)]
enum ImportReply {
    Stored {
        #[expect(dead_code, reason = "the reply only has to be an id rather than a problem")]
        id: CheckInId,
    },
    Refused {
        code: String,
        #[serde(default)]
        detail: String,
    },
}

/// Replays a register and queries at most `people_max` people.
pub async fn replay(
    target: &LoadTarget,
    authority: &str,
    tracer: &str,
    visits: &[RecordedVisit],
    people_max: usize,
) -> anyhow::Result<ReplayResult> {
    let mut connection = target.connect(Version::Http3).await?;
    let (rows, left_out) = import(&mut connection, authority, visits).await?;
    let imported = now();
    let register = StayRegister::new(&rows);
    let asked = sample_people(&rows, people_max);
    let window = rows.iter().map(|row| row.at).min().zip(rows.iter().map(|row| row.at).max());
    let Some((from, last)) = window else { bail!("no check-in was imported\n{left_out}") };
    let to = last + 2 * END_MS;
    let mut replayed = ReplayResult { imported: rows.len(), left_out, ..ReplayResult::default() };
    let bar = ProgressBar::new(asked.len() as u64);
    for person in asked {
        let case = open_case(&mut connection, tracer, person, from, to).await?;
        let mut first_difference = None;
        for hops in [1, 2] {
            let (found, through) = co_presence(&mut connection, tracer, &case, hops, imported).await?;
            let expected = register.contacts(person, (from, to), hops, i64::try_from(through.0)?);
            if found != expected {
                first_difference.get_or_insert_with(|| difference(person, hops, &expected, &found));
            }
        }
        replayed.add(first_difference);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(replayed)
}

/// The people to query: every nth of the register, so that they are at most `people_max`.
fn sample_people(rows: &[RegisterRow], people_max: usize) -> Vec<PersonId> {
    let mut people: Vec<PersonId> = rows.iter().map(|row| row.person).collect();
    people.sort_unstable();
    people.dedup();
    let every = people.len().div_ceil(people_max.max(1)).max(1);
    people.into_iter().step_by(every).collect()
}

fn difference(person: PersonId, hops: u8, expected: &[ContactSummary], found: &[ContactSummary]) -> String {
    let at = expected.iter().zip(found).position(|(one, other)| one != other);
    let at = at.unwrap_or(expected.len().min(found.len()));
    format!(
        "{person}, {hops} hops, contact {at} of {} and {}: calculated {:?}, answered {:?}",
        expected.len(),
        found.len(),
        expected.get(at),
        found.get(at)
    )
}

/// Registers the people and venues, and imports the check-ins. The times between check-ins stay as recorded.
/// Returns the imported check-ins and those that the gateway refused.
async fn import(
    connection: &mut ClientConnection,
    authority: &str,
    visits: &[RecordedVisit],
) -> anyhow::Result<(Vec<RegisterRow>, LeftOut)> {
    let span = register_span(visits)?;
    let end = i64::try_from(now().0)? - END_MS;
    let named = register_city(connection, authority, visits).await?;
    let rows = visits.iter().map(|visit| RegisterRow {
        person: named.resident(visit).person,
        at: visit.at - span.1 + end,
        venue: named.venue(visit).venue,
    });
    let rows: Vec<RegisterRow> = rows.collect();
    let lines: anyhow::Result<Vec<String>> = rows.iter().map(import_line).collect();
    let replies: Vec<ImportReply> =
        post_lines(connection, "/v1/check-ins/import", authority, &lines?).await?;
    let (mut imported, mut left_out) = (Vec::with_capacity(rows.len()), LeftOut::default());
    for ((row, visit), reply) in rows.into_iter().zip(visits).zip(replies) {
        match reply {
            ImportReply::Stored { .. } => imported.push(row),
            ImportReply::Refused { code, detail } => {
                left_out.add(LeftOutReason::Refused(code), visit.line, detail.as_bytes());
            }
        }
    }
    Ok((imported, left_out))
}

/// The first and the last time of a register. **Errors**: it is empty; it is longer than trails are retained.
fn register_span(visits: &[RecordedVisit]) -> anyhow::Result<(i64, i64)> {
    let times = || visits.iter().map(|visit| visit.at);
    let span = times().min().zip(times().max()).context("the register is empty")?;
    anyhow::ensure!(span.1 - span.0 < SPAN_MS_MAX, "the register is longer than trails are retained");
    Ok(span)
}

/// The registered people and venues of a register, by the names in its file.
struct NamedCity<'a> {
    users: BTreeMap<&'a [u8], usize>,
    places: BTreeMap<&'a [u8], usize>,
    city: LoadCity,
}

impl NamedCity<'_> {
    fn resident(&self, visit: &RecordedVisit) -> &LoadResident {
        &self.city.residents[self.users[&visit.user[..]]]
    }

    fn venue(&self, visit: &RecordedVisit) -> &LoadVenue {
        &self.city.venues[self.places[&visit.venue[..]]]
    }
}

/// Registers a person for each user and a venue for each venue of a register. Each replay registers new
/// people, so that the check-ins of an earlier replay do not end their visits.
async fn register_city<'a>(
    connection: &mut ClientConnection,
    authority: &str,
    visits: &'a [RecordedVisit],
) -> anyhow::Result<NamedCity<'a>> {
    let users = numbered(visits.iter().map(|visit| &visit.user[..]));
    let places = numbered(visits.iter().map(|visit| &visit.venue[..]));
    let residents = residents(connection, authority, now().0, users.len()).await?;
    let venues = venues(connection, authority, places.len()).await?;
    Ok(NamedCity { users, places, city: LoadCity { venues, residents } })
}

/// Gives each distinct name a number, in the order of first occurrence.
fn numbered<'a>(names: impl Iterator<Item = &'a [u8]>) -> BTreeMap<&'a [u8], usize> {
    let mut numbers = BTreeMap::new();
    for name in names {
        let next = numbers.len();
        numbers.entry(name).or_insert(next);
    }
    numbers
}

fn import_line(row: &RegisterRow) -> anyhow::Result<String> {
    let at = Timestamp(u64::try_from(row.at)?);
    Ok(json!({"person": row.person, "venue": row.venue, "at": at}).to_string())
}

#[derive(Deserialize)]
struct CaseReply {
    case: String,
}

/// Opens a case about a person for a window of check-in times. **Units**: milliseconds since 1970.
pub async fn open_case(
    connection: &mut ClientConnection,
    tracer: &str,
    person: PersonId,
    from: i64,
    to: i64,
) -> anyhow::Result<String> {
    let (from, to) = (Timestamp(u64::try_from(from)?), Timestamp(u64::try_from(to)?));
    let case = json!({
        "person": person, "purpose": "contact-tracing", "reference": "replay", "from": from, "to": to,
    });
    let opened = post_lines::<CaseReply>(connection, "/v1/cases", tracer, &[case.to_string()]).await;
    let opened = opened.map_err(|error| match error.downcast_ref::<RefusalError>() {
        Some(RefusalError { status: 429, .. }) => {
            anyhow::anyhow!(
                "the tracer's daily query quota is spent: use a smaller --people, or try again tomorrow"
            )
        }
        Some(_) | None => error,
    })?;
    opened.into_iter().next().map(|CaseReply { case }| case).context("a case was opened")
}

#[derive(Deserialize)]
struct CoPresenceReply {
    complete_through: Timestamp,
    contacts: Vec<ContactReply>,
}

#[derive(Deserialize)]
struct ContactReply {
    person: PersonId,
    hop: u8,
    overlap_s: u64,
    encounters: Vec<EncounterReply>,
}

#[derive(Deserialize)]
struct EncounterReply {
    overlap_s: u64,
}

/// Queries the contacts of a case's person. The answer includes every check-in acknowledged up to `through`.
/// Returns the contacts and the time up to which the answer is complete.
pub async fn co_presence(
    connection: &mut ClientConnection,
    tracer: &str,
    case: &str,
    hops: u8,
    through: Timestamp,
) -> anyhow::Result<(Vec<ContactSummary>, Timestamp)> {
    let path = format!("/v1/cases/{case}/co-presence?hops={hops}");
    let answer: CoPresenceReply = read_through(connection, &path, || tracer.to_owned(), through).await?;
    let contacts = answer.contacts.into_iter().map(|ContactReply { person, hop, overlap_s, encounters }| {
        let sum: u64 = encounters.iter().map(|met| met.overlap_s).sum();
        anyhow::ensure!(sum == overlap_s, "{person}: {overlap_s} s is not the sum of the encounters");
        Ok(ContactSummary { person, hop, overlap_s, encounters: encounters.len() })
    });
    Ok((contacts.collect::<anyhow::Result<_>>()?, answer.complete_through))
}
