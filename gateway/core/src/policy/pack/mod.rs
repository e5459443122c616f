//! The pack's file: its keys, and the checks that make a [`Policy`] of it. One run reports every error, each
//! with its line.

mod advice;
mod areas;
mod rules;
mod terms;
mod trust;

use super::admission::AdmissionRule;
use super::{Calendar, Policy, Transition};
use crate::colour::{CheckError, Checks, Colour, Verdict};
use crate::document::{self, DocumentError};
use crate::limits::NAME_BYTES_MAX;
use crate::scan::Temperature;
use crate::venue::VenueKind;
use crate::words::Words;
use serde::Deserialize;
use std::ops::Range;
use toml::Spanned;

/// Every error in a pack; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError(pub Vec<DocumentError>);

impl std::fmt::Display for PolicyError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().enumerate().try_for_each(|(number, error)| {
            if number > 0 {
                out.write_str("\n")?;
            }
            write!(out, "{error}")
        })
    }
}

impl std::error::Error for PolicyError {}

impl PolicyError {
    /// The errors, one a line, each with the name of the file before it.
    #[must_use]
    pub fn of_file(&self, name: &str) -> String {
        self.0.iter().map(|error| format!("{name}:{error}")).collect::<Vec<_>>().join("\n")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pack {
    name: Spanned<String>,
    version: u32,
    title: String,
    hotline: String,
    zone: Spanned<String>,
    fever_celsius: Spanned<f64>,
    #[serde(default)]
    transition: Option<TransitionTable>,
    #[serde(default)]
    registration: terms::RegistrationTable,
    #[serde(default)]
    edits: terms::EditsTable,
    #[serde(default)]
    family: terms::FamilyTable,
    #[serde(default)]
    arrivals: Option<terms::ArrivalsTable>,
    #[serde(default)]
    appeals: terms::AppealsTable,
    #[serde(default)]
    certificates: terms::CertificatesTable,
    #[serde(default)]
    door: terms::DoorTable,
    #[serde(default)]
    trust: Vec<Spanned<trust::TrustTable>>,
    #[serde(default, rename = "area")]
    areas: Vec<Spanned<areas::AreaTable>>,
    #[serde(default, rename = "rule")]
    rules: Vec<Spanned<rules::RuleTable>>,
    #[serde(default)]
    advice: Vec<advice::AdviceTable>,
    #[serde(default, rename = "admission")]
    admissions: Vec<Spanned<AdmissionTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TransitionTable {
    reports: Spanned<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdmissionTable {
    colour: Colour,
    #[serde(default)]
    kinds: Vec<VenueKind>,
    verdict: Spanned<Verdict>,
    #[serde(default)]
    checks: Vec<Spanned<String>>,
}

/// Collects the errors, so that the pack's author sees all of them.
struct Faults<'a> {
    text: &'a str,
    found: Vec<DocumentError>,
}

impl Faults<'_> {
    fn at<T>(&mut self, place: &Spanned<T>, message: impl Into<String>) {
        self.found.push(DocumentError::at(self.text, place.span(), message));
    }

    /// Words that have both languages.
    fn words(&mut self, words: &Spanned<Words>) -> Words {
        if words.as_ref().lacks_a_language() {
            self.at(words, "a text for people needs words in `zh` and `en`");
        }
        words.as_ref().clone()
    }

    fn line(&self, place: Range<usize>) -> usize {
        DocumentError::at(self.text, place, "").line
    }
}

pub(super) fn parse(text: &str) -> Result<Policy, PolicyError> {
    let pack: Pack = document::parse(text).map_err(|error| PolicyError(vec![error]))?;
    let mut faults = Faults { text, found: Vec::new() };
    if !is_word(pack.name.as_ref()) {
        faults.at(&pack.name, "name must be lower-case letters, digits and hyphens");
    }
    let calendar = Calendar::of_zone(pack.zone.as_ref());
    if calendar.is_none() {
        faults.at(&pack.zone, "zone is not in the IANA time zone database");
    }
    let fever = Temperature::of_celsius(*pack.fever_celsius.as_ref());
    if fever.is_none() {
        faults.at(&pack.fever_celsius, "fever_celsius must be between 30 and 45");
    }
    let transition = pack.transition.map(|transition| {
        if *transition.reports.as_ref() == 0 {
            faults.at(&transition.reports, "reports must be at least 1");
        }
        Transition { reports: *transition.reports.as_ref() }
    });
    let areas = areas::areas(&pack.areas, calendar.as_ref(), &mut faults);
    let rules = rules::rules(&pack.rules, &mut faults);
    let advice = advice::advice(&pack.advice, &rules, &mut faults);
    let trusted = trust::trusted(&pack.trust, calendar.as_ref(), &mut faults);
    let tables = terms::TermsTables {
        registration: pack.registration,
        edits: pack.edits,
        family: pack.family,
        arrivals: pack.arrivals,
        appeals: pack.appeals,
        certificates: pack.certificates,
        door: pack.door,
    };
    let terms = terms::terms(tables, &mut faults);
    let admissions = admissions(&pack.admissions, &mut faults);
    for colour in [Colour::Green, Colour::Yellow, Colour::Red] {
        if !admissions.iter().any(|rule| rule.colour == colour && rule.kinds.is_empty()) {
            let message = format!("no [[admission]] for {} at every kind of venue", colour.word());
            faults.at(&pack.name, message);
        }
    }
    match (calendar, fever) {
        (Some(calendar), Some(fever)) if faults.found.is_empty() => Ok(Policy {
            label: format!("{}/{}", pack.name.as_ref(), pack.version),
            name: pack.name.into_inner(),
            title: pack.title,
            hotline: pack.hotline,
            calendar,
            fever,
            areas,
            transition,
            rules,
            advice,
            terms,
            trusted,
            admissions,
        }),
        _ => Err(PolicyError(faults.found)),
    }
}

fn admissions(pack: &[Spanned<AdmissionTable>], faults: &mut Faults<'_>) -> Vec<AdmissionRule> {
    let mut admissions = Vec::with_capacity(pack.len());
    for rule in pack.iter().map(Spanned::as_ref) {
        let mut checks = Checks::NONE;
        for word in &rule.checks {
            match Checks::of_word(word.as_ref()) {
                Some(check) => checks = checks.and(check),
                None => faults.at(word, CheckError.to_string()),
            }
        }
        if *rule.verdict.as_ref() == Verdict::Check {
            faults.at(&rule.verdict, "write the verdict that follows the checks: `pass` or `refuse`");
        }
        let verdict = *rule.verdict.as_ref();
        admissions.push(AdmissionRule { colour: rule.colour, kinds: rule.kinds.clone(), verdict, checks });
    }
    // A line for some kinds of venue has precedence over the line for all.
    admissions.sort_by_key(|rule| rule.kinds.is_empty());
    admissions
}

/// Whether a text can stand in a JSON answer without escaping.
fn is_word(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_letter)
}
