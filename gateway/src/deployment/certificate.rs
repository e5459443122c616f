//! What is wrong with a certificate chain: its times, its signatures, and the hosts that it does not cover.
//! A client decides whether it trusts the chain; nothing here does.

use anyhow::Context as _;
use rustls::client::verify_server_name;
use rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use scangate_core::time::{DAY_MS, Timestamp};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

/// The time before the end of a certificate from which the gateway warns. An authority that renews
/// automatically has done so by then, and an operator who renews by hand has two weeks. **Units**:
/// milliseconds.
const EXPIRY_NOTICE_MS: u64 = 14 * DAY_MS;

/// A fault of a certificate chain with which a gateway can serve all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// Its validity has not begun.
    #[error("it is not valid before {0}: clients refuse it until then, or this machine's clock is wrong")]
    Early(Timestamp),
    /// Its validity has ended.
    #[error("it expired at {0}: clients refuse it")]
    Expired(Timestamp),
    /// Its validity ends soon.
    #[error("it expires at {0}: renew it before then")]
    ExpiresSoon(Timestamp),
    /// A configured host is not among its names.
    #[error("it does not cover the host {0}: clients refuse it there")]
    Uncovered(String),
    /// The certificate after this one did not sign it.
    #[error(
        "number {0} of its file is not signed by the certificate after it: many clients refuse the chain"
    )]
    Unsigned(usize),
}

/// The times between which a chain is valid.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validity {
    begins: Timestamp,
    expires: Timestamp,
    /// The end of the first certificate's own validity.
    pub(super) leaf_expires: Timestamp,
}

impl Validity {
    fn of(chain: &[X509Certificate<'_>]) -> anyhow::Result<Self> {
        let begins = chain.iter().map(|certificate| seconds(certificate.validity().not_before.timestamp()));
        let ends = || chain.iter().map(|certificate| seconds(certificate.validity().not_after.timestamp()));
        let leaf_expires = ends().next().context("it holds no certificate")?;
        Ok(Self {
            begins: begins.fold(Timestamp(0), Timestamp::max),
            expires: ends().fold(leaf_expires, Timestamp::min),
            leaf_expires,
        })
    }

    /// The fault of these times now.
    pub(super) fn fault(&self, now: Timestamp) -> Option<CertificateFault> {
        if now < self.begins {
            Some(CertificateFault::Early(self.begins))
        } else if now >= self.expires {
            Some(CertificateFault::Expired(self.expires))
        } else if self.expires.since_ms(now) < EXPIRY_NOTICE_MS {
            Some(CertificateFault::ExpiresSoon(self.expires))
        } else {
            None
        }
    }
}

/// A time before 1970 reads as 1970.
fn seconds(since_1970: i64) -> Timestamp {
    Timestamp(u64::try_from(since_1970).unwrap_or(0).saturating_mul(1_000))
}

/// Reads a chain, the server's own certificate first. Returns its times, and the faults that no time mends.
/// **Errors**: a certificate cannot be read.
pub(super) fn examine(
    chain: &[CertificateDer<'_>],
    hosts: &[String],
) -> anyhow::Result<(Validity, Vec<CertificateFault>)> {
    let mut parsed = Vec::with_capacity(chain.len());
    for (index, der) in chain.iter().enumerate() {
        let read = X509Certificate::from_der(der);
        let (_, certificate) = read.with_context(|| format!("certificate {} cannot be read", index + 1))?;
        parsed.push(certificate);
    }
    let validity = Validity::of(&parsed)?;
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
    let unsigned = parsed.windows(2).enumerate().filter(|(_, pair)| !is_signed_by(pair, algorithms));
    let mut faults: Vec<_> = unsigned.map(|(index, _)| CertificateFault::Unsigned(index + 1)).collect();
    let leaf = chain.first().context("it holds no certificate")?;
    let leaf = ParsedCertificate::try_from(leaf).context("certificate 1 cannot be read")?;
    let uncovered = hosts.iter().filter(|host| !is_covered(&leaf, host));
    faults.extend(uncovered.map(|host| CertificateFault::Uncovered(host.clone())));
    Ok((validity, faults))
}

fn is_covered(leaf: &ParsedCertificate<'_>, host: &str) -> bool {
    ServerName::try_from(host).is_ok_and(|name| verify_server_name(leaf, &name).is_ok())
}

/// Whether the second certificate signed the first. The provider tries each of its algorithms, since this
/// decides on no trust.
fn is_signed_by(pair: &[X509Certificate<'_>], algorithms: WebPkiSupportedAlgorithms) -> bool {
    let [signed, signer] = pair else { return true };
    let (key, message) = (&signer.public_key().subject_public_key.data, signed.tbs_certificate.as_ref());
    let signature = &signed.signature_value.data;
    signed.issuer().as_raw() == signer.subject().as_raw()
        && algorithms.all.iter().any(|algorithm| algorithm.verify_signature(key, message, signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};

    fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
    }

    fn leaf(names: &[&str], signer: &CertifiedIssuer<'_, KeyPair>) -> CertificateDer<'static> {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let mut parameters = CertificateParams::new(names).unwrap();
        parameters.not_before = date_time_ymd(2026, 1, 1);
        parameters.not_after = date_time_ymd(2026, 3, 1);
        parameters.signed_by(&KeyPair::generate().unwrap(), signer).unwrap().into()
    }

    fn faults(chain: &[CertificateDer<'_>], hosts: &[&str]) -> Vec<CertificateFault> {
        let hosts: Vec<_> = hosts.iter().map(|&host| host.to_owned()).collect();
        examine(chain, &hosts).unwrap().1
    }

    #[test]
    fn each_certificate_is_signed_by_the_next_one() {
        let (signer, other) = (authority("city"), authority("city"));
        let own = leaf(&["gate.example"], &signer);
        let (signer, other) = (signer.der().clone(), other.der().clone());
        assert_eq!(faults(&[own.clone(), signer.clone()], &[]), []);
        assert_eq!(faults(std::slice::from_ref(&own), &[]), []);
        // The same name with another key, and the opposite order.
        assert_eq!(faults(&[own.clone(), other], &[]), [CertificateFault::Unsigned(1)]);
        assert_eq!(faults(&[signer, own], &[]), [CertificateFault::Unsigned(1)]);
        assert!(examine(&[CertificateDer::from(vec![48, 0])], &[]).is_err());
    }

    #[test]
    fn the_names_cover_hosts_wildcards_and_addresses() {
        let own = leaf(&["gate.example", "*.app.example", "192.0.2.1", "2001:db8::1"], &authority("city"));
        let covered = ["gate.example", "a.app.example", "192.0.2.1", "2001:db8::1"];
        assert_eq!(faults(std::slice::from_ref(&own), &covered), []);
        for host in ["app.example", "gate.example.org", "192.0.2.2", "2001:db8::2"] {
            let expected = [CertificateFault::Uncovered(host.to_owned())];
            assert_eq!(faults(std::slice::from_ref(&own), &[host]), expected);
        }
    }

    #[test]
    fn a_chain_is_valid_between_its_times_and_warns_two_weeks_before_the_end() {
        let own = leaf(&["gate.example"], &authority("city"));
        let (validity, _) = examine(&[own], &[]).unwrap();
        let (begins, expires) = (Timestamp(1_767_225_600_000), Timestamp(1_772_323_200_000));
        assert_eq!(validity.leaf_expires, expires);
        assert_eq!(validity.fault(begins.minus_ms(1)), Some(CertificateFault::Early(begins)));
        assert_eq!(validity.fault(begins), None);
        assert_eq!(validity.fault(expires.minus_ms(EXPIRY_NOTICE_MS)), None);
        let soon = expires.minus_ms(EXPIRY_NOTICE_MS - 1);
        assert_eq!(validity.fault(soon), Some(CertificateFault::ExpiresSoon(expires)));
        assert_eq!(validity.fault(expires), Some(CertificateFault::Expired(expires)));
    }
}
