//! Registration by the steps of a city's rule pack, with providers that accept or reject.

mod numbers;
mod providers;
mod replacement;
mod reviews;
mod statements;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use scangate_core::code::PersonCode;
use scangate_core::keys::{Key, Kid, PersonKey};
use scangate_core::time::Step;
use scangate_loadgen::city::{LoadResident, RegistrationReply};
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{
    Behaviour, ExpectedLog, Gateway, TestProvider, TestReply, TestTown, eventually, refused, send,
};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

pub(crate) const NAME: &str = "欧阳修远";
pub(crate) const NUMBER: &str = "11010519491231002X";
const OTHER_NUMBER: &str = "110105194912310038";
pub(crate) const PHONE: &str = "13912345678";
const TOKEN: &str = "a-token-of-the-city";
/// The period over which a phone's attempts are counted.
const PERIOD_MS: u64 = 600_000;

const SENT: Behaviour = Behaviour::Answers(200, "");
const MATCH: Behaviour = Behaviour::Answers(200, r#"{"match": true, "score": 0.98}"#);
const NO_MATCH: Behaviour = Behaviour::Answers(200, r#"{"match": false}"#);

pub(crate) fn jpeg() -> String {
    STANDARD.encode(b"\xff\xd8\xff\xe0 a face")
}

pub(crate) fn form(phone: &str, r#type: &str, number: &str) -> Value {
    json!({"name": NAME, "phone": phone, "document": {"type": r#type, "number": number}})
}

pub(crate) fn with(mut form: Value, more: &[(&str, &str)]) -> Value {
    for (name, value) in more {
        form[name] = json!(value);
    }
    form
}

/// A town under Xuzhou's pack, with a provider for messages and one for faces.
pub(crate) struct Xuzhou {
    pub(crate) town: TestTown,
    sms: TestProvider,
    face: TestProvider,
}

fn configuration(folder: &Path, sms: &str, face: &str) -> anyhow::Result<String> {
    let token = folder.join("webhook-token");
    std::fs::write(&token, format!("{TOKEN}\n"))?;
    let file = folder.join("gateway.toml");
    let text = format!(
        "policy = \"xuzhou\"\n[registration]\nsms_webhook = \"{sms}\"\nface_webhook = \"{face}\"\n\
         webhook_token = \"{}\"\n[journal]\ndisk_mib_max = 256\n",
        token.display()
    );
    std::fs::write(&file, text)?;
    Ok(file.display().to_string())
}

impl Xuzhou {
    pub(crate) async fn found(expect: ExpectedLog) -> anyhow::Result<Self> {
        let (sms, face) = (TestProvider::start(SENT).await?, TestProvider::start(MATCH).await?);
        let folder = Arc::new(tempfile::tempdir()?);
        let (to_sms, to_face) =
            (format!("http://{}/send", sms.address), format!("http://{}/face", face.address));
        let file = configuration(folder.path(), &to_sms, &to_face)?;
        let gateway = Gateway::start_in(folder, &["--config", &file], expect)?;
        Ok(Self { town: TestTown::found_in(gateway, 1).await?, sms, face })
    }

    /// Stops the gateway in order and starts it again.
    async fn restart(self) -> anyhow::Result<Self> {
        let Self { town: TestTown { gateway, .. }, sms, face } = self;
        let folder = gateway.folder();
        gateway.stop()?;
        let file = folder.path().join("gateway.toml").display().to_string();
        let gateway = Gateway::start_in(folder, &["--config", &file], ExpectedLog::Quiet)?;
        Ok(Self { town: TestTown::found_in(gateway, 1).await?, sms, face })
    }

    async fn post(&mut self, path: &str, body: &Value) -> anyhow::Result<TestReply> {
        self.town.send("POST", path, "", body.to_string()).await
    }

    pub(crate) async fn register(&mut self, body: &Value) -> anyhow::Result<TestReply> {
        self.post("/v1/people", body).await
    }

    /// Requests a code by message, and reads it as the phone's holder does.
    pub(crate) async fn code(&mut self, phone: &str) -> anyhow::Result<String> {
        let sent = self.post("/v1/people/sms-codes", &json!({"phone": phone})).await?;
        anyhow::ensure!(sent.status() == 202, "{}", sent.text());
        let code = self.sms.last_request()?.body["code"].as_str().map(str::to_owned);
        code.context("a message has a code")
    }

    /// Panics if the log or the metrics contain a name, phone, document, token or code.
    fn assert_nobody_is_named(&self) -> anyhow::Result<()> {
        let log = self.town.gateway.log();
        // The time of a line may contain any digits.
        let said: Vec<&str> = log.iter().filter_map(|line| Some(line.split_once(' ')?.1)).collect();
        let said = said.join("\n");
        for word in [NAME, NUMBER, PHONE, TOKEN] {
            assert!(!said.contains(word), "the log names {word}");
        }
        let numbers: HashSet<&str> = said.split(|letter: char| !letter.is_ascii_digit()).collect();
        for request in self.sms.requests() {
            let code = request.body["code"].as_str().unwrap_or_default();
            assert!(!numbers.contains(code), "the log names {code}");
        }
        let metrics = self.town.gateway.ask("/metrics")?;
        for word in [NAME, NUMBER, PHONE, TOKEN, &self.town.residents[0].person.to_string()] {
            assert!(!metrics.contains(word), "the metrics name {word}");
        }
        Ok(())
    }
}

/// The current period of attempts.
fn period() -> u64 {
    now().0 / PERIOD_MS
}

/// The person code of a newly registered resident.
fn person_code(given: &Value) -> anyhow::Result<String> {
    let key = URL_SAFE_NO_PAD.decode(given["key"].as_str().context("a key is given")?)?;
    let key = PersonKey(Key(key.try_into().map_err(|_| anyhow::anyhow!("a key is 32 bytes"))?));
    let kid = Kid(given["kid"].as_u64().context("a kid is given")?.try_into()?);
    let person = given["person"].as_str().context("an id is given")?.parse()?;
    Ok(PersonCode::seal(kid, person, Step::of(now()), &key).text())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_04_a_code_and_a_face_then_the_scanned_venue_and_xz_23_nobody_is_named_anywhere()
-> anyhow::Result<()> {
    let mut city = Xuzhou::found(ExpectedLog::Quiet).await?;
    let asked = city.town.send("GET", "/v1/registration", "", "").await?.json()?;
    let terms = json!({
        "policy": "xuzhou/3", "title": "徐州健康宝", "hotline": "12345",
        "documents": ["resident-id"], "steps": ["sms", "face"], "asks": [], "time_zone": "Asia/Shanghai", "city": {},
    });
    assert_eq!(asked, terms);

    let bare = form(PHONE, "resident-id", NUMBER);
    let code = city.code(PHONE).await?;
    let message = city.sms.last_request()?;
    let bearer = Some(format!("Bearer {TOKEN}"));
    assert_eq!((message.method_and_path.as_str(), &message.authorization), ("POST /send", &bearer));
    let text = message.body["text"].as_str().unwrap_or_default();
    assert!(text.starts_with("【徐州健康宝】") && text.contains(&code), "{text}");
    assert_eq!(message.body, json!({"phone": PHONE, "code": code, "text": text}));
    assert!(code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()), "{code}");

    let other = if code == "000000" { "000001" } else { "000000" };
    let gif = STANDARD.encode(b"GIF89a");
    for (more, face, status, refused) in [
        (vec![], MATCH, 422, "sms-code-needed"),
        (vec![("face", jpeg())], MATCH, 422, "sms-code-needed"),
        (vec![("sms_code", code.clone())], MATCH, 422, "face-needed"),
        (vec![("sms_code", code.clone()), ("face", "no base64".into())], MATCH, 400, "malformed"),
        (vec![("sms_code", code.clone()), ("face", gif)], MATCH, 422, "face-mismatch"),
        (vec![("sms_code", other.into()), ("face", jpeg())], MATCH, 422, "sms-code-invalid"),
        (vec![("sms_code", code.clone()), ("face", jpeg())], NO_MATCH, 422, "face-mismatch"),
        (
            vec![("sms_code", code.clone()), ("face", jpeg()), ("colour", "green".into())],
            MATCH,
            400,
            "malformed",
        ),
        (vec![("sms_code", code.clone()), ("face", jpeg())], MATCH, 200, ""),
        // The same proofs again: the same person, under a new key.
        (vec![("sms_code", code.clone()), ("face", jpeg())], MATCH, 200, ""),
    ] {
        city.face.behave(face);
        let more: Vec<_> = more.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let sent = city.register(&with(bare.clone(), &more)).await?;
        assert_eq!((sent.status(), sent.code().as_str()), (status, refused), "{more:?}: {}", sent.text());
        if status == 200 {
            let body = json!({"venue": city.town.venues[2].poster, "person": person_code(&sent.json()?)?});
            let scan = city.post("/v1/check-ins", &body).await?.json()?;
            assert_eq!(
                (&scan["colour"], &scan["venue"]["name"]),
                (&json!("green"), &json!("Venue 2")),
                "{scan}"
            );
        }
    }
    // No face is compared before the phone is proven.
    assert_eq!(city.face.requests().len(), 3);
    let claim = city.face.last_request()?;
    let document = json!({"type": "resident-id", "number": NUMBER});
    assert_eq!(claim.body, json!({"name": NAME, "document": document, "image": jpeg()}));
    assert_eq!((claim.method_and_path.as_str(), claim.authorization), ("POST /face", bearer));
    city.assert_nobody_is_named()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_04_a_picture_of_most_of_a_mebibyte_arrives_and_more_is_too_large() -> anyhow::Result<()> {
    let mut city = Xuzhou::found(ExpectedLog::Quiet).await?;
    let code = city.code(PHONE).await?;
    let picture = |bytes: usize| STANDARD.encode([b"\xff\xd8\xff\xe0".to_vec(), vec![7; bytes]].concat());
    for version in [Version::Http1, Version::Http2, Version::Http3] {
        let mut connection = city.town.target.connect(version).await?;
        for (bytes, status, refused) in [(740_000, 422, "face-mismatch"), (800_000, 413, "too-large")] {
            city.face.behave(NO_MATCH);
            let more = [("sms_code", code.as_str()), ("face", &picture(bytes))];
            let body = with(form(PHONE, "resident-id", NUMBER), &more).to_string();
            let sent = send(&mut connection, "POST", "/v1/people", "", body).await?;
            assert_eq!(
                (sent.status(), sent.code().as_str()),
                (status, refused),
                "{version:?}: {}",
                sent.text()
            );
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_11_passports_are_document_unsupported_and_the_authority_imports_them() -> anyhow::Result<()> {
    let mut city = Xuzhou::found(ExpectedLog::Quiet).await?;
    let code = city.code(PHONE).await?;
    for number in ["E12345678", "no form that is known here"] {
        let steps = [("sms_code", code.as_str()), ("face", &jpeg())];
        let sent = city.register(&with(form(PHONE, "passport", number), &steps)).await?;
        assert_eq!((sent.status(), sent.code().as_str()), (422, "document-unsupported"), "{}", sent.text());
    }
    let (authority, passport) = (city.town.authority.clone(), form(PHONE, "passport", "E12345678"));
    let imported = city.town.send("POST", "/v1/people/import", &authority, passport.to_string()).await?;
    assert!(imported.lines()?[0]["key"].is_string(), "{}", imported.text());
    assert!(city.face.requests().is_empty());
    Ok(())
}

/// Adds a newly registered person to the town's residents.
pub(crate) fn settle(town: &mut TestTown, given: Value) -> anyhow::Result<usize> {
    let resident: LoadResident = serde_json::from_value::<RegistrationReply>(given)?.resident()?;
    town.residents.push(resident);
    Ok(town.residents.len() - 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_09_who_registered_with_a_phone_is_taken_only_by_whom_they_named() -> anyhow::Result<()> {
    const FAMILY: usize = 0;
    let mut city = Xuzhou::found(ExpectedLog::Quiet).await?;
    let code = city.code(PHONE).await?;
    let steps = [("sms_code", code.as_str()), ("face", &jpeg())];
    let given = city.register(&with(form(PHONE, "resident-id", NUMBER), &steps)).await?.json()?;
    let town = &mut city.town;
    let proven = settle(town, given)?;
    let authority = town.authority.clone();
    let mut imported = Vec::new();
    for number in 0..2 {
        let form = form(PHONE, "passport", &format!("E1234567{number}")).to_string();
        let given = town.send("POST", "/v1/people/import", &authority, form).await?.lines()?.remove(0);
        imported.push(settle(town, given)?);
    }
    let id = |town: &TestTown, resident: usize| json!({"person": town.residents[resident].person});
    let (family, stranger, whom) = (id(town, FAMILY), id(town, imported[0]), id(town, proven));
    let not_named = refused(403, "proxy-not-named");

    // An imported person has no proven phone, so no nomination is needed.
    let taken = town.own(FAMILY, "POST", "/dependants", &stranger).await?;
    assert!(taken.status() == 200 && taken.json()?["key"].is_string(), "{}", taken.text());

    // The id, which is in every code, opens nothing; nor do name and document.
    let papers = json!({"name": NAME, "document": {"type": "resident-id", "number": NUMBER}});
    for body in [&whom, &papers] {
        let sent = town.own(FAMILY, "POST", "/dependants", body).await?;
        assert_eq!(sent.status_and_code(), not_named, "{}", sent.text());
        assert!(sent.json()?["key"].is_null() && !sent.text().contains(NAME), "{}", sent.text());
    }

    let own = town.own(proven, "POST", "/guardians", &whom).await?;
    assert_eq!(own.status_and_code(), refused(400, "malformed"));
    for _ in 0..2 {
        let named = town.own(proven, "POST", "/guardians", &family).await?;
        assert_eq!((named.status(), named.text().as_str()), (204, ""));
    }
    let mine = town.own(proven, "GET", "", &Value::Null).await?.json()?;
    assert_eq!((&mine["guardians"], &mine["named"]), (&json!([]), &json!([family["person"]])), "{mine}");
    // A nomination admits only the nominated guardian.
    let sent = town.own(imported[0], "POST", "/dependants", &whom).await?;
    assert_eq!(sent.status_and_code(), not_named);
    for _ in 0..2 {
        let taken = town.own(FAMILY, "POST", "/dependants", &whom).await?.json()?;
        assert_eq!(taken["person"], whom["person"]);
        assert!(taken["key"].is_string(), "{taken}");
    }
    // With one guardian, name and document still open nothing to another.
    let sent = town.own(imported[0], "POST", "/dependants", &papers).await?;
    assert_eq!(sent.status_and_code(), not_named);

    // At most three guardians here. An unknown id counts and is answered like a known one.
    let nobody = json!({"person": "p0000000000001"});
    let path = |whom: &Value| format!("/guardians/{}", whom["person"].as_str().unwrap_or_default());
    let full = refused(409, "proxy-in-limit");
    let others = [nobody.clone(), stranger.clone(), id(town, imported[1])];
    for (other, expected) in others.iter().zip([(204, String::new()), (204, String::new()), full]) {
        assert_eq!(town.own(proven, "POST", "/guardians", other).await?.status_and_code(), expected);
    }
    for (guardian, status) in [(&stranger, 204), (&stranger, 404), (&nobody, 204), (&others[2], 404)] {
        let sent = town.own(proven, "DELETE", &path(guardian), &Value::Null).await?;
        assert_eq!(sent.status(), status, "{}", sent.text());
    }
    let sent = town.own(imported[0], "POST", "/dependants", &whom).await?;
    assert_eq!(sent.status_and_code(), not_named, "what was taken back opens nothing");

    // A nomination ends with the guardianship, whichever side ends it.
    let left = format!("/dependants/{}", whom["person"].as_str().unwrap_or_default());
    assert_eq!(town.own(FAMILY, "DELETE", &left, &Value::Null).await?.status(), 204);
    assert_eq!(town.own(FAMILY, "POST", "/dependants", &whom).await?.status_and_code(), not_named);
    assert_eq!(town.own(proven, "POST", "/guardians", &family).await?.status(), 204);
    assert_eq!(town.own(FAMILY, "POST", "/dependants", &whom).await?.status(), 200);
    assert_eq!(town.own(proven, "DELETE", &path(&family), &Value::Null).await?.status(), 204);
    assert_eq!(town.own(FAMILY, "POST", "/dependants", &whom).await?.status_and_code(), not_named);

    let (operator, subject) = (town.gateway.first_token("operator")?, &whom["person"]);
    let entries = town.send("GET", "/v1/audit", &operator, "").await?.lines()?;
    let is_naming = |entry: &&Value| {
        let act = &entry["act"];
        act["act"] == "guardian-named" && act["subject"] == *subject && act["object"] == family["person"]
    };
    assert_eq!(entries.iter().filter(is_naming).count(), 2, "{entries:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_06_a_document_has_its_types_form_and_one_number_of_two_types_is_two_people() -> anyhow::Result<()>
{
    let mut town = TestTown::found_in(Gateway::start(&["--policy", "xinji"])?, 1).await?;
    let mut people = Vec::new();
    for (r#type, number, status, code) in [
        ("resident-id", "11010519491231002X", 200, ""),
        ("resident-id", "110105194912310021", 422, "document-invalid"),
        ("resident-id", "12345678", 422, "document-invalid"),
        ("passport", "12345678", 200, ""),
        ("passport", "1234", 422, "document-invalid"),
        ("taiwan-permit", "12345678", 200, ""),
        ("taiwan-permit", "T2345678", 422, "document-invalid"),
        ("hk-macau-permit", "H12345678", 200, ""),
        ("hk-macau-permit", "12345678", 422, "document-invalid"),
        ("passport", "H12345678", 200, ""),
        ("library-card", "12345678", 400, "malformed"),
    ] {
        let sent = town.send("POST", "/v1/people", "", form(PHONE, r#type, number).to_string()).await?;
        assert_eq!((sent.status(), sent.code().as_str()), (status, code), "{type} {number}: {}", sent.text());
        if status == 200 {
            people.push(sent.json()?["person"].to_string());
        }
    }
    people.sort_unstable();
    people.dedup();
    assert_eq!(people.len(), 5);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_07_phones_from_abroad_are_phone_unsupported() -> anyhow::Result<()> {
    let mut xinji = TestTown::found_in(Gateway::start(&["--policy", "xinji"])?, 1).await?;
    let mut xuzhou = Xuzhou::found(ExpectedLog::Quiet).await?;
    for phone in ["+85212345678", "+15551234567", "0085212345678", "12345", "02161234567"] {
        let body = form(phone, "passport", "E12345678").to_string();
        let sent = xinji.send("POST", "/v1/people", "", body).await?;
        assert_eq!((sent.status(), sent.code().as_str()), (422, "phone-unsupported"), "{phone}");
        let sent = xuzhou.post("/v1/people/sms-codes", &json!({"phone": phone})).await?;
        assert_eq!((sent.status(), sent.code().as_str()), (422, "phone-unsupported"), "{phone}");
    }
    assert!(xuzhou.sms.requests().is_empty());
    // A city whose pack requires no codes sends none.
    let sent = xinji.send("POST", "/v1/people/sms-codes", "", json!({"phone": PHONE}).to_string()).await?;
    assert_eq!((sent.status(), sent.code().as_str()), (404, "not-found"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_15_codes_are_limited_by_phone_over_a_restart_and_never_for_all() -> anyhow::Result<()> {
    let mut city = Xuzhou::found(ExpectedLog::Quiet).await?;
    // Repeat with new phones until a run falls into one period.
    for turn in 0.. {
        let (began, phone) = (period(), format!("139{turn:04}5678"));
        let mut said = Vec::new();
        for _ in 0..4 {
            said.push(city.post("/v1/people/sms-codes", &json!({"phone": phone})).await?);
        }
        // Hundreds of other phones get their codes at the same time.
        for other in 0..200 {
            let ask = json!({"phone": format!("137{turn:04}{other:04}")});
            assert_eq!(city.post("/v1/people/sms-codes", &ask).await?.status(), 202);
        }
        city = city.restart().await?;
        // The same phone, written differently.
        let again = city.post("/v1/people/sms-codes", &json!({"phone": format!("+86 {phone}")})).await?;
        if began != period() {
            continue;
        }
        assert_eq!(said.iter().map(TestReply::status).collect::<Vec<_>>(), [202, 202, 202, 429]);
        assert_eq!((again.status(), again.code().as_str()), (429, "too-many"), "{}", again.text());
        let after = again.header("retry-after").and_then(|after| after.parse::<u64>().ok());
        assert!(after.is_some_and(|after| (1..=PERIOD_MS / 1_000 + 60).contains(&after)), "{}", again.text());
        break;
    }
    city.assert_nobody_is_named()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_15_tries_are_limited_by_phone_also_with_the_right_code() -> anyhow::Result<()> {
    let mut city = Xuzhou::found(ExpectedLog::Quiet).await?;
    for turn in 0.. {
        let (began, phone) = (period(), format!("139{turn:04}5678"));
        let code = city.code(&phone).await?;
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let mut said = Vec::new();
        for code in [wrong, wrong, wrong, wrong, wrong, &code] {
            let steps = [("sms_code", code), ("face", &jpeg())];
            said.push(city.register(&with(form(&phone, "resident-id", OTHER_NUMBER), &steps)).await?.code());
        }
        if began != period() {
            continue;
        }
        assert_eq!(said[..5], ["sms-code-invalid"; 5]);
        assert_eq!(said[5], "too-many");
        break;
    }
    let code = city.code(PHONE).await?;
    let steps = [("sms_code", code.as_str()), ("face", &jpeg())];
    let other = city.register(&with(form(PHONE, "resident-id", NUMBER), &steps)).await?;
    assert_eq!(other.status(), 200, "{}", other.text());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn doubles_say_what_they_are_and_take_any_picture() -> anyhow::Result<()> {
    let folder = Arc::new(tempfile::tempdir()?);
    let gateway =
        Gateway::start_in(folder, &["--policy", "xuzhou"], ExpectedLog::Words("for development only"))?;
    let mut town = TestTown::found_in(gateway, 1).await?;
    for words in ["no SMS are sent", "no faces are compared"] {
        eventually(async || Ok(town.gateway.log().join("\n")), |log| log.contains(words)).await?;
    }
    let sent = town.send("POST", "/v1/people/sms-codes", "", json!({"phone": PHONE}).to_string()).await?;
    assert_eq!(sent.status(), 202, "{}", sent.text());
    let code = printed_code(&town.gateway, 1).await?;
    for (picture, status) in [(b"GIF89a".as_slice(), 422), (b"\x89PNG\r\n\x1a\n", 200)] {
        let steps = [("sms_code", code.as_str()), ("face", &STANDARD.encode(picture))];
        let body = with(form(PHONE, "resident-id", NUMBER), &steps);
        let sent = town.send("POST", "/v1/people", "", body.to_string()).await?;
        assert_eq!(sent.status(), status, "{}", sent.text());
    }
    let log = town.gateway.log();
    assert_eq!(log.iter().filter(|line| line.contains("for development only")).count(), 2);
    assert!(!log.join("\n").contains(PHONE));
    Ok(())
}

/// The lines with codes that the double for messages has printed so far.
pub(crate) fn printed_codes(gateway: &Gateway) -> Vec<String> {
    let mut log = gateway.log();
    log.retain(|line| line.starts_with("SMS double, nothing is sent: "));
    log
}

/// The code of this number, from 1 on, that the double printed, once the log has it. A log may end with the
/// code of an earlier request.
pub(crate) async fn printed_code(gateway: &Gateway, number: usize) -> anyhow::Result<String> {
    let printed = async || Ok(printed_codes(gateway));
    let lines = eventually(printed, |lines| lines.len() >= number).await?;
    let line = &lines[number - 1];
    assert!(line.contains(" for ***…"), "{line}");
    Ok(line.rsplit(' ').next().unwrap_or_default().to_owned())
}

#[test]
fn webhooks_that_cannot_work_are_said_before_the_gateway_starts() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = configuration(folder.path(), "https://sms.example/send", "http://face.example/compare")?;
    let checked = Gateway::run(&["check-config", &file])?;
    let said = String::from_utf8(checked.stderr)?;
    assert!(said.contains("gateway.toml:4:16") && said.contains("https is required"), "{said}");
    let file = configuration(folder.path(), "https://sms.example/send", "https://face.example/compare")?;
    assert!(Gateway::run(&["check-config", &file])?.status.success());
    std::fs::remove_file(folder.path().join("webhook-token"))?;
    let started =
        Gateway::start_in(Arc::new(tempfile::tempdir()?), &["--config", &file], ExpectedLog::Trouble);
    let error = started.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("registration.webhook_token"), "{error}");
    Ok(())
}
