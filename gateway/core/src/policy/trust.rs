//! Trust: the issuers whose certificates a city accepts, with dates; and what a certificate is worth here.

use super::Policy;
use super::rule::Span;
use crate::certificate::{Certificate, CertificateError, PUBLIC_KEY_BYTES, PresentedCertificate, Scope};
use crate::colour::Standing;
use crate::evidence::Evidence;
use crate::fact::{CertificateType, Fact, FactKind, Force};
use crate::id::{FactId, PersonId};
use crate::time::Timestamp;

/// The beginning of the source of a fact that another city's certificate states; the issuer follows.
pub const CERTIFICATE_SOURCE: &str = "certificate of ";

/// A line of the trust list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedIssuer {
    /// The issuer: the name of its rule pack.
    pub issuer: String,
    /// Its public key.
    pub key: [u8; PUBLIC_KEY_BYTES],
    /// The start of the trust.
    pub from: Timestamp,
    /// The end of the trust, exclusive.
    pub to: Timestamp,
    /// The distance to the issuer: in the same city, the same province or the same country. Its certificates
    /// must be valid at that distance.
    pub scope: Scope,
    /// Whether the issuer may also send feeds of facts.
    pub feeds: bool,
    /// The subjects whose certificates count no more.
    pub revoked: Vec<String>,
}

impl TrustedIssuer {
    /// Whether this line trusts an issuer at a time.
    #[must_use]
    pub fn covers(&self, issuer: &str, now: Timestamp) -> bool {
        self.issuer == issuer && self.from <= now && now < self.to
    }

    /// Whether the certificates of a subject count no more.
    #[must_use]
    pub fn revokes(&self, subject: &str) -> bool {
        self.revoked.iter().any(|revoked| revoked == subject)
    }
}

impl Policy {
    /// Verifies another city's certificate against the trust list at a time. Whose certificate it is
    /// remains to be checked.
    pub fn verify(
        &self,
        presented: PresentedCertificate,
        now: Timestamp,
    ) -> Result<Certificate, CertificateError> {
        let lines = || self.trusted.iter().filter(|line| line.covers(presented.issuer(), now));
        if lines().any(|line| line.revokes(presented.subject())) {
            return Err(CertificateError::Revoked);
        }
        let keys: Vec<_> = lines().map(|line| (line.key, line.scope)).collect();
        presented.verified(keys, now)
    }

    /// The standing at a time of a visitor with a verified certificate and no other evidence. The colour is
    /// what the rules say about the certificate, or the certificate's own if that is more severe.
    #[must_use]
    pub fn standing_by(&self, certificate: &Certificate, now: Timestamp) -> Standing {
        let fact = fact_of(certificate, certificate.pseudonym(), now);
        let Standing { colour, reasons } = self.judge(&Evidence::from(vec![fact]), now).standing;
        Standing { colour: colour.max(certificate.colour), reasons }
    }

    /// The part of a span in which the trust list covers the certificate that it comes from. A span of any
    /// other fact stays as it is.
    pub(super) fn while_trusted(&self, span: Span, evidence: &Evidence) -> Option<Span> {
        let fact = evidence.facts.iter().find(|fact| Some(fact.id) == span.fact);
        let Some(issuer) = fact.and_then(|fact| fact.source.strip_prefix(CERTIFICATE_SOURCE)) else {
            return Some(span);
        };
        let (from, to) = self.trusted_from(issuer, span.from)?;
        let span = Span {
            from: span.from.max(from),
            to: Some(span.to.map_or(to, |end| end.min(to))),
            known_from: span.known_from.max(from),
            known_to: Some(span.known_to.map_or(to, |end| end.min(to))),
            ..span
        };
        span.to.is_none_or(|to| span.from < to).then_some(span)
    }

    /// The first time without a gap in which an issuer is trusted, and which ends after `after`. Lines that
    /// touch are one.
    fn trusted_from(&self, issuer: &str, after: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let lines = self.trusted.iter().filter(|line| line.issuer == issuer && line.to > after);
        let mut dates: Vec<(Timestamp, Timestamp)> = lines.map(|line| (line.from, line.to)).collect();
        dates.sort_unstable();
        let mut dates = dates.into_iter();
        let first = dates.next()?;
        let joined = |(from, to): (Timestamp, Timestamp), next: (Timestamp, Timestamp)| {
            (from, if next.0 <= to { to.max(next.1) } else { to })
        };
        Some(dates.fold(first, joined))
    }
}

/// The fact that a verified certificate states about a person. Its id is still to be derived.
#[must_use]
pub fn fact_of(certificate: &Certificate, person: PersonId, recorded: Timestamp) -> Fact {
    Fact {
        id: FactId(0),
        person,
        kind: FactKind::Certificate { r#type: CertificateType::Health },
        at: certificate.at.min(recorded),
        until: Some(certificate.until),
        recorded,
        source: format!("{CERTIFICATE_SOURCE}{}", certificate.issuer),
        reference: Some(certificate.policy.clone()),
        force: Force::InForce,
    }
}
