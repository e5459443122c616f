//! The published rule packs: the one in force, and those that decided earlier check-ins. A pack is
//! swapped as a whole; an old decision keeps the number of the pack that made it.

use super::published_areas::read_areas;
use arc_swap::ArcSwap;
use dashmap::DashMap;
use scangate_core::certificate::{Issuer, PUBLIC_KEY_BYTES, is_signed};
use scangate_core::check_in::PolicyNumber;
use scangate_core::colour::Reasons;
use scangate_core::person::PersonClass;
use scangate_core::policy::{AreaRisk, Calendar, DoorAdvice, Policy, Rule, review_advice};
use scangate_core::time::Timestamp;
use scangate_core::words::Words;
use scangate_storage::registry::{StoredAreas, StoredPolicy};
use serde_json::json;
use std::sync::Arc;

/// A pack with its number in the registry.
pub struct PublishedPolicy {
    /// Its number.
    pub number: PolicyNumber,
    /// The pack.
    pub policy: Policy,
    /// Its text.
    pub text: String,
    /// The deployment's signature over label and text.
    pub signature: String,
    /// The time from which it is in force.
    pub since: Timestamp,
    /// The published list of areas, whose lines the pack has beside its own.
    pub areas: Option<StoredAreas>,
    /// The number to call, as a JSON string ready for answers.
    pub hotline: String,
    /// Rules with a link, each as a JSON member ready for answers.
    links: Vec<(Reasons, String)>,
    /// Every reason, as a JSON object with its words.
    explanations: Vec<(Reasons, String)>,
    /// Every piece of advice.
    advice: Vec<WrittenAdvice>,
}

/// A piece of advice, ready for answers.
struct WrittenAdvice {
    reasons: Reasons,
    classes: Vec<PersonClass>,
    /// In Chinese and in English, each as the content of a JSON string.
    words: [String; 2],
}

impl WrittenAdvice {
    fn of(advice: DoorAdvice<'_>) -> Self {
        let DoorAdvice { reasons, classes, words } = advice;
        Self { reasons, classes: classes.to_vec(), words: [escaped(&words.zh), escaped(&words.en)] }
    }
}

impl PublishedPolicy {
    /// A pack under a number, in force from a time on, with its text and the deployment's signature over it.
    #[must_use]
    pub fn new(
        number: PolicyNumber,
        policy: Policy,
        text: String,
        signature: String,
        since: Timestamp,
    ) -> Self {
        let hotline = serde_json::Value::from(policy.hotline()).to_string();
        let rules = policy.rules().iter().enumerate();
        let link = |(number, rule): (usize, &Rule)| {
            let link = serde_json::Value::from(rule.link.as_deref()?);
            Some((Reasons::rule(number), format!("{}:{link}", serde_json::Value::from(rule.id.as_str()))))
        };
        let links = rules.filter_map(link).collect();
        let explanation = |(reasons, reason, words): (Reasons, &str, Words)| {
            (reasons, json!({"reason": reason, "zh": words.zh, "en": words.en}).to_string())
        };
        let explanations = policy.reasons().map(explanation).collect();
        let words = review_advice();
        let on_review = DoorAdvice { reasons: Reasons::REVIEW, classes: &[], words: &words };
        let advice = policy.advice_at_doors().chain([on_review]).map(WrittenAdvice::of).collect();
        Self { number, policy, text, signature, since, areas: None, hotline, links, explanations, advice }
    }

    /// The words of these reasons, as JSON objects.
    pub fn explanations_of(&self, reasons: Reasons) -> impl Iterator<Item = &str> {
        of_reasons(&self.explanations, reasons).map(String::as_str)
    }

    /// The advice on these reasons and, if it is given, to this class, in Chinese and in English, as the
    /// contents of JSON strings.
    pub fn advice_on(
        &self,
        reasons: Reasons,
        class: Option<PersonClass>,
    ) -> impl Iterator<Item = &[String; 2]> + Clone {
        let is_meant = move |advice: &&WrittenAdvice| {
            let is_of_class = class.is_some_and(|class| advice.classes.contains(&class));
            is_of_class || reasons.has_any(advice.reasons)
        };
        self.advice.iter().filter(is_meant).map(|advice| &advice.words)
    }

    /// The number that problems name, as a JSON string; none where the pack has no hotline.
    #[must_use]
    pub fn problem_hotline(&self) -> Option<&str> {
        (!self.policy.hotline().is_empty()).then_some(&*self.hotline)
    }

    /// The links of these rules, as far as they have one, as JSON members by rule id.
    pub fn links_of(&self, reasons: Reasons) -> impl Iterator<Item = &str> {
        of_reasons(&self.links, reasons).map(String::as_str)
    }
}

/// The values of any of these reasons.
fn of_reasons<T>(values: &[(Reasons, T)], reasons: Reasons) -> impl Iterator<Item = &T> + Clone {
    values.iter().filter(move |(of, _)| reasons.has_any(*of)).map(|(_, value)| value)
}

/// A text as the content of a JSON string.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The domain of a pack's signature.
const DOMAIN: &str = "scangate rule pack";

/// A deployment's signature over a pack.
#[must_use]
pub fn sign(issuer: &Issuer, label: &str, text: &str) -> String {
    issuer.sign(DOMAIN, &signed(label, text))
}

fn signed(label: &str, text: &str) -> Vec<u8> {
    [label.as_bytes(), b"\n", text.as_bytes()].concat()
}

/// All packs of a running gateway.
pub struct Policies {
    in_force: ArcSwap<PublishedPolicy>,
    all: DashMap<PolicyNumber, Arc<PublishedPolicy>>,
    signed_by: [u8; PUBLIC_KEY_BYTES],
}

impl Policies {
    /// Begins with the pack in force, and reads only packs that are signed with this key.
    #[must_use]
    pub fn new(in_force: PublishedPolicy, signed_by: [u8; PUBLIC_KEY_BYTES]) -> Self {
        let in_force = Arc::new(in_force);
        let all = DashMap::new();
        all.insert(in_force.number, Arc::clone(&in_force));
        Self { in_force: ArcSwap::new(in_force), all, signed_by }
    }

    /// Reads a pack from the registry. **Errors**: the pack is not signed by this deployment, or this
    /// version cannot read it.
    pub fn read(&self, stored: &StoredPolicy) -> anyhow::Result<PublishedPolicy> {
        read(stored, &self.signed_by)
    }

    /// The pack in force.
    #[must_use]
    pub fn in_force(&self) -> arc_swap::Guard<Arc<PublishedPolicy>> {
        self.in_force.load()
    }

    /// The lines of the published list in the calendar of any pack; none where no list was published.
    /// **Errors**: a line is not valid in this calendar.
    pub fn published_lines(&self, calendar: &Calendar) -> anyhow::Result<Vec<AreaRisk>> {
        let lines = |list: &StoredAreas| read_areas(list, calendar, &self.signed_by);
        Ok(self.in_force.load().areas.as_ref().map(lines).transpose()?.unwrap_or_default())
    }

    /// The pack that was in force at a time; the first one for a time before any was.
    #[must_use]
    pub fn as_of(&self, at: Timestamp) -> Arc<PublishedPolicy> {
        let in_force = self.in_force.load_full();
        if in_force.since <= at {
            return in_force;
        }
        let mut all: Vec<Arc<PublishedPolicy>> =
            self.all.iter().map(|published| Arc::clone(&published)).collect();
        all.sort_unstable_by_key(|published| published.number);
        let then = all.iter().rfind(|published| published.since <= at).or(all.first());
        then.map_or(in_force, Arc::clone)
    }

    /// Brings a pack into force; the previous one stays known. A pack that is known already keeps its time.
    pub fn bring_into_force(&self, published: PublishedPolicy) {
        let since = self.of(published.number).map_or(published.since, |known| known.since);
        let published = Arc::new(PublishedPolicy { since, ..published });
        self.all.insert(published.number, Arc::clone(&published));
        self.in_force.store(published);
    }

    /// Remembers an earlier pack, so that its decisions can be named.
    pub fn remember(&self, published: PublishedPolicy) {
        self.all.insert(published.number, Arc::new(published));
    }

    /// Every pack as the registry keeps it, the oldest first.
    #[must_use]
    pub fn stored(&self) -> Vec<StoredPolicy> {
        let stored = |published: &PublishedPolicy| StoredPolicy {
            number: published.number,
            label: published.policy.label().to_owned(),
            text: published.text.clone(),
            signature: published.signature.clone(),
            since: published.since,
            areas: published.areas.clone(),
        };
        let mut all: Vec<StoredPolicy> = self.all.iter().map(|published| stored(&published)).collect();
        all.sort_unstable_by_key(|stored| stored.number);
        all
    }

    /// The pack of a number.
    #[must_use]
    pub fn of(&self, number: PolicyNumber) -> Option<Arc<PublishedPolicy>> {
        let in_force = self.in_force.load();
        if in_force.number == number {
            return Some(Arc::clone(&in_force));
        }
        self.all.get(&number).map(|published| Arc::clone(&published))
    }
}

/// Reads a pack before there are any [`Policies`]. **Errors**: as [`Policies::read`].
pub fn read(stored: &StoredPolicy, signed_by: &[u8; PUBLIC_KEY_BYTES]) -> anyhow::Result<PublishedPolicy> {
    let StoredPolicy { number, label, text, signature, since, areas } = stored.clone();
    anyhow::ensure!(
        is_signed(signed_by, DOMAIN, &signed(&label, &text), &signature),
        "the pack {label} in the registry is not signed by this deployment: it was changed there, or the secret is \
         another one"
    );
    let policy = Policy::parse(&text).map_err(|error| anyhow::anyhow!(error.of_file(&label)))?;
    let lines = areas.as_ref().map(|list| read_areas(list, policy.calendar(), signed_by)).transpose()?;
    let policy = policy.with_areas(lines.unwrap_or_default());
    Ok(PublishedPolicy { areas, ..PublishedPolicy::new(number, policy, text, signature, since) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_core::keys::Key;

    #[test]
    fn a_pack_that_was_changed_in_the_registry_is_not_read() {
        let (issuer, other) = (Issuer::new(&Key([1; 32])), Issuer::new(&Key([2; 32])));
        let text = Policy::builtin("default").unwrap().to_owned();
        let signature = sign(&issuer, "default/2", &text);
        let stored = StoredPolicy {
            number: PolicyNumber(1),
            label: "default/2".into(),
            text,
            signature,
            since: Timestamp(0),
            areas: None,
        };
        assert!(read(&stored, &issuer.public_key_bytes()).is_ok());
        assert!(read(&stored, &other.public_key_bytes()).is_err());
        let mut changed = stored.clone();
        changed.text = changed.text.replacen("within_days = 14", "within_days = 7", 1);
        assert_ne!(changed.text, stored.text);
        let error = read(&changed, &issuer.public_key_bytes()).err().unwrap();
        assert!(error.to_string().contains("not signed by this deployment"), "{error}");
    }

    #[test]
    fn the_pack_of_a_time_is_the_last_that_was_in_force_then() {
        let pack = |number, since| {
            let text = Policy::builtin("default").unwrap().to_owned();
            let policy = Policy::parse(&text).unwrap();
            PublishedPolicy::new(PolicyNumber(number), policy, text, String::new(), Timestamp(since))
        };
        // The first two come from a version that stored no times.
        let policies = Policies::new(pack(1, 0), [0; PUBLIC_KEY_BYTES]);
        for published in [pack(2, 0), pack(3, 100), pack(4, 200)] {
            policies.bring_into_force(published);
        }
        // Publishing the last pack again changes nothing.
        policies.bring_into_force(pack(4, 300));
        for (at, number) in [(0, 2), (99, 2), (100, 3), (199, 3), (200, 4), (u64::MAX, 4)] {
            assert_eq!(policies.as_of(Timestamp(at)).number, PolicyNumber(number), "{at}");
        }
        let policies = Policies::new(pack(1, 50), [0; PUBLIC_KEY_BYTES]);
        assert_eq!(policies.as_of(Timestamp(49)).number, PolicyNumber(1));
    }
}
