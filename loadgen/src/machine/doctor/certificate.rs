//! The certificate that loadgen trusts: readable, valid now, and with the name that loadgen asks for.

use super::DoctorFinding;
use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use scangate_core::time::{DAY_MS, Timestamp};
use std::path::Path;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

const CHECK: &str = "certificate";
/// The validity that a certificate should still have: as long as the longest run.
const VALID_MS_MIN: u64 = DAY_MS;

pub(super) fn check(data: &Path, host: &str, now: Timestamp) -> Vec<DoctorFinding> {
    let path = data.join("certificate.pem");
    let read = std::fs::read(&path).map_err(|error| error.to_string());
    let findings = match read.and_then(|pem| chain(&pem)) {
        Ok(chain) => vec![validity(&chain, now), name(&chain, host)],
        Err(why) => {
            let remedy = "pass the gateway's data folder as --data, or copy its certificate";
            vec![DoctorFinding::error(CHECK, why, remedy)]
        }
    };
    let named = |finding: DoctorFinding| DoctorFinding {
        text: format!("{}: {}", path.display(), finding.text),
        ..finding
    };
    findings.into_iter().map(named).collect()
}

/// The certificates of a PEM file, the server's own first.
fn chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let chain = chain.map_err(|error| format!("it cannot be read: {error}"))?;
    if chain.is_empty() { Err("it holds no certificate".to_owned()) } else { Ok(chain) }
}

fn validity(chain: &[CertificateDer<'_>], now: Timestamp) -> DoctorFinding {
    let (mut begins, mut expires) = (i64::MIN, i64::MAX);
    for der in chain {
        let Ok((_, certificate)) = X509Certificate::from_der(der) else {
            return DoctorFinding::error(CHECK, "it cannot be read", "copy the gateway's certificate again");
        };
        begins = begins.max(certificate.validity().not_before.timestamp());
        expires = expires.min(certificate.validity().not_after.timestamp());
    }
    let (begins, expires) = (seconds(begins), seconds(expires));
    if now < begins {
        let remedy = "set the clock of this machine, or wait";
        DoctorFinding::error(CHECK, format!("it is not valid before {begins}"), remedy)
    } else if now >= expires {
        DoctorFinding::error(CHECK, format!("it expired at {expires}"), "renew it, and copy it again")
    } else if expires.since_ms(now) < VALID_MS_MIN {
        DoctorFinding::warning(CHECK, format!("it expires at {expires}"), "renew it before a long run")
    } else {
        DoctorFinding::ok(CHECK, format!("it is valid until {expires}"))
    }
}

/// A time before 1970 reads as 1970.
fn seconds(since_1970: i64) -> Timestamp {
    Timestamp(u64::try_from(since_1970).unwrap_or(0).saturating_mul(1_000))
}

fn name(chain: &[CertificateDer<'_>], host: &str) -> DoctorFinding {
    let leaf = chain.first().and_then(|leaf| ParsedCertificate::try_from(leaf).ok());
    let host_name = ServerName::try_from(host);
    let is_covered =
        leaf.zip(host_name.ok()).is_some_and(|(leaf, name)| verify_server_name(&leaf, &name).is_ok());
    if is_covered {
        DoctorFinding::ok(CHECK, format!("it covers {host}"))
    } else {
        let remedy = "name the host in --target as the certificate does, or add the name to the certificate";
        DoctorFinding::error(CHECK, format!("it does not cover {host}"), remedy)
    }
}
