//! A person's standing as JSON: the colour, the rules and facts behind it, what clears it, and when time
//! alone changes it.

use crate::tables::policies::PublishedPolicy;
use scangate_core::policy::{FiredRule, Judgement};
use serde_json::{Value, json};

/// The members of an answer that describe a judgement.
pub(in crate::office) fn describe(published: &PublishedPolicy, judgement: &Judgement) -> Value {
    let reasons = judgement.because.iter().filter_map(|because| reason(published, because));
    let progress =
        judgement.progress.map(|progress| json!({"reported": progress.reported, "needed": progress.needed}));
    json!({
        "colour": judgement.standing.colour.word(),
        "reasons": reasons.collect::<Vec<_>>(),
        "progress": progress,
        "changes_at": judgement.changes_at,
        "policy": published.policy.label(),
        "hotline": published.policy.hotline(),
    })
}

fn reason(published: &PublishedPolicy, because: &FiredRule) -> Option<Value> {
    let rule = published.policy.rules().get(because.rule)?;
    Some(json!({
        "rule": rule.id, "text": rule.text, "fact": because.fact,
        "clears": because.clears, "clears_by": rule.clears, "link": rule.link,
    }))
}

/// Adds the members of `more` to an object.
pub(in crate::office) fn merge(mut object: Value, more: Value) -> Value {
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}
