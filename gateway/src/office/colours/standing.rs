//! A person's standing as JSON: the colour, the rules and facts behind it, what clears it, and when time
//! alone changes it.

use crate::tables::policies::PublishedPolicy;
use scangate_core::colour::Reasons;
use scangate_core::policy::{
    Clearing, ClearingDeed, Explanation, FiredRule, Judgement, REVIEW, review_clearing, review_words,
};
use serde_json::{Value, json};

/// The members of an answer that describe a judgement.
pub(in crate::office) fn describe(published: &PublishedPolicy, judgement: &Judgement) -> Value {
    let progress =
        judgement.progress.map(|progress| json!({"reported": progress.reported, "needed": progress.needed}));
    json!({
        "colour": judgement.standing.colour.word(),
        "reasons": explain(published, judgement),
        "progress": progress,
        "changes_at": judgement.changes_at,
        "policy": published.policy.label(),
        "hotline": published.policy.hotline(),
    })
}

/// The reasons of a judgement.
pub(in crate::office) fn explain(published: &PublishedPolicy, judgement: &Judgement) -> Vec<Value> {
    let review = judgement.standing.reasons.has(Reasons::REVIEW).then(|| {
        json!({
            "rule": REVIEW, "words": review_words(), "fact": Value::Null, "clears_by": review_clearing(),
            "link": Value::Null,
        })
    });
    let rules = judgement.because.iter().filter_map(|fired| reason(published, judgement, fired));
    review.into_iter().chain(rules).collect()
}

/// A reason with its words. What time alone clears has a date in `clears`. Anything else has in `clears_by`
/// what is still to be done, and how far it is where reports are needed.
fn reason(published: &PublishedPolicy, judgement: &Judgement, fired: &FiredRule) -> Option<Value> {
    let rule = published.policy.rules().get(fired.rule)?;
    let Explanation { words, clearing } = published.policy.explain(judgement, fired)?;
    let (key, value) = match clearing {
        Clearing::Time(at) => ("clears", json!(at)),
        Clearing::Deed(ClearingDeed { words, reports: None }) => ("clears_by", json!(words)),
        Clearing::Deed(ClearingDeed { words, reports: Some((done, of)) }) => {
            ("clears_by", json!({"zh": words.zh, "en": words.en, "done": done, "of": of}))
        }
    };
    Some(json!({"rule": rule.id, "words": words, "fact": fired.fact, key: value, "link": rule.link}))
}

/// Adds the members of `more` to an object.
pub(in crate::office) fn merge(mut object: Value, more: Value) -> Value {
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}
