//! A scan: the request of a phone or terminal, parsed. The next stage of a check-in verifies its codes.

use crate::certificate::PresentedCertificate;
use crate::check_in::Direction;
use crate::code::{PaperPass, PersonCode, VenueCode};
use crate::limits;
use crate::refusal::Refusal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A body temperature as a terminal measured it. **Units**: hundredths of a degree Celsius.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Temperature(u16);

/// The temperature is not that of a living person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a temperature is between 30 and 45 degrees Celsius")]
pub struct TemperatureError;

impl Temperature {
    /// A temperature of degrees Celsius between 30 and 45, rounded to hundredths.
    #[must_use]
    pub fn of_celsius(degrees: f64) -> Option<Self> {
        let centi = (degrees * 100.0).round();
        let range = f64::from(limits::TEMPERATURE_CENTI_MIN)..=f64::from(limits::TEMPERATURE_CENTI_MAX);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range was just checked"
        )]
        range.contains(&centi).then_some(Self(centi as u16))
    }

    /// Hundredths of a degree.
    #[must_use]
    pub const fn centi(self) -> u16 {
        self.0
    }
}

impl TryFrom<f64> for Temperature {
    type Error = TemperatureError;
    fn try_from(degrees: f64) -> Result<Self, TemperatureError> {
        Self::of_celsius(degrees).ok_or(TemperatureError)
    }
}

impl From<Temperature> for f64 {
    fn from(temperature: Temperature) -> Self {
        Self::from(temperature.0) / 100.0
    }
}

/// The scanned code of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// The code on a phone.
    Person(PersonCode),
    /// A printed pass.
    Pass(PaperPass),
    /// Another city's certificate.
    Certificate(Box<PresentedCertificate>),
}

/// The checks that the staff at a door have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DoorWork {
    /// The measured temperature.
    pub temperature: Option<Temperature>,
    /// Whether an identity document was seen.
    pub document_shown: bool,
    /// Whether the papers were checked and questions asked.
    pub full_check: bool,
}

impl DoorWork {
    /// Whether the staff have done none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The act of a gate without a link: it let the person in or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GateOutcome {
    /// It let the person in.
    #[default]
    Entered,
    /// It turned the person away.
    Refused,
}

/// A scan of the right shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The venue's code; a terminal need not send one.
    pub venue: Option<VenueCode>,
    /// The code of the person who holds the phone or the pass.
    pub holder: Holder,
    /// The codes of the people who come in with the holder.
    pub companions: Vec<PersonCode>,
    /// The direction.
    pub direction: Direction,
    /// The checks that the staff have done.
    pub door: DoorWork,
    /// The time of the scan, for scans sent later.
    pub at: Option<Timestamp>,
    /// The act of the gate, for scans sent later.
    pub outcome: Option<GateOutcome>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'a> {
    #[serde(borrow, default)]
    venue: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    person: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pass: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    certificate: Option<Cow<'a, str>>,
    #[serde(default)]
    direction: Direction,
    #[serde(borrow, default)]
    companions: Vec<Cow<'a, str>>,
    #[serde(default)]
    temperature: Option<f64>,
    #[serde(default)]
    document_shown: bool,
    #[serde(default)]
    full_check: bool,
    #[serde(borrow, default)]
    at: Option<Cow<'a, str>>,
    #[serde(default)]
    outcome: Option<GateOutcome>,
}

impl Scan {
    /// Parses a scan from JSON. **Cost**: no allocation but for companions and certificates. **Errors**:
    /// `malformed` for a wrong shape, `too-large` over [`limits::SCAN_BYTES_MAX`], and `venue-code-invalid`,
    /// `person-code-invalid` or `certificate-untrusted` for a string that cannot be one.
    pub fn parse(json: &[u8]) -> Result<Self, Refusal> {
        if json.len() > limits::SCAN_BYTES_MAX {
            return Err(Refusal::TooLarge);
        }
        if json.trim_ascii_start().first() == Some(&b'[') {
            return Err(Refusal::Malformed("a list stands where an object is expected"));
        }
        let body: Body<'_> = serde_json::from_slice(json).map_err(|error| shape_of(&error))?;
        if body.companions.len() > limits::COMPANIONS_MAX {
            return Err(Refusal::Malformed("at most 8 companions"));
        }
        Ok(Self {
            venue: body.venue.map(|code| venue_code(&code)).transpose()?,
            holder: holder(body.person.as_deref(), body.pass.as_deref(), body.certificate.as_deref())?,
            companions: body.companions.iter().map(|code| person_code(code)).collect::<Result<_, _>>()?,
            direction: body.direction,
            door: DoorWork {
                temperature: body.temperature.map(temperature).transpose()?,
                document_shown: body.document_shown,
                full_check: body.full_check,
            },
            at: body.at.map(|at| time(&at)).transpose()?,
            outcome: body.outcome,
        })
    }
}

fn shape_of(error: &serde_json::Error) -> Refusal {
    match error.classify() {
        serde_json::error::Category::Data => {
            Refusal::Malformed("a field is unknown, of the wrong type or missing: see Scan in /openapi.json")
        }
        serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof
        | serde_json::error::Category::Io => Refusal::Malformed("the body is not JSON"),
    }
}

fn venue_code(text: &str) -> Result<VenueCode, Refusal> {
    VenueCode::parse(text.as_bytes()).map_err(|_| Refusal::VenueCodeInvalid)
}

fn person_code(text: &str) -> Result<PersonCode, Refusal> {
    PersonCode::parse(text.as_bytes()).map_err(|_| Refusal::PersonCodeInvalid)
}

fn holder(person: Option<&str>, pass: Option<&str>, certificate: Option<&str>) -> Result<Holder, Refusal> {
    match (person, pass, certificate) {
        (Some(code), None, None) => person_code(code).map(Holder::Person),
        (None, Some(code), None) => {
            PaperPass::parse(code.as_bytes()).map(Holder::Pass).map_err(|_| Refusal::PersonCodeInvalid)
        }
        (None, None, Some(text)) => {
            let presented = PresentedCertificate::parse(text).map_err(Refusal::CertificateUntrusted)?;
            Ok(Holder::Certificate(Box::new(presented)))
        }
        (None, None, None) => Err(Refusal::Malformed("person is missing")),
        _ => Err(Refusal::Malformed("send one of person, pass and certificate")),
    }
}

fn temperature(degrees: f64) -> Result<Temperature, Refusal> {
    Temperature::of_celsius(degrees)
        .ok_or(Refusal::Malformed("temperature must be between 30 and 45 degrees"))
}

fn time(text: &str) -> Result<Timestamp, Refusal> {
    text.parse().map_err(|_| Refusal::Malformed("at must be an RFC 3339 time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PERSON: &str = "AQEBI0VniavN7wNCzMAe3n2Mq7okni5LDrnBsVMA";
    const POSTER: &str = "EQH-3LqYdlQyEAAHN3l10ahRGSfZ7mXfW8JBzQ";
    const PASS: &str = "AwEBI0VniavN7wAASjhTVgqvJSEkNYzKTicH2B7x";

    fn refused(json: &str) -> &'static str {
        Scan::parse(json.as_bytes()).map_or_else(Refusal::code, |_| "accepted")
    }

    #[test]
    fn reads_every_field() {
        let json = format!(
            r#"{{"venue":"{POSTER}","person":"{PERSON}","direction":"out","companions":["{PERSON}"],
                "temperature":36.6,"document_shown":true,"full_check":true,"at":"2022-01-04T00:00:00Z","outcome":"refused"}}"#
        );
        let scan = Scan::parse(json.as_bytes()).unwrap();
        assert_eq!(scan.venue, VenueCode::parse(POSTER.as_bytes()).ok());
        assert_eq!(scan.holder, Holder::Person(PersonCode::parse(PERSON.as_bytes()).unwrap()));
        assert_eq!((scan.direction, scan.companions.len()), (Direction::Out, 1));
        assert_eq!(scan.door.temperature.unwrap().centi(), 3_660);
        assert!(scan.door.document_shown && scan.door.full_check);
        assert_eq!(scan.at, Some(Timestamp(1_641_254_400_000)));
        assert_eq!(scan.outcome, Some(GateOutcome::Refused));
        assert!(Scan::parse(format!(r#"{{"pass":"{PASS}"}}"#).as_bytes()).is_ok());
    }

    #[test]
    fn bad_shapes_are_refused() {
        let nine = vec![format!("\"{PERSON}\""); 9].join(",");
        for (json, code) in [
            ("", "malformed"),
            ("{", "malformed"),
            ("[]", "malformed"),
            (&format!(r#"["{POSTER}","{PERSON}"]"#), "malformed"),
            ("null", "malformed"),
            ("{}", "malformed"),
            (&format!(r#"{{"person":"{PERSON}","pass":"{PASS}"}}"#), "malformed"),
            (&format!(r#"{{"person":"{PERSON}","certificate":"e30.e30"}}"#), "malformed"),
            (&format!(r#"{{"pass":"{PASS}","certificate":"e30.e30"}}"#), "malformed"),
            (r#"{"certificate":""}"#, "certificate-untrusted"),
            (r#"{"certificate":"e30.e30"}"#, "certificate-untrusted"),
            (r#"{"certificate":["e30.e30"]}"#, "malformed"),
            (&format!(r#"{{"person":"{PERSON}","colour":"green"}}"#), "malformed"),
            (&format!(r#"{{"person":"{PERSON}","person":"{PERSON}"}}"#), "malformed"),
            (&format!(r#"{{"person":"{PERSON}"}} x"#), "malformed"),
            (&format!(r#"{{"person":"{PERSON}","temperature":NaN}}"#), "malformed"),
            (&format!(r#"{{"person":"{PERSON}","temperature":1e999}}"#), "malformed"),
            (&format!(r#"{{"person":"{PERSON}","temperature":20}}"#), "malformed"),
            (&format!(r#"{{"person":"{PERSON}","temperature":"36.6"}}"#), "malformed"),
            (&format!(r#"{{"person":"{PERSON}","direction":"up"}}"#), "malformed"),
            (&format!(r#"{{"person":"{PERSON}","at":"yesterday"}}"#), "malformed"),
            (&format!(r#"{{"person":"{PERSON}","outcome":"left"}}"#), "malformed"),
            (&format!(r#"{{"person":"{PERSON}","companions":[{nine}]}}"#), "malformed"),
            (r#"{"person":"AQ"}"#, "person-code-invalid"),
            (&format!(r#"{{"person":"{POSTER}"}}"#), "person-code-invalid"),
            (&format!(r#"{{"person":"{PERSON}","venue":"{PERSON}"}}"#), "venue-code-invalid"),
            (&format!(r#"{{"person":"{}"}}"#, "A".repeat(5_000)), "too-large"),
        ] {
            assert_eq!(refused(json), code, "{json}");
        }
    }

    #[test]
    fn xz_02_a_scan_is_codes_and_nobody_types_anything_about_themselves() {
        let alone = format!(r#"{{"venue":"{POSTER}","person":"{PERSON}"}}"#);
        assert!(Scan::parse(alone.as_bytes()).is_ok());
        for field in ["name", "phone", "document", "number", "class", "address"] {
            let more = format!(r#"{{"venue":"{POSTER}","person":"{PERSON}","{field}":"x"}}"#);
            assert_eq!(refused(&more), "malformed", "{field}");
        }
    }

    proptest! {
        #[test]
        fn bytes_never_panic(json: Vec<u8>) {
            let _ = Scan::parse(&json);
        }
    }
}
