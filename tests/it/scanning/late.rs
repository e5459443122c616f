//! Late scans: a gate without a link keeps its scans and uploads them later. They are judged as of their own
//! time, with the outcome of the gate, and a scan that was acknowledged before keeps its first record.

use scangate_core::limits::LATE_MS_MAX;
use scangate_core::time::{Step, Timestamp};
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestTown, eventually, tick};
use serde_json::{Value, json};
use std::sync::Arc;

const MINUTE: u64 = 60_000;

/// A town with a gate at its first venue.
struct GateTown {
    town: TestTown,
    gate: String,
}

impl GateTown {
    async fn found(residents: usize) -> anyhow::Result<Self> {
        Self::found_in(Gateway::start(&[])?, residents).await
    }

    async fn found_in(gateway: Gateway, residents: usize) -> anyhow::Result<Self> {
        let town = TestTown::found_in(gateway, residents).await?;
        let gate = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
        Ok(Self { town, gate })
    }

    /// A scan of a resident at a time, with more fields.
    fn scan(&self, resident: usize, at: Timestamp, more: &Value) -> Value {
        let mut scan = json!({"person": self.town.residents[resident].code(Step::of(at)), "at": at});
        if let (Value::Object(scan), Value::Object(more)) = (&mut scan, more) {
            scan.extend(more.clone());
        }
        scan
    }

    /// Uploads one scan.
    async fn upload(&mut self, scan: &Value) -> anyhow::Result<Value> {
        let sent = self.town.send("POST", "/v1/check-ins/batch", &self.gate, scan.to_string()).await?;
        Ok(sent.lines()?.remove(0))
    }

    /// Uploads a scan of a resident at a time.
    async fn late(&mut self, resident: usize, at: Timestamp) -> anyhow::Result<Value> {
        let scan = self.scan(resident, at, &json!({}));
        self.upload(&scan).await
    }

    /// The visits of a resident: verdict, and length in milliseconds.
    async fn visits(&mut self, resident: usize) -> anyhow::Result<Vec<(String, u64)>> {
        let case = self.town.open_case(resident).await?;
        let trail = self.town.traced(&format!("/v1/cases/{case}/trail")).await?;
        let visits = trail["visits"].as_array().cloned().unwrap_or_default();
        visits.iter().map(visit).collect()
    }
}

fn visit(visit: &Value) -> anyhow::Result<(String, u64)> {
    let time = |name: &str| serde_json::from_value::<Timestamp>(visit[name].clone());
    Ok((visit["verdict"].as_str().unwrap_or_default().to_owned(), time("to")?.since_ms(time("from")?)))
}

fn passed_for_an_hour() -> Vec<(String, u64)> {
    vec![("pass".to_owned(), 60 * MINUTE)]
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_let_in_before_becoming_a_case_was_there_and_is_traced() -> anyhow::Result<()> {
    let mut here = GateTown::found(2).await?;
    let then = now().minus_ms(20 * 60 * MINUTE);
    here.late(1, then.minus_ms(10 * MINUTE)).await?;
    assert_eq!(here.town.post_fact(0, "confirmed").await?.lines()?[0]["colour"], "red");
    let late = here.late(0, then).await?;
    // Nobody was registered then.
    assert_eq!((&late["colour"], &late["verdict"]), (&json!("unknown"), &json!("pass")), "{late}");
    assert_eq!((&late["late"], &late["checks"], &late["at"]), (&json!(true), &json!([]), &json!(then)));
    assert_eq!(here.visits(0).await?, passed_for_an_hour());
    let case = here.town.open_case(0).await?;
    let met = here.town.traced(&format!("/v1/cases/{case}/co-presence")).await?;
    assert_eq!(met["contacts"][0]["person"], json!(here.town.residents[1].person), "{met}");
    assert_eq!(met["contacts"][0]["overlap_s"], 50 * 60, "{met}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_scan_has_the_colour_pack_keys_and_venue_of_its_time() -> anyhow::Result<()> {
    let approval = ExpectedLog::Words("a rule pack waits for a second approver");
    let gateway = Gateway::start_in(Arc::new(tempfile::tempdir()?), &[], approval)?;
    let mut here = GateTown::found_in(gateway, 2).await?;
    tick().await?;
    let (at, authority) = (now(), here.town.authority.clone());
    let before = here.scan(0, at, &json!({}));
    tick().await?;
    let red = here.town.post_fact(0, "confirmed").await?.lines()?;
    assert_eq!(red[0]["colour"], "red");
    // The fact is withdrawn after the second scan, which still counts as it was.
    let sick = here.scan(0, now(), &json!({"direction": "out"}));
    tick().await?;
    let path = format!("/v1/facts/{}/withdraw", red[0]["fact"].as_str().unwrap_or_default());
    here.town.send("POST", &path, &authority, json!({"reason": "mistaken"}).to_string()).await?;
    // Another pack and another key come into force, and the venue closes.
    let pack =
        include_str!("../../../gateway/core/policies/default.toml").replace("version = 2", "version = 3");
    let held = here.town.send("POST", "/v1/policies", &authority, pack).await?.json()?;
    let approver = here.town.gateway.token("authority", "second approver", None)?;
    let path = format!("/v1/held/{}/approve", held["held"].as_str().unwrap_or_default());
    assert_eq!(here.town.send("POST", &path, &approver, "").await?.json()?["policy"], "default/3");
    let operator = here.town.gateway.first_token("operator")?;
    here.town.send("POST", "/v1/keys/rotate", &operator, "").await?;
    for resident in [0, 1] {
        assert_eq!(here.town.own(resident, "POST", "/key", &Value::Null).await?.status(), 200);
    }
    assert_eq!(here.town.send("DELETE", "/v1/keys/1", &operator, "").await?.status(), 204);
    let after_key = here.scan(1, now(), &json!({}));
    let live = json!({"person": here.town.residents[1].code(Step::of(now()))}).to_string();
    let live = here.town.send("POST", "/v1/check-ins", &here.gate, live).await?;
    assert_eq!(live.code(), "person-code-invalid");
    // A scan of the millisecond in which its venue closes is refused for that.
    tick().await?;
    let path = format!("/v1/venues/{}", here.town.venues[0].venue);
    assert_eq!(here.town.send("DELETE", &path, &authority, "").await?.status(), 204);
    assert_eq!(here.upload(&after_key).await?["code"], "person-code-invalid");
    let late = here.upload(&before).await?;
    assert_eq!(
        (&late["colour"], &late["verdict"], &late["policy"], &late["at"]),
        (&json!("green"), &json!("pass"), &json!("default/2"), &json!(at)),
        "{late}"
    );
    let late = here.upload(&sick).await?;
    assert_eq!(
        (&late["colour"], &late["verdict"], &late["late"]),
        (&json!("red"), &json!("pass"), &json!(true))
    );
    assert_eq!(late["policy"], "default/2", "{late}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_venue_takes_late_scans_of_the_time_before_it_closed_alone() -> anyhow::Result<()> {
    let mut here = GateTown::found(2).await?;
    let (before, authority) = (now(), here.town.authority.clone());
    tick().await?;
    let path = format!("/v1/venues/{}", here.town.venues[0].venue);
    // Closing it again does not move the time.
    assert_eq!(here.town.send("DELETE", &path, &authority, "").await?.status(), 204);
    let after = now();
    tick().await?;
    assert_eq!(here.town.send("DELETE", &path, &authority, "").await?.status(), 204);
    assert_eq!(here.late(0, before).await?["verdict"], "pass");
    assert_eq!(here.late(1, after).await?["code"], "venue-closed");
    assert_eq!(here.town.check_in(0, 0).await?.code(), "venue-closed");
    assert_eq!(here.visits(0).await?.len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_gate_makes_a_late_scan_a_refusal() -> anyhow::Result<()> {
    let mut here = GateTown::found(3).await?;
    let at = now().minus_ms(3 * 60 * MINUTE);
    let refused = here.scan(0, at, &json!({"outcome": "refused"}));
    assert_eq!(here.upload(&refused).await?["verdict"], "refuse");
    let feverish = here.scan(1, at, &json!({"outcome": "entered", "temperature": 39.0}));
    let feverish = here.upload(&feverish).await?;
    assert_eq!(
        (&feverish["verdict"], &feverish["reasons"]),
        (&json!("pass"), &json!(["fever"])),
        "{feverish}"
    );
    assert_eq!(here.visits(0).await?, [("refuse".to_owned(), 1_000)]);
    assert_eq!(here.visits(1).await?, passed_for_an_hour());
    // A live scan has its time and outcome from the gateway.
    let now = now();
    for more in [json!({"outcome": "entered"}), json!({"at": now})] {
        let mut scan = here.scan(2, now, &more);
        if more["at"].is_null() {
            scan.as_object_mut().map(|scan| scan.remove("at"));
        }
        let live = here.town.send("POST", "/v1/check-ins", &here.gate, scan.to_string()).await?;
        assert_eq!((live.status(), live.code().as_str()), (400, "malformed"), "{scan}");
    }
    let other = here.scan(2, now, &json!({"outcome": "left"}));
    assert_eq!(here.upload(&other).await?["code"], "malformed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_whose_answer_was_lost_keeps_its_first_record() -> anyhow::Result<()> {
    let mut here = GateTown::found(3).await?;
    let scan = here.town.scan(0, 0);
    let first = here.town.send("POST", "/v1/check-ins", "", scan.clone()).await?.json()?;
    let at: Timestamp = serde_json::from_value(first["at"].clone())?;
    let code = serde_json::from_str::<Value>(&scan)?["person"].clone();
    assert_eq!(here.town.post_fact(0, "confirmed").await?.lines()?[0]["colour"], "red");
    // The gate's clock is slow, then fast, and it says that it turned the person away.
    for (drift, more) in [
        (at.minus_ms(2_000), json!({})),
        (at.plus_ms(2_000), json!({})),
        (at.minus_ms(1), json!({"outcome": "refused"})),
    ] {
        let mut late = here.scan(0, drift, &more);
        late["person"] = code.clone();
        let answer = here.upload(&late).await?;
        for field in ["id", "at", "colour", "verdict", "reasons", "policy", "checks", "venue"] {
            assert_eq!(answer[field], first[field], "{drift}");
        }
        assert_eq!(answer["late"], true);
    }
    assert_eq!(here.visits(0).await?, passed_for_an_hour());
    // The upload comes first, and the phone shows the same code again.
    let moment = now();
    let late = here.late(1, moment).await?;
    let body = json!({
        "venue": here.town.venues[0].poster, "person": here.town.residents[1].code(Step::of(moment)),
    });
    let live = here.town.send("POST", "/v1/check-ins", "", body.to_string()).await?.json()?;
    assert_eq!((&live["id"], &live["at"]), (&late["id"], &late["at"]));
    // An old scan is found in the store.
    let then = now().minus_ms(60 * MINUTE);
    let first = here.late(2, then).await?;
    let again = here.scan(2, then.plus_ms(1), &json!({"outcome": "refused"}));
    assert_eq!(here.upload(&again).await?, first);
    assert_eq!(here.visits(2).await?, passed_for_an_hour());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_scan_is_accepted_for_72_hours() -> anyhow::Result<()> {
    let mut here = GateTown::found(2).await?;
    let oldest = now().minus_ms(LATE_MS_MAX - MINUTE);
    assert_eq!(here.late(0, oldest).await?["verdict"], "pass");
    for at in [now().minus_ms(LATE_MS_MAX + 1), now().plus_ms(MINUTE)] {
        assert_eq!(here.late(1, at).await?["code"], "malformed");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_keeps_its_first_decision_also_after_a_restart() -> anyhow::Result<()> {
    let mut here = GateTown::found(1).await?;
    // The steps below take less time than a code is valid, if they begin with a new step.
    let scan = eventually(async || Ok(now()), |at| at.0 % 30_000 < 10_000).await?;
    let code = here.town.residents[0].code(Step::of(scan));
    let body = |more: Value| {
        let mut body = json!({"person": code});
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
        body.to_string()
    };
    let gate = here.gate.clone();
    let first = here.town.send("POST", "/v1/check-ins", &gate, body(json!({}))).await?.json()?;
    assert_eq!(first["colour"], "green");
    assert_eq!(here.town.post_fact(0, "confirmed").await?.lines()?[0]["colour"], "red");
    // The staff have done something, but found nothing.
    let acted = body(json!({"document_shown": true, "temperature": 36.5}));
    let retry = here.town.send("POST", "/v1/check-ins", &gate, acted.clone()).await?.json()?;
    assert_eq!(retry, first);
    let fever = body(json!({"temperature": 39.0}));
    let fever = here.town.send("POST", "/v1/check-ins", &gate, fever).await?.json()?;
    for (field, expected) in
        [("colour", json!("green")), ("verdict", json!("refuse")), ("reasons", json!(["fever"]))]
    {
        assert_eq!(fever[field], expected, "{fever}");
    }
    assert_eq!(
        (&fever["id"], &fever["at"], &fever["policy"]),
        (&first["id"], &first["at"], &first["policy"])
    );
    here.town.gateway.kill()?;
    let gateway = Gateway::start_in(here.town.gateway.folder(), &[], ExpectedLog::Quiet)?;
    here.town.connection = gateway.target()?.connect(Version::Http3).await?;
    let again = here.town.send("POST", "/v1/check-ins", &gate, acted).await?.json()?;
    assert_eq!(again, fever);
    Ok(())
}
