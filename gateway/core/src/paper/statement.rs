//! Health statements: the symptoms, stays and contacts that a person declares at registration or by an edit.
//! A statement becomes the text of a declaration, and facts that refer to that declaration.

use crate::fact::{Area, Fact, FactKind, Force, KindName, Symptom};
use crate::id::{FactId, PaperId, PersonId};
use crate::limits::{AHEAD_MS_MAX, STATED_CONTACTS_MAX, STATED_STAYS_MAX, STATED_SYMPTOMS_MAX};
use crate::time::Timestamp;
use crate::words::{Words, symptoms_list};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A stay in an area, as declared.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedStay {
    /// The area.
    pub area: Area,
    /// When the person arrived there.
    pub from: Timestamp,
    /// When the person left; none for a person who is still there.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// A meeting with people from an area, as declared.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedContact {
    /// The area from which the people came.
    pub area: Area,
    /// When the person met them.
    pub at: Timestamp,
}

/// A statement. A part that is none was not declared; an empty part declares that there is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HealthStatement {
    /// The present symptoms.
    pub symptoms: Option<Vec<Symptom>>,
    /// The stays in other areas.
    pub stays: Option<Vec<StatedStay>>,
    /// The meetings with people from other areas.
    pub contacts: Option<Vec<StatedContact>>,
}

/// The reason why a statement is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// A list is too long.
    #[error(
        "at most {STATED_SYMPTOMS_MAX} `symptoms`, {STATED_STAYS_MAX} `stays` and {STATED_CONTACTS_MAX} \
         `contacts` can be declared"
    )]
    TooMany,
    /// A stay or a meeting begins in the future.
    #[error("`stays` and `contacts` cannot begin in the future")]
    Future,
    /// A stay ends before it begins.
    #[error("`until` of a stay must be after its `from`")]
    Backwards,
}

impl HealthStatement {
    /// The statement, if every part is valid. A symptom that is named twice is one.
    pub fn checked(mut self, now: Timestamp) -> Result<Self, StatementError> {
        let Self { symptoms, stays, contacts } = &mut self;
        let (stays, contacts) = (stays.iter().flatten(), contacts.iter().flatten());
        let counts = [
            (symptoms.iter().flatten().count(), STATED_SYMPTOMS_MAX),
            (stays.clone().count(), STATED_STAYS_MAX),
            (contacts.clone().count(), STATED_CONTACTS_MAX),
        ];
        if counts.into_iter().any(|(count, max)| count > max) {
            return Err(StatementError::TooMany);
        }
        let mut begins = stays.clone().map(|stay| stay.from).chain(contacts.map(|contact| contact.at));
        if begins.any(|begin| begin > now.plus_ms(AHEAD_MS_MAX)) {
            return Err(StatementError::Future);
        }
        let mut stays = stays;
        if stays.any(|stay| stay.until.is_some_and(|until| until <= stay.from)) {
            return Err(StatementError::Backwards);
        }
        if let Some(symptoms) = symptoms {
            let all = std::mem::take(symptoms);
            all.into_iter().for_each(|one| {
                if !symptoms.contains(&one) {
                    symptoms.push(one)
                }
            });
        }
        Ok(self)
    }

    /// Whether nothing was declared.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.symptoms.is_none() && self.stays.is_none() && self.contacts.is_none()
    }

    /// The kinds of facts about which it says something.
    #[must_use]
    pub fn kinds(&self) -> Vec<KindName> {
        let parts = [
            (self.symptoms.is_some(), KindName::Symptoms),
            (self.stays.is_some(), KindName::Stay),
            (self.contacts.is_some(), KindName::AreaContact),
        ];
        parts.into_iter().filter_map(|(is_stated, kind)| is_stated.then_some(kind)).collect()
    }

    /// The statement as the text of a declaration, a line for each entry. Areas have their codes, and times
    /// are in UTC.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = vec!["健康申报 Health statement".to_owned()];
        if let Some(symptoms) = &self.symptoms {
            let which = symptoms.chunks(STATED_SYMPTOMS_MAX);
            lines.extend(lines_of("症状 Symptoms", which, |which| {
                let Words { zh, en } = symptoms_list(which);
                format!("{zh} {en}")
            }));
        }
        if let Some(stays) = &self.stays {
            lines.extend(lines_of("停留 Stay", stays.iter(), |StatedStay { area, from, until }| {
                let until = until.map(|until| until.to_string()).unwrap_or_default();
                format!("{}, {from} – {until}", place(area))
            }));
        }
        if let Some(contacts) = &self.contacts {
            let title = "接触 Contact with people from";
            lines.extend(lines_of(title, contacts.iter(), |StatedContact { area, at }| {
                format!("{}, {at}", place(area))
            }));
        }
        lines.join("\n")
    }

    /// The facts that follow from the statement, once it was declared at a time. The same declaration always
    /// gives the same facts. Of several facts of one kind and time, the later ones have a number in their
    /// reference, because a fact's identity has no area.
    #[must_use]
    pub fn facts(
        &self,
        person: PersonId,
        declaration: PaperId,
        source: &str,
        declared: Timestamp,
    ) -> Vec<Fact> {
        let which = self.symptoms.clone().unwrap_or_default();
        let symptoms = (!which.is_empty()).then_some((FactKind::Symptoms { which }, declared, None));
        let stays = self.stays.iter().flatten().map(|StatedStay { area, from, until }| {
            (FactKind::Stay { area: area.clone() }, (*from).min(declared), *until)
        });
        let contacts = self.contacts.iter().flatten().map(|StatedContact { area, at }| {
            (FactKind::AreaContact { area: area.clone() }, (*at).min(declared), None)
        });
        let mut earlier: BTreeMap<(KindName, Timestamp), u32> = BTreeMap::new();
        let fact = |(kind, at, until): (FactKind, Timestamp, Option<Timestamp>)| {
            let number = earlier.entry((kind.name(), at)).and_modify(|number| *number += 1).or_insert(1);
            let reference =
                if *number == 1 { declaration.to_string() } else { format!("{declaration}/{number}") };
            let (id, source, force) = (FactId(0), source.to_owned(), Force::InForce);
            let (recorded, reference) = (declared, Some(reference));
            Fact { id, person, kind, at, until, recorded, source, reference, force }.identified()
        };
        symptoms.into_iter().chain(stays).chain(contacts).map(fact).collect()
    }
}

/// Whether a fact followed from the statement in a declaration.
#[must_use]
pub fn is_stated_in(fact: &Fact, declaration: PaperId) -> bool {
    let rest = fact.reference.as_deref().and_then(|of| of.strip_prefix(&declaration.to_string()));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A line for each entry, or one line that says that there is none.
fn lines_of<T>(title: &str, entries: impl Iterator<Item = T>, line: impl Fn(T) -> String) -> Vec<String> {
    let lines: Vec<String> = entries.map(|entry| format!("{title}: {}", line(entry))).collect();
    if lines.is_empty() { vec![format!("{title}: 无 none")] } else { lines }
}

fn place(area: &Area) -> String {
    format!("{} ({})", area.name().zh, String::from(area.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::PAPER_BYTES_MAX;

    const NOW: Timestamp = Timestamp(1_646_000_000_000);
    const HOUR_MS: u64 = 3_600_000;

    fn area(code: &str) -> Area {
        code.to_owned().try_into().unwrap()
    }

    fn stay(code: &str, from: Timestamp, until: Option<Timestamp>) -> StatedStay {
        StatedStay { area: area(code), from, until }
    }

    #[test]
    fn a_statement_is_bounded_and_in_order_of_time() {
        let (earlier, later) = (NOW.minus_ms(HOUR_MS), NOW.plus_ms(HOUR_MS));
        let stays = |stays| HealthStatement { stays: Some(stays), ..HealthStatement::default() };
        let contact = |at| StatedContact { area: area("JP"), at };
        let contacts = |contacts| HealthStatement { contacts: Some(contacts), ..HealthStatement::default() };
        for (statement, error) in [
            (stays(vec![stay("420100", earlier, None)]), None),
            (stays(vec![stay("420100", earlier, Some(later))]), None),
            (stays(vec![stay("420100", earlier, Some(earlier))]), Some(StatementError::Backwards)),
            (stays(vec![stay("420100", later, None)]), Some(StatementError::Future)),
            (contacts(vec![contact(later)]), Some(StatementError::Future)),
            (contacts(vec![contact(NOW.plus_ms(AHEAD_MS_MAX)); STATED_CONTACTS_MAX]), None),
            (contacts(vec![contact(earlier); STATED_CONTACTS_MAX + 1]), Some(StatementError::TooMany)),
            (stays(vec![stay("JP", earlier, None); STATED_STAYS_MAX + 1]), Some(StatementError::TooMany)),
        ] {
            assert_eq!(statement.checked(NOW).err(), error);
        }
        let symptoms = Some(vec![Symptom::Fever, Symptom::Cough, Symptom::Fever]);
        let named_twice = HealthStatement { symptoms, ..HealthStatement::default() };
        let once = named_twice.checked(NOW).unwrap().symptoms;
        assert_eq!(once, Some(vec![Symptom::Fever, Symptom::Cough]));
    }

    #[test]
    fn each_entry_is_a_fact_of_its_own_that_refers_to_the_declaration() {
        let from = NOW.minus_ms(HOUR_MS);
        let statement = HealthStatement {
            symptoms: Some(vec![Symptom::Fever]),
            stays: Some(vec![stay("420100", from, Some(NOW)), stay("JP", from, None)]),
            contacts: Some(vec![]),
        };
        let (person, declaration) = (PersonId(7), PaperId(9));
        let facts = statement.facts(person, declaration, "self-report", NOW);
        let said: Vec<_> = facts.iter().map(|fact| (fact.kind.name(), fact.at, fact.until)).collect();
        assert_eq!(
            said,
            [
                (KindName::Symptoms, NOW, None),
                (KindName::Stay, from, Some(NOW)),
                (KindName::Stay, from, None)
            ]
        );
        assert!(facts.iter().all(|fact| is_stated_in(fact, declaration)));
        assert!(facts.iter().all(|fact| !is_stated_in(fact, PaperId(8))));
        let mut ids: Vec<FactId> = facts.iter().map(|fact| fact.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 3);
        assert_eq!(facts, statement.facts(person, declaration, "self-report", NOW));
        assert_eq!(statement.kinds(), [KindName::Symptoms, KindName::Stay, KindName::AreaContact]);
        let text = "健康申报 Health statement\n\
                    症状 Symptoms: 发热 fever\n\
                    停留 Stay: 湖北省武汉市 (420100), 2022-02-27T21:13:20.000Z – 2022-02-27T22:13:20.000Z\n\
                    停留 Stay: 日本 (JP), 2022-02-27T21:13:20.000Z – \n\
                    接触 Contact with people from: 无 none";
        assert_eq!(statement.text(), text);
    }

    #[test]
    fn the_longest_statement_fits_into_a_declaration() {
        // One of the longest names: a county of several peoples in an autonomous prefecture.
        let area = "622927";
        let statement = HealthStatement {
            symptoms: Some(vec![Symptom::Respiratory; STATED_SYMPTOMS_MAX]),
            stays: Some(vec![stay(area, NOW, Some(NOW)); STATED_STAYS_MAX]),
            contacts: Some(vec![StatedContact { area: self::area(area), at: NOW }; STATED_CONTACTS_MAX]),
        };
        assert!(statement.text().len() <= PAPER_BYTES_MAX, "{}", statement.text().len());
    }
}
