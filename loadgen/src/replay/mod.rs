//! Replay of recorded check-ins. It registers their people and venues and imports the check-ins as if they
//! had just happened. Then it compares the gateway's co-presence answers with the brute-force calculation in
//! `reckon`.

pub mod reckon;

use self::reckon::{ContactSummary, RegisterRow, StayRegister};
use crate::city::{post_lines, residents, venues};
use crate::client::trails::read_through;
use crate::client::{ClientConnection, LoadTarget, RefusalError, Version};
use crate::drive::now;
use anyhow::{Context as _, bail};
use indicatif::ProgressBar;
use scangate_core::id::{CheckInId, PersonId};
use scangate_core::text::without_mark;
use scangate_core::time::{DAY_MS, Timestamp};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// The age that the last recorded check-in has when it is imported.
const END_MS: i64 = 60_000;
/// The longest span of an imported register: one day less than the retention of trails.
const SPAN_MS_MAX: i64 = 13 * DAY_MS as i64;

/// The offsets from UTC are less than a day.
const DAY_S: u32 = 86_400;
/// The byte order marks of UTF-16.
const UTF_16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// A recorded check-in: one row of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedVisit {
    /// The user, by the file's own name.
    pub user: String,
    /// The venue, by the file's own name.
    pub venue: String,
    /// The recorded time. **Units**: milliseconds since 1970.
    pub at: i64,
}

/// Reads a file of `user,venue,…,time`, separated by commas or tabs, with or without a header.
pub fn read(path: &Path) -> anyhow::Result<Vec<RecordedVisit>> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    parse(&bytes).with_context(|| path.display().to_string())
}

/// Parses a register in any encoding that contains ASCII, such as UTF-8, Latin-1 or GBK: the columns that
/// count are ASCII, and no byte of another character is a delimiter or a quote.
fn parse(bytes: &[u8]) -> anyhow::Result<Vec<RecordedVisit>> {
    anyhow::ensure!(!UTF_16_MARKS.contains(&&bytes[..bytes.len().min(2)]), "it is UTF-16: save it as UTF-8");
    let bytes = without_mark(bytes);
    let first = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let delimiter = if first.contains(&b'\t') { b'\t' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(bytes);
    let mut visits = Vec::new();
    for (number, record) in reader.byte_records().enumerate() {
        let record = record?;
        let (Some(user), Some(venue), Some(time)) = (record.get(0), record.get(1), record.iter().next_back())
        else {
            bail!("line {}: fewer than three columns", number + 1);
        };
        // Only a header may have a word for its time.
        let Some(at) = time_of(time) else {
            anyhow::ensure!(number == 0, "line {}: `{}` is not a time", number + 1, time.escape_ascii());
            continue;
        };
        let [user, venue] = [user, venue].map(str::from_utf8);
        let (Ok(user), Ok(venue)) = (user, venue) else {
            bail!("line {}: user and venue are not UTF-8: save the file as UTF-8", number + 1);
        };
        visits.push(RecordedVisit { user: user.to_owned(), venue: venue.to_owned(), at });
    }
    Ok(visits)
}

/// The time of a column: RFC 3339, or the form of Twitter and Foursquare. **Units**: milliseconds since 1970.
fn time_of(text: &[u8]) -> Option<i64> {
    let text = str::from_utf8(text).ok()?.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return i64::try_from(at.0).ok();
    }
    let broken_down = jiff::fmt::strtime::parse("%a %b %d %H:%M:%S %z %Y", text).ok()?;
    broken_down.offset().filter(|offset| offset.seconds().unsigned_abs() < DAY_S)?;
    Some(broken_down.to_timestamp().ok()?.as_millisecond())
}

/// The counts of a replay's comparisons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayResult {
    /// Imported check-ins.
    pub imported: usize,
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

#[derive(Deserialize)]
struct ImportReply {
    #[expect(dead_code, reason = "the reply only has to be an id rather than a problem")]
    id: CheckInId,
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
    let rows = import(&mut connection, authority, visits).await?;
    let imported = now();
    let register = StayRegister::new(&rows);
    let asked = sample_people(&rows, people_max);
    let window = rows.iter().map(|row| row.at).min().zip(rows.iter().map(|row| row.at).max());
    let Some((from, last)) = window else { bail!("the register is empty") };
    let to = last + 2 * END_MS;
    let mut replayed = ReplayResult { imported: rows.len(), ..ReplayResult::default() };
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

/// Registers the people and venues, and imports the latest days. The times between check-ins stay as
/// recorded.
async fn import(
    connection: &mut ClientConnection,
    authority: &str,
    visits: &[RecordedVisit],
) -> anyhow::Result<Vec<RegisterRow>> {
    let last = visits.iter().map(|visit| visit.at).max().context("the register is empty")?;
    let visits: Vec<&RecordedVisit> = visits.iter().filter(|visit| visit.at > last - SPAN_MS_MAX).collect();
    let users = numbered(visits.iter().map(|visit| visit.user.as_str()));
    let places = numbered(visits.iter().map(|visit| visit.venue.as_str()));
    // Each replay registers new people, so that the check-ins of an earlier replay do not end their visits.
    let seed = now().0;
    let residents = residents(connection, authority, seed, users.len()).await?;
    let venues = venues(connection, authority, places.len()).await?;
    let end = i64::try_from(now().0)? - END_MS;
    let rows: Vec<RegisterRow> = visits
        .iter()
        .map(|visit| RegisterRow {
            person: residents[users[visit.user.as_str()]].person,
            at: visit.at - last + end,
            venue: venues[places[visit.venue.as_str()]].venue,
        })
        .collect();
    let lines: anyhow::Result<Vec<String>> = rows.iter().map(import_line).collect();
    let _: Vec<ImportReply> = post_lines(connection, "/v1/check-ins/import", authority, &lines?).await?;
    Ok(rows)
}

/// Gives each distinct name a number, in the order of first occurrence.
fn numbered<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
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
    let answer = connection.call("POST", "/v1/cases", tracer, case.to_string()).await;
    let answer = answer.map_err(|error| match error.downcast_ref::<RefusalError>() {
        Some(RefusalError { status: 429, .. }) => {
            anyhow::anyhow!(
                "the tracer's daily query quota is spent: use a smaller --people, or try again tomorrow"
            )
        }
        Some(_) | None => error,
    })?;
    Ok(serde_json::from_slice::<CaseReply>(&answer)?.case)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_read_by_comma_or_tab_with_a_header_or_without() {
        let visit = |at| RecordedVisit { user: "7".into(), venue: "abc".into(), at };
        for (text, at) in [
            ("user,venue,x,time\n7,abc,1,Tue Apr 03 18:17:18 +0000 2012\n", 1_333_477_038_000),
            ("7\tabc\t1\tTue Apr 03 18:17:18 +0000 2012\n", 1_333_477_038_000),
            ("7,abc,2022-01-04T00:00:00.123Z\n", 1_641_254_400_123),
            ("\u{feff}7,abc,2022-01-04T08:00:00+08:00\r\n", 1_641_254_400_000),
            ("\u{feff}user,venue,time\r\n7,abc,2022-01-04T00:00:00Z\r\n", 1_641_254_400_000),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap(), [visit(at)], "{text}");
        }
        for (text, fault) in [
            ("7,abc,2022-01-04T00:00:00Z\n7,abc,never\n", "line 2: `never`"),
            ("7,abc,2022-01-04T00:00:00Z\n7,abc,2022-01-04T00:00:00+24:00\n", "line 2"),
            ("7,abc,2022-01-04T00:00:00Z\n7,abc,Tue Apr 03 18:17:18 +2400 2012\n", "line 2"),
            ("7\n", "line 1"),
        ] {
            assert!(parse(text.as_bytes()).unwrap_err().to_string().contains(fault), "{text}");
        }
    }

    #[test]
    fn columns_that_do_not_count_may_be_in_any_encoding_that_contains_ascii() {
        let visit = RecordedVisit { user: "7".into(), venue: "abc".into(), at: 1_641_254_400_000 };
        let (latin_1, gbk) = (&b"Caf\xe9"[..], &b"\xbf\xa7\xb7\xc8\x81\x5c"[..]);
        for other in [latin_1, gbk] {
            let header = [b"user,venue,", other, b",time\r\n"].concat();
            let row = [b"7,abc,", other, b",2022-01-04T00:00:00Z\r\n"].concat();
            for register in [[&header[..], &row].concat(), row] {
                assert_eq!(parse(&register).unwrap(), std::slice::from_ref(&visit));
            }
        }
        let user = parse(b"\xe9,abc,2022-01-04T00:00:00Z\n").unwrap_err();
        assert!(user.to_string().contains("not UTF-8"), "{user}");
        let utf_16: Vec<u8> = "\u{feff}7,abc".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(parse(&utf_16).unwrap_err().to_string().contains("UTF-16"));
    }
}
