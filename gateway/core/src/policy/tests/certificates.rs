//! Other cities' certificates: they count while the pack trusts their issuer.

use crate::certificate::{
    Certificate, CertificateError, Issuer, PresentedCertificate, Purpose, SALT_BYTES, Scope, subject,
};
use crate::colour::{Colour, Standing};
use crate::fact::{FactKind, Force};
use crate::id::{FactId, PersonId};
use crate::keys::Key;
use crate::person::{Document, DocumentType};
use crate::policy::{Judgement, Policy, fact_of};
use crate::time::{DAY_MS, Timestamp};

/// 2022-01-04, noon in Shanghai.
const NOON: Timestamp = Timestamp(1_641_268_800_000);

fn certificate() -> Certificate {
    let document = Document { r#type: DocumentType::Passport, number: "E12345678".into() };
    Certificate {
        issuer: "jingzhou".into(),
        subject: subject(&[7; SALT_BYTES], &document),
        salt: "BwcHBwcHBwcHBwcHBwcHBw".into(),
        colour: Colour::Green,
        at: NOON,
        until: NOON.plus_ms(30 * DAY_MS),
        policy: "jingzhou/1".into(),
        scope: Scope::Province,
        purpose: Purpose::Entry,
    }
}

/// Nanchong's pack with a middle risk in Guangzhou, and lines of trust.
fn nanchong(trust: &[&str]) -> Policy {
    let key = Issuer::new(&Key([1; 32])).public_key();
    let mut text = Policy::builtin("nanchong").unwrap().to_owned();
    text.push_str("\n[[area]]\ncode = \"4401\"\nrisk = \"mid\"\nfrom = 2020-01-01\n");
    for line in trust {
        text.push_str(&format!(
            "\n[[trust]]\nissuer = \"jingzhou\"\nkey = \"{key}\"\nscope = \"province\"\n{line}\n"
        ));
    }
    Policy::parse(&text).unwrap()
}

/// Who came from the area of middle risk and holds the certificate.
fn judged(pack: &Policy, now: Timestamp) -> Judgement {
    let certificate = fact_of(&certificate(), PersonId(1), NOON).identified();
    let kind = FactKind::Stay { area: "440103".to_owned().try_into().unwrap() };
    let stay = super::fact(2, kind, NOON, Some(NOON.plus_ms(DAY_MS)));
    assert!(certificate.id != FactId(2) && certificate.force == Force::InForce);
    pack.judge(&vec![stay, certificate].into(), now)
}

#[test]
fn hb_02_a_certificate_counts_while_its_issuer_is_trusted() {
    use Colour::{Green, Yellow};
    let day = |days: u64| NOON.plus_ms(days * DAY_MS);
    let until_the_seventh = ["from = 2022-01-01\nto = 2022-01-07"];
    let pack = nanchong(&until_the_seventh);
    let end = pack.calendar().midnight_after(NOON, 3);
    assert_eq!(judged(&pack, NOON).changes_at, Some(end));
    for (trust, colours) in [
        (&[][..], [Yellow, Yellow, Yellow]),
        (&["from = 2022-01-01"], [Green, Green, Green]),
        (&["from = 2022-01-05"], [Yellow, Green, Green]),
        (&until_the_seventh, [Green, Green, Yellow]),
        // Lines that touch are one, as when an issuer changes its key; of lines with a gap the first counts.
        (&["from = 2022-01-06", "from = 2022-01-01\nto = 2022-01-06"], [Green, Green, Green]),
        (&["from = 2022-01-09", "from = 2022-01-01\nto = 2022-01-05"], [Green, Yellow, Yellow]),
    ] {
        let pack = nanchong(trust);
        let colour = |now| judged(&pack, now).standing.colour;
        assert_eq!([colour(NOON), colour(day(2)), colour(day(3))], colours, "{trust:?}");
    }
}

#[test]
fn hb_02_at_a_door_issuer_dates_distance_and_revocation_count() {
    let issuer = Issuer::new(&Key([1; 32]));
    let presented =
        |certificate: &Certificate| PresentedCertificate::parse(&issuer.issue(certificate)).unwrap();
    let verify = |trust: &str, now| nanchong(&[trust]).verify(presented(&certificate()), now);
    let revoked = format!("from = 2022-01-01\nrevoked = [\"{}\"]", certificate().subject);
    let another = format!("from = 2022-01-01\nrevoked = [\"{}\"]", "A".repeat(43));
    assert_eq!(verify("from = 2022-01-01", NOON), Ok(certificate()));
    assert_eq!(verify(&another, NOON), Ok(certificate()));
    assert_eq!(verify(&revoked, NOON), Err(CertificateError::Revoked));
    assert_eq!(verify("from = 2022-01-05", NOON), Err(CertificateError::Untrusted));
    assert_eq!(verify("from = 2022-01-01", certificate().until), Err(CertificateError::OutOfTime));
    let city = Certificate { scope: Scope::City, ..certificate() };
    let far = nanchong(&["from = 2022-01-01"]).verify(presented(&city), NOON);
    assert_eq!(far, Err(CertificateError::OutOfScope));
    let bad = Policy::builtin("default").unwrap().to_owned()
        + "\n[[trust]]\nissuer = \"a\"\nkey = \"x\"\nfrom = 2022-01-01\nrevoked = [\"p1\"]\n";
    assert!(Policy::parse(&bad).unwrap_err().to_string().contains("43 characters of base64url each"));
}

#[test]
fn xj_02_a_visitors_colour_is_the_certificates_under_the_rules() {
    for name in ["xuzhou", "xinji", "nanchong", "jingzhou"] {
        let trust = format!(
            "\n[[trust]]\nissuer = \"jingzhou\"\nkey = \"{}\"\nfrom = 2022-01-01\n",
            Issuer::new(&Key([1; 32])).public_key()
        );
        let pack = Policy::parse(&(Policy::builtin(name).unwrap().to_owned() + &trust)).unwrap();
        let Standing { colour, reasons } = pack.standing_by(&certificate(), NOON);
        let words: Vec<&str> = pack.reason_words(reasons).collect();
        assert_eq!((colour, words), (Colour::Green, vec!["certificate"]), "{name}");
        let red = Certificate { colour: Colour::Red, ..certificate() };
        assert_eq!(pack.standing_by(&red, NOON).colour, Colour::Red, "{name}");
    }
}
