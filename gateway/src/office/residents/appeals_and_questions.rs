//! Letters to the authority: appeals against a colour, and questions about anything else. Each has an id and
//! a due time; the queue lists the earliest due first. An answer changes no colour: if an appeal is right,
//! the authority withdraws the fact.

use super::checked_text;
use super::declarations::TextBody;
use crate::clock;
use crate::office::http::auth::{Authority, Resident};
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathId;
use crate::office::http::json::Json;
use crate::office::{Office, blocking};
use axum::extract::State;
use scangate_core::id::{PaperId, PersonId};
use scangate_core::paper::{Answer, FiledPaper, Letter, Paper, is_overdue};
use scangate_core::refusal::Refusal;
use scangate_core::time::HOUR_MS;
use serde_json::{Value, json};
use std::sync::Arc;

/// A kind of letter.
pub(in crate::office) trait LetterKind: 'static {
    /// The singular, as in answers and the audit.
    const ONE: &'static str;
    /// The plural, as in answers and the audit.
    const MANY: &'static str;
    /// Makes the paper of a letter of this kind.
    const PAPER: fn(Letter) -> Paper;
    /// Returns the letter in a paper of this kind.
    const LETTER: fn(&mut Paper) -> Option<&mut Letter>;
}

/// Appeals against a colour.
pub(in crate::office) struct AppealKind;

impl LetterKind for AppealKind {
    const ONE: &'static str = "appeal";
    const MANY: &'static str = "appeals";
    const PAPER: fn(Letter) -> Paper = Paper::Appeal;
    const LETTER: fn(&mut Paper) -> Option<&mut Letter> = Paper::appeal;
}

/// Questions about anything else.
pub(in crate::office) struct QuestionKind;

impl LetterKind for QuestionKind {
    const ONE: &'static str = "question";
    const MANY: &'static str = "questions";
    const PAPER: fn(Letter) -> Paper = Paper::Question;
    const LETTER: fn(&mut Paper) -> Option<&mut Letter> = Paper::question;
}

/// `POST /v1/people/me/appeals`, `…/questions`.
pub(in crate::office) async fn add<K: LetterKind>(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
    Json(TextBody { text }): Json<TextBody>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || send_letter::<K>(&office, id, &text).map(axum::Json)).await?
}

/// Files a person's letter.
pub(super) fn send_letter<K: LetterKind>(
    office: &Office,
    person: PersonId,
    text: &str,
) -> Result<Value, OfficeError> {
    let (text, at) = (checked_text(text)?, clock::now());
    let hours = office.tables.policies.in_force().policy.terms().answer_hours;
    let letter = Letter { text, at, due: at.plus_ms(u64::from(hours) * HOUR_MS), answer: None };
    let mut filed = office.file(person, K::PAPER(letter))?;
    Ok(shown::<K>(filed.id, K::LETTER(&mut filed.paper).ok_or(Refusal::NotFound)?))
}

/// `GET /v1/people/me/appeals`, `…/questions`.
pub(in crate::office) async fn list<K: LetterKind>(
    Resident(id): Resident,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || letters::<K>(&office, id).map(axum::Json)).await?
}

/// A person's letters, earliest first.
pub(super) fn letters<K: LetterKind>(office: &Office, person: PersonId) -> Result<Value, OfficeError> {
    let letters = office.papers(person, K::LETTER, |letter| letter.at)?;
    let shown: Vec<Value> = letters.iter().map(|(id, letter)| shown::<K>(*id, letter)).collect();
    Ok(json!({ K::MANY: shown }))
}

fn shown<K: LetterKind>(id: PaperId, letter: &Letter) -> Value {
    json!({
        K::ONE: id, "text": letter.text, "at": letter.at, "due": letter.due,
        "overdue": is_overdue(letter.open_until(), clock::now()),
        "answer": letter.answer.as_ref().map(|answer| json!({"at": answer.at, "text": answer.text})),
    })
}

/// `GET /v1/appeals`, `/v1/questions`: the open letters, the earliest due first.
pub(in crate::office) async fn open<K: LetterKind>(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Value>, OfficeError> {
    blocking(move || {
        let of_kind = |filed: &mut FiledPaper| {
            let mut shown = shown::<K>(filed.id, K::LETTER(&mut filed.paper)?);
            shown["person"] = json!(filed.person);
            Some(shown)
        };
        let open: Vec<Value> = office.registry.open_papers()?.iter_mut().filter_map(of_kind).collect();
        office.audit(&claims, &format!("{}-read", K::MANY), String::new(), json!({ K::MANY: open.len() }))?;
        Ok(axum::Json(json!({ K::MANY: open })))
    })
    .await?
}

/// `POST /v1/appeals/{appeal}/answer`, `/v1/questions/{question}/answer`. Only the first answer is accepted.
pub(in crate::office) async fn answer<K: LetterKind>(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    letter: Result<PathId<PaperId>, OfficeError>,
    Json(TextBody { text }): Json<TextBody>,
) -> Result<axum::Json<Value>, OfficeError> {
    let (PathId(id), text) = (letter?, checked_text(&text)?);
    blocking(move || {
        let mut filed = office.registry.open_paper(id)?.ok_or(Refusal::NotFound)?;
        K::LETTER(&mut filed.paper).ok_or(Refusal::NotFound)?;
        office.audit(&claims, &format!("{}-answered", K::ONE), id.to_string(), json!({}))?;
        let answer = Answer { at: clock::now(), by: claims.subject, text };
        let letter = office.amend(filed.person, id, K::LETTER, |letter| match &letter.answer {
            None => {
                letter.answer = Some(answer.clone());
                Ok(())
            }
            Some(_) => Err(Refusal::NotFound.into()),
        })?;
        Ok(axum::Json(shown::<K>(id, &letter)))
    })
    .await?
}
