//! `[[trust]]`: the issuers whose certificates are accepted.

use super::areas::of_dates;
use super::{Faults, is_word};
use crate::certificate::{Scope, is_subject, public_key};
use crate::policy::{Calendar, TrustedIssuer};
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrustTable {
    issuer: Spanned<String>,
    key: Spanned<String>,
    from: Spanned<Datetime>,
    #[serde(default)]
    to: Option<Spanned<Datetime>>,
    #[serde(default = "country")]
    scope: Scope,
    #[serde(default)]
    feeds: bool,
    #[serde(default)]
    revoked: Vec<Spanned<String>>,
}

fn country() -> Scope {
    Scope::Country
}

pub(super) fn trusted(
    pack: &[Spanned<TrustTable>],
    calendar: Option<&Calendar>,
    faults: &mut Faults<'_>,
) -> Vec<TrustedIssuer> {
    let mut trusted = Vec::with_capacity(pack.len());
    for line in pack.iter().map(Spanned::as_ref) {
        if !is_word(line.issuer.as_ref()) {
            faults.at(&line.issuer, "issuer must be the name of another city's rule pack");
        }
        let key = public_key(line.key.as_ref());
        if key.is_none() {
            faults.at(&line.key, "key must be an Ed25519 public key: 43 characters of base64url");
        }
        let (from, to) = of_dates(&line.from, line.to.as_ref(), calendar, faults);
        let (issuer, key) = (line.issuer.as_ref().clone(), key.unwrap_or_default());
        let revoked = revoked(&line.revoked, faults);
        trusted.push(TrustedIssuer { issuer, key, from, to, scope: line.scope, feeds: line.feeds, revoked });
    }
    trusted
}

/// The subjects of revoked certificates.
fn revoked(subjects: &[Spanned<String>], faults: &mut Faults<'_>) -> Vec<String> {
    for subject in subjects {
        if !is_subject(subject.as_ref()) {
            faults.at(subject, "revoked lists subjects of certificates: 43 characters of base64url each");
        }
    }
    subjects.iter().map(|subject| subject.as_ref().clone()).collect()
}
