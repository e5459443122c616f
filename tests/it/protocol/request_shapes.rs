//! The schemas of requests and the gateway agree at the bounds: what one accepts the other accepts, and what
//! one refuses for its shape the other refuses. Bounds in bytes are left out: JSON Schema counts characters.

use http::Method;
use scangate_core::time::Step;
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestTown, check_request_body};
use serde_json::{Value, json};
use std::sync::Arc;

/// The codes of a request that is refused for its shape.
const SHAPE_CODES: [&str; 4] = ["malformed", "name-invalid", "person-code-invalid", "venue-code-invalid"];

/// Bodies for one operation.
struct Shapes {
    method: Method,
    path: String,
    authorization: String,
    /// A body that is accepted.
    base: Value,
}

impl Shapes {
    fn post(path: &str, authorization: &str, base: Value) -> Self {
        let (path, authorization) = (path.to_owned(), authorization.to_owned());
        Self { method: Method::POST, path, authorization, base }
    }

    /// Sends the base, then each change of it. A change to null removes nothing: null is sent.
    async fn check(
        &self,
        town: &mut TestTown,
        accepted: impl IntoIterator<Item = Value>,
        refused: impl IntoIterator<Item = Value>,
    ) -> anyhow::Result<()> {
        self.check_body(town, &self.base, true).await?;
        for change in accepted {
            self.check_body(town, &changed(&self.base, &change), true).await?;
        }
        for change in refused {
            self.check_body(town, &changed(&self.base, &change), false).await?;
        }
        self.check_body(town, &changed(&self.base, &json!({"unknown": 1})), false).await?;
        self.check_body(town, &json!([]), false).await?;
        for name in self.base.as_object().into_iter().flatten().map(|(name, _)| name) {
            self.check_body(town, &changed(&self.base, &json!({name: {}})), false).await?;
        }
        Ok(())
    }

    async fn check_body(&self, town: &mut TestTown, body: &Value, is_right: bool) -> anyhow::Result<()> {
        let place = format!("{} {} {body}", self.method, self.path);
        let schema = check_request_body(&self.method, &self.path, body);
        assert_eq!(schema.is_ok(), is_right, "the schema, {place}: {schema:?}");
        let sent = town.send(self.method.as_str(), &self.path, &self.authorization, body.to_string()).await?;
        // A list answers each line, and here there is one.
        assert_ne!(SHAPE_CODES.contains(&sent.code().as_str()), is_right, "{place}: {}", sent.text());
        Ok(())
    }
}

/// An object with some members set.
fn changed(base: &Value, change: &Value) -> Value {
    let mut changed = base.clone();
    if let (Value::Object(members), Value::Object(change)) = (&mut changed, change) {
        members.extend(change.clone());
    }
    changed
}

/// An object without one member.
fn without(base: &Value, name: &str) -> Value {
    let mut rest = base.clone();
    if let Value::Object(members) = &mut rest {
        members.remove(name);
    }
    rest
}

/// Values of a member that is a label.
fn labels(name: &str) -> (Vec<Value>, Vec<Value>) {
    let accepted = ["x".repeat(200), format!(" {}\n", "x".repeat(200)), "江苏 徐州".to_owned()];
    let refused = [String::new(), "  ".to_owned(), "x".repeat(201), "a\nb".to_owned(), "a\u{7f}b".to_owned()];
    let member = |text: String| json!({name: text});
    (accepted.map(member).into(), refused.map(member).into())
}

/// Values of a member that is a time, around this one.
fn times(name: &str) -> (Vec<Value>, Vec<Value>) {
    let text = now().minus_ms(1_000).to_string();
    let (second, date) = (&text[..19], &text[..10]);
    let accepted = [
        format!("{second}Z"),
        format!("{second}.123456789z"),
        format!("{}+00:00", second.replace('T', " ")),
        format!("{}-00:00", second.replace('T', "t")),
    ];
    let refused = [
        second.to_owned(),
        format!("{second}.Z"),
        format!("{second}+24:00"),
        format!("{}Z", &text[..16]),
        date.to_owned(),
        format!("{date}T24:00:00Z"),
        "2026-13-01T00:00:00Z".to_owned(),
        "2026-01-32T00:00:00Z".to_owned(),
    ];
    let member = |text: String| json!({name: text});
    (accepted.map(member).into(), refused.map(member).into())
}

#[tokio::test(flavor = "multi_thread")]
async fn scans() -> anyhow::Result<()> {
    let mut town = TestTown::found(10).await?;
    let terminal = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
    let code = town.residents[0].code(Step::of(now()));
    let others: Vec<String> =
        town.residents[1..].iter().map(|resident| resident.code(Step::of(now()))).collect();
    let poster = town.venues[0].poster.clone();
    let scan = json!({"person": code, "venue": poster});
    let accepted = [
        json!({"direction": "out"}),
        json!({"venue": null, "pass": null, "temperature": null}),
        json!({"temperature": 30}),
        json!({"temperature": 45.004}),
        json!({"document_shown": true, "full_check": false}),
        json!({"companions": others[..8]}),
    ];
    let refused = [
        json!({"direction": "up"}),
        json!({"direction": null}),
        json!({"person": null}),
        json!({"pass": code}),
        json!({"person": poster}),
        json!({"person": code[1..]}),
        json!({"person": format!("{code}A")}),
        json!({"venue": code}),
        json!({"venue": format!("{}B", &poster[..37])}),
        json!({"temperature": 29.99}),
        json!({"temperature": 45.01}),
        json!({"temperature": "36.6"}),
        json!({"companions": others}),
        json!({"companions": null}),
        json!({"document_shown": 1}),
        json!({"at": now()}),
    ];
    Shapes::post("/v1/check-ins", &terminal, scan.clone()).check(&mut town, accepted, refused).await?;
    let late = Shapes::post("/v1/check-ins/batch", &terminal, changed(&scan, &json!({"at": now()})));
    let (accepted, refused) = times("at");
    let outcomes = [json!({"outcome": "refused"}), json!({"outcome": null})];
    let strange = [json!({"outcome": "left"}), json!({"at": null})];
    late.check(&mut town, accepted.into_iter().chain(outcomes), refused.into_iter().chain(strange)).await?;
    late.check_body(&mut town, &without(&late.base, "at"), false).await
}

#[tokio::test(flavor = "multi_thread")]
async fn facts() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let authority = town.authority.clone();
    let person = town.residents[0].person;
    let test =
        json!({"person": person, "kind": "test", "result": "negative", "at": now(), "source": "clinic"});
    let shapes = Shapes::post("/v1/facts", &authority, test.clone());
    let (mut accepted, mut refused) = times("at");
    for (more, strange) in [labels("source"), labels("reference"), times("until")] {
        accepted.extend(more.into_iter().filter(|change| change.get("until").is_none()));
        refused.extend(strange);
    }
    accepted.extend([
        json!({"reference": null, "until": null, "which": null}),
        json!({"kind": "quarantine", "result": null, "place": "home"}),
        json!({"kind": "quarantine", "result": null, "place": "home", "re_examined": null}),
        json!({"kind": "stay", "result": null, "area": "JP"}),
        json!({"kind": "stay", "result": null, "area": "420100"}),
        json!({"kind": "close-contact", "result": null, "of": "f0000000000000"}),
        json!({"kind": "symptoms", "result": null, "which": ["fever", "fever"]}),
        json!({"kind": "certificate", "result": null, "type": "work", "until": now().plus_ms(60_000)}),
    ]);
    refused.extend([
        json!({"kind": "confirmed"}),
        json!({"kind": "vaccinated"}),
        json!({"result": null}),
        json!({"result": "unclear"}),
        json!({"area": "JP"}),
        json!({"of": "f0000000000000"}),
        json!({"kind": "quarantine", "result": null, "re_examined": true}),
        json!({"kind": "stay", "result": null, "area": "jp"}),
        json!({"kind": "stay", "result": null, "area": "42010"}),
        json!({"kind": "close-contact", "result": null, "of": "fg000000000000"}),
        json!({"kind": "symptoms", "result": null, "which": []}),
        json!({"kind": "certificate", "result": null, "type": "work"}),
        json!({"person": "p000000000000"}),
        json!({"person": "pg000000000000"}),
        json!({"person": "p0000000000000".to_uppercase()}),
        json!({"person": "p000000000000i"}),
    ]);
    shapes.check(&mut town, accepted, refused).await?;
    for name in ["person", "kind", "at", "source", "result"] {
        shapes.check_body(&mut town, &without(&test, name), false).await?;
    }
    let reason = json!({"reason": "sent twice"});
    let withdrawal = Shapes::post("/v1/facts/f0000000000000/withdraw", &authority, reason);
    let (accepted, refused) = reasons("reason");
    withdrawal.check(&mut town, accepted, refused).await
}

/// Values of a member that is a reason.
fn reasons(name: &str) -> (Vec<Value>, Vec<Value>) {
    let member = |text: String| json!({name: text});
    let accepted = ["x".to_owned(), "x".repeat(1_000), "two\nlines".to_owned()];
    let refused = [String::new(), " \n".to_owned(), "x".repeat(1_001)];
    (accepted.map(member).into(), refused.map(member).into())
}

#[tokio::test(flavor = "multi_thread")]
async fn venues_and_test_sites() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let authority = town.authority.clone();
    let venue = json!({"name": "东门", "kind": "market", "district": "鼓楼"});
    let (mut accepted, mut refused) = labels("name");
    let (more, strange) = labels("district");
    accepted.extend(more);
    refused.extend(strange);
    let open = |days: Value, from: &str, to: &str| json!({"days": days, "from": from, "to": to});
    let daily = open(json!([1]), "08:00", "20:00");
    accepted.extend([
        json!({"dwell_minutes": 1}),
        json!({"dwell_minutes": 1_440}),
        json!({"checks": ["document", "document"]}),
        json!({"hours": null, "latitude": null, "longitude": null}),
        json!({"hours": [open(json!([1, 7]), "00:00", "24:00")]}),
        json!({"hours": vec![daily.clone(); 21]}),
        json!({"latitude": -90, "longitude": 180}),
    ]);
    refused.extend([
        json!({"kind": "palace"}),
        json!({"dwell_minutes": 0}),
        json!({"dwell_minutes": 1_441}),
        json!({"dwell_minutes": 1.5}),
        json!({"checks": ["passport"]}),
        json!({"hours": []}),
        json!({"hours": vec![daily; 22]}),
        json!({"hours": [open(json!([]), "08:00", "20:00")]}),
        json!({"hours": [open(json!([0]), "08:00", "20:00")]}),
        json!({"hours": [open(json!([8]), "08:00", "20:00")]}),
        json!({"hours": [open(json!([1]), "8:00", "20:00")]}),
        json!({"hours": [open(json!([1]), "08:00", "24:01")]}),
        json!({"latitude": 34.2}),
        json!({"latitude": 90.1, "longitude": 0}),
        json!({"latitude": 0, "longitude": -180.1}),
    ]);
    Shapes::post("/v1/venues", &authority, venue).check(&mut town, accepted, refused).await?;
    let site = json!({"name": "一号", "district": "鼓楼", "address": "一路", "opens": "08:00", "closes": "24:00",
        "slot_minutes": 5, "places": 500});
    let (mut accepted, mut refused) = labels("address");
    accepted.extend([json!({"slot_minutes": 960}), json!({"places": 1})]);
    refused.extend([
        json!({"slot_minutes": 4}),
        json!({"places": 0}),
        json!({"places": 501}),
        json!({"opens": "8:00"}),
        json!({"closes": "24:30"}),
    ]);
    Shapes::post("/v1/test-sites", &authority, site).check(&mut town, accepted, refused).await?;
    let unit = json!({"name": "一村", "kind": "village", "district": "鼓楼"});
    let (accepted, mut refused) = labels("name");
    refused.extend([json!({"kind": "school"}), json!({"kind": null}), json!({"district": ""})]);
    Shapes::post("/v1/units", &authority, unit).check(&mut town, accepted, refused).await?;
    let contact = Shapes::post(
        "/v1/districts/A/people/p0000000000000/contacted",
        &authority,
        json!({"note": "by telephone"}),
    );
    let (mut accepted, refused) = labels("note");
    accepted.push(json!({"note": null}));
    contact.check(&mut town, accepted, refused).await?;
    contact.check_body(&mut town, &json!({}), true).await
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_and_areas() -> anyhow::Result<()> {
    // Each accepted list of areas is held, with a warning.
    let gateway = Gateway::start_in(Arc::new(tempfile::tempdir()?), &[], ExpectedLog::Trouble)?;
    let mut town = TestTown::found_in(gateway, 1).await?;
    let authority = town.authority.clone();
    let notice = json!({"zh": "通告", "en": "notice"});
    let accepted = [json!({"until": null}), json!({"until": "2099-01-01T00:00:00Z"})];
    let refused = [json!({"zh": ""}), json!({"en": 5}), json!({"until": 5})];
    Shapes::post("/v1/notices", &authority, notice).check(&mut town, accepted, refused).await?;
    let area = json!({"code": "42", "risk": "high", "from": "2022-01-04"});
    let accepted = [
        json!({"code": "420100", "risk": "low"}),
        json!({"code": "JP", "risk": "mid"}),
        json!({"code": "abroad", "until": null}),
        json!({"from": "2022-01-04T08:00:00+08:00", "until": "2022-01-05"}),
    ];
    let refused = [
        json!({"code": "4201000"}),
        json!({"code": "jp"}),
        json!({"risk": "huge"}),
        json!({"from": ""}),
        json!({"until": 5}),
    ];
    Shapes::post("/v1/areas", &authority, area).check(&mut town, accepted, refused).await
}

/// Values of the members of a health statement.
fn statements() -> (Vec<Value>, Vec<Value>) {
    let at = now().minus_ms(3_600_000);
    let stay = |until: Value| json!({"area": "420100", "from": at, "until": until});
    let contact = json!({"area": "JP", "at": at});
    let accepted = vec![
        json!({"symptoms": null, "stays": null, "contacts": null}),
        json!({"symptoms": [], "stays": [], "contacts": []}),
        json!({"symptoms": ["fever", "cough"]}),
        json!({"symptoms": vec!["fever"; 6]}),
        json!({"stays": [stay(Value::Null), stay(json!(now()))], "contacts": [contact]}),
        json!({"stays": vec![stay(Value::Null); 10], "contacts": vec![contact.clone(); 10]}),
    ];
    let refused = vec![
        json!({"symptoms": ["hunger"]}),
        json!({"symptoms": vec!["fever"; 7]}),
        json!({"stays": [{"area": "42", "from": at}]}),
        json!({"stays": [{"area": "420100"}]}),
        json!({"stays": vec![stay(Value::Null); 11]}),
        json!({"stays": [{"area": "420100", "from": at, "place": "x"}]}),
        json!({"contacts": [{"area": "JP", "at": "yesterday"}]}),
        json!({"contacts": vec![contact; 11]}),
    ];
    (accepted, refused)
}

#[tokio::test(flavor = "multi_thread")]
async fn people() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let authority = town.authority.clone();
    let document = |of: &str| json!({"type": of, "number": "E12345678"});
    let person = json!({"name": "王五", "phone": "13900001111", "document": document("passport")});
    let (mut accepted, mut refused) = labels("name");
    accepted.extend([json!({"class": "courier"}), json!({"phone": "+86 139-0000-1111"})]);
    refused.extend([
        json!({"class": "vip"}),
        json!({"class": null}),
        json!({"document": document("library-card")}),
        json!({"document": {"type": "passport"}}),
    ]);
    Shapes::post("/v1/people/import", &authority, person.clone()).check(&mut town, accepted, refused).await?;
    let (mut accepted, mut refused) = statements();
    accepted.extend([json!({"sms_code": null, "face": null}), json!({"sms_code": "123456"})]);
    refused.extend([json!({"name": " "}), json!({"sms_code": 123_456}), json!({"class": null})]);
    Shapes::post("/v1/people", "", person).check(&mut town, accepted, refused).await?;
    let person = town.residents[0].person;
    let path = format!("/v1/people/{person}");
    let (accepted, refused) = reasons("reason");
    let key = Shapes::post(&format!("{path}/key"), &authority, json!({"reason": "lost"}));
    key.check(&mut town, accepted, refused).await?;
    let pass = Shapes::post(&format!("{path}/passes"), &authority, json!({"days": 1}));
    let refused = [json!({"days": 0}), json!({"days": 91}), json!({"days": 1.5})];
    pass.check(&mut town, [json!({"days": 90})], refused).await
}

#[tokio::test(flavor = "multi_thread")]
async fn residents() -> anyhow::Result<()> {
    let mut town = TestTown::found(2).await?;
    let (own, other) = (town.residents[0].authorization(now()), town.residents[1].person);
    let report = Shapes::post("/v1/people/me/reports", &own, json!({}));
    let accepted = [
        json!({"temperature": 30.0}),
        json!({"temperature": 45}),
        json!({"temperature": null}),
        json!({"symptoms": []}),
        json!({"symptoms": ["dry-cough", "fever"]}),
    ];
    let refused = [
        json!({"temperature": 29.9}),
        json!({"temperature": 45.1}),
        json!({"symptoms": ["hunger"]}),
        json!({"symptoms": null}),
    ];
    report.check(&mut town, accepted, refused).await?;
    let text = Shapes::post("/v1/people/me/questions", &own, json!({"text": "?"}));
    let accepted = [json!({"text": "x".repeat(4_000)}), json!({"text": " a\n\tb "})];
    text.check(&mut town, accepted, [json!({"text": ""}), json!({"text": " \n"})]).await?;
    let arrival = json!({"from_area": "420100", "at": now()});
    let (mut accepted, mut refused) = times("at");
    let (more, strange) = labels("unit");
    accepted.extend(more);
    refused.extend(strange);
    accepted.extend([json!({"unit": null, "venue": null}), json!({"from_area": "JP"})]);
    refused.extend([json!({"from_area": "J"}), json!({"from_area": "4201000"}), json!({"venue": other})]);
    Shapes::post("/v1/people/me/arrivals", &own, arrival).check(&mut town, accepted, refused).await?;
    let change = Shapes {
        method: Method::PATCH,
        path: "/v1/people/me".to_owned(),
        authorization: own.clone(),
        base: json!({"name": "李四"}),
    };
    let (mut accepted, mut refused) = labels("name");
    let (more, strange) = statements();
    accepted.extend(more);
    refused.extend(strange);
    accepted.push(json!({"name": null, "phone": null, "class": null, "sms_code": null, "face": null}));
    change.check(&mut town, accepted, refused).await?;
    let guardian = Shapes::post("/v1/people/me/guardians", &own, json!({"person": other}));
    guardian.check(&mut town, [], [json!({"person": "v0000000000000"}), json!({"person": null})]).await?;
    let dependant = Shapes::post("/v1/people/me/dependants", &own, json!({"person": other}));
    let refused = [json!({"person": null}), json!({"name": "小明"})];
    dependant.check(&mut town, [json!({"name": null, "document": null})], refused).await?;
    let at = now().plus_ms(3_600_000);
    let booking = Shapes::post("/v1/people/me/bookings", &own, json!({"site": "t0000000000000", "at": at}));
    booking.check(&mut town, [], [json!({"site": "t000000000000"}), json!({"at": "tomorrow"})]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_and_tokens() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let (tracer, person) = (town.tracer.clone(), town.residents[0].person);
    let code = town.residents[0].code(Step::of(now()));
    let (from, to) = (now().minus_ms(3_600_000), now().plus_ms(3_600_000));
    let case = json!({"person": person, "purpose": "audit", "reference": "1", "from": from, "to": to});
    let (mut accepted, mut refused) = labels("reference");
    refused.extend(labels("purpose").1);
    refused.extend(times("from").1);
    accepted.push(json!({"person": code}));
    refused.extend([json!({"person": "p000"}), json!({"person": "x".repeat(40)})]);
    Shapes::post("/v1/cases", &tracer, case).check(&mut town, accepted, refused).await?;
    let path = format!("/v1/cases/{}", town.open_case(0).await?);
    let extension = Shapes::post(&format!("{path}/extensions"), &tracer, json!({"hops": 3, "reason": "r"}));
    let accepted = [
        json!({"hops": 1, "venue": null}),
        json!({"hops": null, "venue": town.venues[0].venue}),
        json!({"reason": format!(" {} ", "x".repeat(1_000))}),
    ];
    let refused = [
        json!({"hops": 0}),
        json!({"hops": 4}),
        json!({"hops": null}),
        json!({"reason": " "}),
        json!({"venue": "v000000000000"}),
    ];
    extension.check(&mut town, accepted, refused).await?;
    let change = Shapes { method: Method::PATCH, ..Shapes::post(&path, &tracer, json!({"note": "n"})) };
    let accepted = [json!({"status": null, "tracer": null}), json!({"note": null, "tracer": "other"})];
    change.check_body(&mut town, &json!({}), false).await?;
    let refused =
        [json!({"note": null}), json!({"note": "\n"}), json!({"status": "open"}), json!({"tracer": ""})];
    // An accepted change hands the case over, so it comes last.
    change.check(&mut town, [], refused).await?;
    change.check(&mut town, accepted, []).await?;
    let operator = town.gateway.first_token("operator")?;
    let revocation = Shapes::post("/v1/tokens/revoke", &operator, json!({"jti": "k0000000000000"}));
    revocation.check(&mut town, [], [json!({"jti": "k000000000000"}), json!({"jti": ""})]).await?;
    let approval = Shapes::post("/v1/held/h0000000000000/approve", &town.authority.clone(), json!({}));
    let accepted = [json!({"worse": 0}), json!({"worse": null})];
    approval.check(&mut town, accepted, [json!({"worse": -1}), json!({"worse": 0.5})]).await
}
