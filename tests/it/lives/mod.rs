//! Whole lives: what one person goes through over days and weeks, at a real gateway. libfaketime sets its
//! clock ahead. Needs `SCANGATE_TEST_FAKETIME`, the path of libfaketimeMT.so.1, and one life needs
//! Chromium.

mod browser;
mod child;
mod contact;
mod courier;
mod four_cities;
mod returning;
mod visitor;

use crate::registration::{jpeg, printed_code, printed_codes};
use anyhow::Context as _;
use scangate_core::id::VenueId;
use scangate_core::time::{DAY_MS, HOUR_MS, Step};
use scangate_loadgen::city::{LoadResident, RegistrationReply};
use scangate_loadgen::client::Version;
use scangate_tests::{Clock, ExpectedLog, Gateway, TestReply, TestTown, eventually};
use serde_json::{Value, json};

/// The registering resident's phone.
const PHONE: &str = "13912345678";

/// A person at a door, as the staff's terminal sees them.
#[derive(Debug, PartialEq, Eq)]
struct AtDoor {
    colour: String,
    verdict: String,
    checks: Vec<String>,
}

impl AtDoor {
    fn new(colour: &str, verdict: &str, checks: &[&str]) -> Self {
        let checks = checks.iter().map(|check| (*check).to_owned()).collect();
        Self { colour: colour.to_owned(), verdict: verdict.to_owned(), checks }
    }

    fn of(answer: &Value) -> Self {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let checks = answer["checks"].as_array().into_iter().flatten().map(word).collect();
        Self { colour: word(&answer["colour"]), verdict: word(&answer["verdict"]), checks }
    }
}

/// A daily report without complaints.
fn healthy() -> Value {
    json!({"temperature": 36.5, "symptoms": []})
}

/// A town whose clock the test sets. The first of its residents have lives.
struct Life {
    town: TestTown,
    clock: Clock,
    authority: String,
    tracer: String,
    terminal: String,
    day: u64,
}

impl Life {
    /// Begins in a town under a built-in pack.
    async fn begin(policy: &str) -> anyhow::Result<Self> {
        Self::begin_in(policy, ExpectedLog::Words("for development only")).await
    }

    /// Begins in a town under a built-in pack or a file, whose gateway logs this.
    async fn begin_in(policy: &str, expect: ExpectedLog) -> anyhow::Result<Self> {
        let clock = Clock::new()?;
        // Nine in the morning of the next day in Shanghai, so no midnight falls between two requests.
        clock.go_ahead(DAY_MS + HOUR_MS - clock.now().0 % DAY_MS)?;
        let town = TestTown::found_in(Gateway::start_by(&clock, policy, expect)?, 3).await?;
        let gateway = &town.gateway;
        let authority = gateway.token("authority", "health office", None)?;
        let tracer = gateway.token("tracer", "tracer 7", None)?;
        let terminal = gateway.token("terminal", "gate 1", Some(town.venues[0].venue))?;
        Ok(Self { town, clock, authority, tracer, terminal, day: 0 })
    }

    /// Sends a request that must succeed.
    async fn send(&mut self, method: &str, path: &str, by: &str, body: &Value) -> anyhow::Result<TestReply> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let sent = self.town.send(method, path, by, body).await?;
        anyhow::ensure!(sent.status() / 100 == 2, "{method} {path}: {} {}", sent.status(), sent.text());
        Ok(sent)
    }

    /// Sends a request of a resident about themselves or their family.
    async fn own(
        &mut self,
        resident: usize,
        method: &str,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Value> {
        let by = self.town.residents[resident].authorization(self.clock.now());
        self.send(method, &format!("/v1/people/me{path}"), &by, body).await?.json()
    }

    /// Registers a resident by the steps that the city requires. `more` is added to the form.
    async fn register(&mut self, resident: usize, more: &Value) -> anyhow::Result<Value> {
        let asked = self.send("GET", "/v1/registration", "", &Value::Null).await?.json()?;
        let asks = |step: &str| asked["steps"].as_array().is_some_and(|steps| steps.contains(&json!(step)));
        let mut form = json!({
            "name": "欧阳修远", "phone": PHONE, "document": {"type": "resident-id", "number": "11010519491231002X"},
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            form[key] = value.clone();
        }
        if asks("sms") {
            let before = printed_codes(&self.town.gateway).len();
            let sent = self.town.send(
                "POST",
                "/v1/people/sms-codes",
                "",
                json!({"phone": form["phone"]}).to_string(),
            );
            assert_eq!(sent.await?.status(), 202);
            form["sms_code"] = json!(printed_code(&self.town.gateway, before + 1).await?);
        }
        if asks("face") {
            form["face"] = json!(jpeg());
        }
        let given = self.send("POST", "/v1/people", "", &form).await?.json()?;
        self.town.residents[resident] = keyed(&given)?;
        Ok(given)
    }

    fn code(&self, resident: usize) -> String {
        self.town.residents[resident].code(Step::of(self.clock.now()))
    }

    /// Scans the poster of the first venue.
    async fn check_in(&mut self, resident: usize) -> anyhow::Result<Value> {
        let scan = json!({"venue": self.town.venues[0].poster, "person": self.code(resident)});
        self.send("POST", "/v1/check-ins", "", &scan).await?.json()
    }

    /// Shows something to the terminal of the first venue.
    async fn show(&mut self, scan: &Value) -> anyhow::Result<Value> {
        let terminal = self.terminal.clone();
        self.send("POST", "/v1/check-ins", &terminal, scan).await?.json()
    }

    /// Shows the code to the terminal of the first venue, whose staff do nothing yet.
    async fn at_door(&mut self, resident: usize) -> anyhow::Result<AtDoor> {
        let scan = json!({"person": self.code(resident)});
        Ok(AtDoor::of(&self.show(&scan).await?))
    }

    /// Posts a fact that became so now, and returns its id and the resulting colour.
    async fn fact(&mut self, resident: usize, mut fact: Value) -> anyhow::Result<(Value, String)> {
        fact["person"] = json!(self.town.residents[resident].person);
        fact["at"] = json!(self.clock.now());
        fact["source"] = json!("cdc");
        let authority = self.authority.clone();
        let posted = self.send("POST", "/v1/facts", &authority, &fact).await?.lines()?.remove(0);
        Ok((posted["fact"].clone(), posted["colour"].as_str().context("a colour")?.to_owned()))
    }

    /// Withdraws a fact.
    async fn withdraw(&mut self, fact: &Value) -> anyhow::Result<()> {
        let path = format!("/v1/facts/{}/withdraw", fact.as_str().unwrap_or_default());
        let authority = self.authority.clone();
        self.send("POST", &path, &authority, &json!({"reason": "mistaken"})).await.map(drop)
    }

    /// Registers a venue, and returns its id and poster.
    async fn venue(&mut self, venue: Value) -> anyhow::Result<(VenueId, Value)> {
        let authority = self.authority.clone();
        let added = self.send("POST", "/v1/venues", &authority, &venue).await?.lines()?.remove(0);
        Ok((serde_json::from_value(added["venue"].clone())?, added["poster"].clone()))
    }

    /// Waits until the colour table shows this colour, which changes by time alone.
    async fn is_shown(&mut self, resident: usize, colour: &str) -> anyhow::Result<()> {
        let looked = eventually(
            async || {
                let (code, terminal) = (self.code(resident), self.terminal.clone());
                let looked =
                    self.send("GET", &format!("/v1/colours/{code}"), &terminal, &Value::Null).await?;
                Ok(looked.json()?["colour"].clone())
            },
            |shown| shown == colour,
        );
        looked.await.map(drop).with_context(|| format!("day {}: should be {colour}", self.day))
    }

    /// Moves the clock ahead, by which open connections end.
    async fn wait(&mut self, ms: u64) -> anyhow::Result<()> {
        self.clock.go_ahead(ms)?;
        self.town.connection = self.town.target.connect(Version::Http3).await?;
        Ok(())
    }

    /// Moves the clock to the next morning.
    async fn sleep(&mut self) -> anyhow::Result<()> {
        self.day += 1;
        self.wait(DAY_MS).await
    }
}

/// The resident of an answer with a key.
fn keyed(given: &Value) -> anyhow::Result<LoadResident> {
    serde_json::from_value::<RegistrationReply>(given.clone())?.resident()
}

/// The rules and texts of a person's reasons.
fn reasons(mine: &Value) -> Vec<String> {
    let reasons = mine["reasons"].as_array().into_iter().flatten();
    reasons.map(|reason| reason["rule"].as_str().unwrap_or_default().to_owned()).collect()
}
