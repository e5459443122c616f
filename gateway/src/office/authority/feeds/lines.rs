//! The lines of a feed: each is a fact about a person, the withdrawal of an earlier one, a colour, or a fact
//! and a colour. A feed is valid as a whole or rejected, so people who are not registered here are checked
//! too.

use super::FeedHead;
use crate::clock;
use crate::office::colours::cpu_throttle::CpuThrottle;
use crate::office::http::error::OfficeError;
use crate::office::{Office, PEOPLE_AT_ONCE};
use aws_lc_rs::digest;
use scangate_core::certificate::{SALT_BYTES, subject};
use scangate_core::colour::Colour;
use scangate_core::fact::{Fact, FactKind, FactLine, Force};
use scangate_core::id::{FactId, PersonId};
use scangate_core::person::Document;
use scangate_storage::registry::{FactReport, Person, RegistryError};
use serde::Deserialize;
use serde_json::{Map, Value, json as value};
use std::collections::HashMap;
use std::fmt::Display;

/// The longest reason of a withdrawal.
const REASON_BYTES_MAX: usize = 1_000;

/// A parsed line.
pub(super) struct FeedEntry {
    pub(super) person: Option<PersonId>,
    pub(super) act: FeedAct,
    /// The colour that the source shows for the person.
    pub(super) colour: Option<Colour>,
}

/// The effect of a line on the facts on record.
pub(super) enum FeedAct {
    /// It adds a fact.
    Add(Fact),
    /// It withdraws a fact of an earlier line.
    Withdraw {
        /// The fact.
        fact: Fact,
        /// The source's reason.
        reason: String,
    },
    /// Its fact or its withdrawal is on record already, and says the same or something else.
    Known(FactReport),
    /// It withdraws a fact that is not on record.
    UnknownWithdrawal,
    /// It names no fact, or a person who is not registered here.
    None,
}

/// A line as sent: it has the document or the subject in place of the person.
#[derive(Deserialize)]
struct FeedLine {
    #[serde(default)]
    document: Option<Document>,
    #[serde(default)]
    subject: Option<String>,
    /// The salt of the subject, which is the head's.
    #[serde(default)]
    salt: Option<String>,
    #[serde(default)]
    colour: Option<Colour>,
    /// The fact's id at its source.
    #[serde(default)]
    id: Option<FactId>,
    /// The time at which the source recorded the fact. This city has its own.
    #[serde(default, rename = "recorded")]
    _recorded: Option<scangate_core::time::Timestamp>,
    #[serde(default)]
    force: Option<Force>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// A fact as the source sees it, before it is compared with the facts on record.
struct SentFact {
    fact: Fact,
    /// The reason of the fact's withdrawal, if it is withdrawn.
    withdrawn: Option<String>,
}

fn of_line(number: usize, wrong: &dyn Display) -> OfficeError {
    OfficeError::Malformed(format!("line {}: {wrong}; nothing of the feed was stored", number + 2).into())
}

/// Parses every line or none. **Errors**: the number of the first bad line. **Cost**: where lines have
/// subjects, one read of every person.
pub(super) fn read(office: &Office, head: &FeedHead, texts: &[&str]) -> Result<Vec<FeedEntry>, OfficeError> {
    let mut sent = Vec::with_capacity(texts.len());
    for (number, text) in texts.iter().enumerate() {
        let line: FeedLine =
            serde_json::from_str(text).map_err(|_| of_line(number, &"it is not a line of a feed"))?;
        sent.push(checked(head, line).map_err(|wrong| of_line(number, &wrong))?);
    }
    let people = people(office, head, &sent)?;
    let mut read = Vec::with_capacity(sent.len());
    for (number, (line, person)) in sent.into_iter().zip(people).enumerate() {
        let colour = line.colour;
        let fact = sent_fact(head, person, line).map_err(|wrong| of_line(number, &wrong))?;
        read.push((person, colour, fact));
    }
    compare(office, read)
}

/// Checks how a line names its person.
fn checked(head: &FeedHead, mut line: FeedLine) -> Result<FeedLine, String> {
    match (line.document.take(), &line.subject) {
        (Some(document), None) => {
            line.document = Some(document.checked().map_err(|error| error.to_string())?);
        }
        (None, Some(_)) if head.salt.is_none() => {
            return Err("a subject needs the salt in the feed's head".into());
        }
        (None, Some(_)) if line.salt.is_some() && line.salt != head.salt => {
            return Err("its salt is not that of the feed's head".into());
        }
        (None, Some(_)) => {}
        (None, None) | (Some(_), Some(_)) => return Err("it needs a document or a subject".into()),
    }
    Ok(line)
}

/// The person of each line, if registered here.
fn people(
    office: &Office,
    head: &FeedHead,
    lines: &[FeedLine],
) -> Result<Vec<Option<PersonId>>, OfficeError> {
    let documents: Vec<&Document> = lines.iter().filter_map(|line| line.document.as_ref()).collect();
    let mut by_document = office.registry.people_by_document(&documents)?.into_iter();
    let subjects = lines.iter().filter_map(|line| line.subject.as_deref());
    let by_subject = match head.salt()? {
        Some(salt) => people_by_subject(office, &salt, subjects)?,
        None => HashMap::new(),
    };
    let person = |line: &FeedLine| match &line.subject {
        Some(subject) => by_subject.get(subject.as_str()).copied().flatten(),
        None => by_document.next().flatten(),
    };
    Ok(lines.iter().map(person).collect())
}

/// The person of each subject. One salt a feed makes this one hash a person, instead of one for each person
/// and line. **Cost**: reads and decrypts every person, with pauses that leave the core to the workers; holds
/// the feed's subjects in memory.
fn people_by_subject<'a>(
    office: &Office,
    salt: &[u8; SALT_BYTES],
    subjects: impl Iterator<Item = &'a str>,
) -> Result<HashMap<&'a str, Option<PersonId>>, RegistryError> {
    let mut people: HashMap<&str, Option<PersonId>> = subjects.map(|subject| (subject, None)).collect();
    if people.is_empty() {
        return Ok(people);
    }
    let mut throttle = CpuThrottle::on();
    office.registry.everybody(|Person { id: person, personal, .. }| {
        let document = &personal.document;
        if let Some(found) = people.get_mut(subject(salt, document).as_str()) {
            *found = Some(person);
        }
        throttle.pause();
    })?;
    Ok(people)
}

/// The fact of a line, if it has one. Its id is derived from its id at the source, by which other lines name
/// it, or from its identity.
fn sent_fact(head: &FeedHead, person: Option<PersonId>, line: FeedLine) -> Result<Option<SentFact>, String> {
    let FeedLine { id, force, mut rest, .. } = line;
    if rest.is_empty() && id.is_none() && force.is_none() {
        return Ok(None);
    }
    // An unregistered person is checked too: a feed is valid as a whole or rejected.
    rest.insert("person".into(), value!(person.unwrap_or(PersonId(0))));
    rest.entry("source").or_insert_with(|| value!(head.source));
    let line: FactLine =
        serde_json::from_value(Value::Object(rest)).map_err(|_| "it is not a fact".to_owned())?;
    if line.source != head.source {
        return Err("its source is not the feed's".into());
    }
    let mut fact = line.fact(clock::now()).map_err(|error| error.to_string())?;
    if let Some(id) = id {
        fact.id = fact_id(&[&head.source, &id.to_string()]);
        translate(head, &mut fact.kind);
    }
    let withdrawn = match force {
        None | Some(Force::InForce) => None,
        Some(Force::Withdrawn(withdrawal)) => Some(withdrawal.reason),
    };
    let is_reason = |reason: &String| !reason.trim().is_empty() && reason.len() <= REASON_BYTES_MAX;
    if !withdrawn.as_ref().is_none_or(is_reason) {
        return Err(format!("the reason of a withdrawal must have 1 to {REASON_BYTES_MAX} bytes"));
    }
    Ok(Some(SentFact { fact, withdrawn }))
}

/// A fact that ends another one names it by its id at the source.
fn translate(head: &FeedHead, kind: &mut FactKind) {
    if let FactKind::Released { of: Some(of) }
    | FactKind::RuledOut { of: Some(of) }
    | FactKind::CloseContact { of: Some(of) } = kind
    {
        *of = fact_id(&[&head.source, &of.to_string()]);
    }
}

fn fact_id(parts: &[&str]) -> FactId {
    let whole = digest::digest(&digest::SHA256, parts.join("\0").as_bytes());
    let mut id = [0; 8];
    id.copy_from_slice(&whole.as_ref()[..8]);
    FactId(u64::from_be_bytes(id))
}

type ReadLine = (Option<PersonId>, Option<Colour>, Option<SentFact>);

/// Compares each line with the facts on record and with the lines before it.
fn compare(office: &Office, lines: Vec<ReadLine>) -> Result<Vec<FeedEntry>, OfficeError> {
    let mut people: Vec<PersonId> =
        lines.iter().filter(|(_, _, fact)| fact.is_some()).filter_map(|(person, ..)| *person).collect();
    people.sort_unstable();
    people.dedup();
    let mut known: HashMap<PersonId, Vec<Fact>> = HashMap::with_capacity(people.len());
    for people in people.chunks(PEOPLE_AT_ONCE) {
        let evidence = office.registry.evidence_of_registered(people)?;
        known.extend(evidence.into_iter().flatten().map(|(person, evidence)| (person.id, evidence.facts)));
    }
    let entry = |(person, colour, fact): ReadLine| {
        // A person without an entry was erased meanwhile.
        let known = person.and_then(|person| known.get_mut(&person));
        let act = fact.zip(known).map_or(FeedAct::None, |(fact, known)| act(fact, known));
        FeedEntry { person, act, colour }
    };
    Ok(lines.into_iter().map(entry).collect())
}

fn act(SentFact { fact, withdrawn }: SentFact, known: &mut Vec<Fact>) -> FeedAct {
    let is_same = |known: &&mut Fact| known.id == fact.id || known.identity() == fact.identity();
    let same = known.iter_mut().filter(is_same);
    let found = same.max_by_key(|known| (known.id == fact.id, known.force == Force::InForce));
    match (found, withdrawn) {
        (None, Some(_)) => FeedAct::UnknownWithdrawal,
        (Some(found), Some(reason)) if found.force == Force::InForce => {
            let withdrawal = scangate_core::fact::Withdrawal { reason: reason.clone(), at: None };
            let before = found.clone();
            found.force = Force::Withdrawn(withdrawal);
            FeedAct::Withdraw { fact: before, reason }
        }
        (Some(found), _) if found.says_the_same(&fact) => FeedAct::Known(FactReport::Repeated),
        (Some(_), _) => FeedAct::Known(FactReport::Differing),
        (None, None) => {
            known.push(fact.clone());
            FeedAct::Add(fact)
        }
    }
}
