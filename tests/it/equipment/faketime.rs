//! Weeks of a resident's life in each city: registration, check-ins, illness, contact tracing, daily reports,
//! and green again. libfaketime sets the gateway's clock ahead by a day at a time. Needs
//! `SCANGATE_TEST_FAKETIME`, the path of libfaketimeMT.so.1.

use crate::registration::{jpeg, printed_code};
use anyhow::Context as _;
use scangate_core::time::{DAY_MS, HOUR_MS, Step, Timestamp};
use scangate_loadgen::city::RegistrationReply;
use scangate_loadgen::client::Version;
use scangate_tests::{Clock, Gateway, TestReply, TestTown, eventually, is_complete};
use serde_json::{Value, json};

/// The registering resident's phone.
const PHONE: &str = "13912345678";
/// The resident who falls ill, and the contact in the same venue.
const ILL: usize = 0;
const CONTACT: usize = 1;

/// A city's answers to the same life.
struct Expectation {
    policy: &'static str,
    /// The colour after a report of fever.
    feverish: &'static str,
    /// The colour of the contact.
    contact: &'static str,
    /// The contact's colours from these days on.
    later: &'static [(u64, &'static str)],
    /// The contact's verdict and required checks in the end, when no check was done at the door.
    door: (&'static str, &'static [&'static str]),
}

struct Life {
    town: TestTown,
    clock: Clock,
    authority: String,
    tracer: String,
    terminal: String,
    day: u64,
}

impl Life {
    async fn begin(policy: &str) -> anyhow::Result<Self> {
        let clock = Clock::new()?;
        // Nine in the morning of the next day in Shanghai, so no midnight falls between two requests.
        clock.go_ahead(DAY_MS + HOUR_MS - clock.now().0 % DAY_MS)?;
        let town = TestTown::found_in(Gateway::start_by(&clock, policy)?, 3).await?;
        let gateway = &town.gateway;
        let authority = gateway.token("authority", "health office", None)?;
        let tracer = gateway.token("tracer", "tracer 7", None)?;
        let terminal = gateway.token("terminal", "gate 1", Some(town.venues[0].venue))?;
        Ok(Self { town, clock, authority, tracer, terminal, day: 0 })
    }

    async fn send(&mut self, method: &str, path: &str, by: &str, body: &Value) -> anyhow::Result<TestReply> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let sent = self.town.send(method, path, by, body).await?;
        anyhow::ensure!(sent.status() == 200, "{method} {path}: {} {}", sent.status(), sent.text());
        Ok(sent)
    }

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

    /// Registers a resident by the steps that the city requires.
    async fn register(&mut self, resident: usize) -> anyhow::Result<()> {
        let asked = self.send("GET", "/v1/registration", "", &Value::Null).await?.json()?;
        let asks = |step: &str| asked["steps"].as_array().is_some_and(|steps| steps.contains(&json!(step)));
        let mut form = json!({
            "name": "欧阳修远", "phone": PHONE, "document": {"type": "resident-id", "number": "11010519491231002X"},
        });
        if asks("sms") {
            let sent =
                self.town.send("POST", "/v1/people/sms-codes", "", json!({"phone": PHONE}).to_string());
            assert_eq!(sent.await?.status(), 202);
            let code = eventually(async || Ok(printed_code(&self.town.gateway)), Option::is_some).await?;
            form["sms_code"] = json!(code);
        }
        if asks("face") {
            form["face"] = json!(jpeg());
        }
        let given: RegistrationReply =
            serde_json::from_value(self.send("POST", "/v1/people", "", &form).await?.json()?)?;
        self.town.residents[resident] = given.resident()?;
        Ok(())
    }

    async fn check_in(&mut self, resident: usize) -> anyhow::Result<Value> {
        let code = self.town.residents[resident].code(Step::of(self.clock.now()));
        let scan = json!({"venue": self.town.venues[0].poster, "person": code});
        self.send("POST", "/v1/check-ins", "", &scan).await?.json()
    }

    /// Posts a fact, and returns its id and the resulting colour.
    async fn fact(&mut self, person: &Value, kind: &str, of: Value) -> anyhow::Result<(Value, String)> {
        let fact = json!({
            "person": person, "kind": kind, "at": self.clock.now(), "source": "cdc", "of": of,
        });
        let authority = self.authority.clone();
        let posted = self.send("POST", "/v1/facts", &authority, &fact).await?.lines()?.remove(0);
        Ok((posted["fact"].clone(), posted["colour"].as_str().context("a colour")?.to_owned()))
    }

    /// Waits until the colour table shows this colour, which changes by time alone.
    async fn is_shown(&mut self, resident: usize, colour: &str) -> anyhow::Result<()> {
        let looked = eventually(
            async || {
                let code = self.town.residents[resident].code(Step::of(self.clock.now()));
                let terminal = self.terminal.clone();
                let looked =
                    self.send("GET", &format!("/v1/colours/{code}"), &terminal, &Value::Null).await?;
                Ok(looked.json()?["colour"].clone())
            },
            |shown| shown == colour,
        );
        looked.await.map(drop).with_context(|| format!("day {}: should be {colour}", self.day))
    }

    /// Moves the clock to the next morning.
    async fn sleep(&mut self) -> anyhow::Result<()> {
        self.clock.go_ahead(DAY_MS)?;
        self.day += 1;
        self.town.connection = self.town.target.connect(Version::Http3).await?;
        Ok(())
    }
}

async fn live(expected: Expectation) -> anyhow::Result<()> {
    let mut life = Life::begin(expected.policy).await?;
    life.register(CONTACT).await?;
    let mut met = Timestamp(0);
    for resident in [ILL, CONTACT] {
        let said = life.check_in(resident).await?;
        assert_eq!(said["colour"], "green");
        met = serde_json::from_value(said["at"].clone())?;
        life.clock.go_ahead(600_000)?;
    }
    let (ill, contact) = (json!(life.town.residents[ILL].person), json!(life.town.residents[CONTACT].person));

    // One resident falls ill and is confirmed.
    let fever = json!({"temperature": 38.4, "symptoms": ["dry-cough"]});
    let reported = life.own(ILL, "POST", "/reports", &fever).await?;
    assert_eq!(reported["colour"], expected.feverish, "{reported}");
    let (case, colour) = life.fact(&ill, "confirmed", Value::Null).await?;
    assert_eq!(colour, "red");
    assert_eq!(life.check_in(ILL).await?["verdict"], "refuse");

    // A tracer queries the contacts.
    let (from, to) = (life.clock.now().minus_ms(DAY_MS), life.clock.now().plus_ms(DAY_MS));
    let opened = json!({
        "person": ill, "purpose": "contact-tracing", "reference": "2022-17", "from": from, "to": to,
    });
    let tracer = life.tracer.clone();
    let opened = life.send("POST", "/v1/cases", &tracer, &opened).await?.json()?;
    let path = format!("/v1/cases/{}/co-presence", opened["case"].as_str().unwrap_or_default());
    let contacts = async || life.send("GET", &path, &tracer, &Value::Null).await?.json();
    let contacts = eventually(contacts, |contacts| is_complete(contacts, met)).await?;
    assert_eq!(contacts["contacts"].as_array().map(Vec::len), Some(1), "{contacts}");
    assert_eq!(contacts["contacts"][0]["person"], contact);
    let (_, colour) = life.fact(&contact, "close-contact", case).await?;
    assert_eq!(colour, expected.contact);
    let traced = life.own(ILL, "GET", "", &Value::Null).await?;
    assert_eq!(traced["traced"][0]["purpose"], "contact-tracing");

    // The contact reports every day to the end.
    let healthy = json!({"temperature": 36.5, "symptoms": []});
    let mut colour = expected.contact;
    for day in 0..=expected.later.last().context("a last day")?.0 {
        if day > 0 {
            life.sleep().await?;
        }
        let before = expected
            .later
            .iter()
            .rfind(|(from, _)| *from <= day)
            .map_or(expected.contact, |(_, colour)| colour);
        // If reports change the colour, the change comes with the day's report.
        let reported = life.own(CONTACT, "POST", "/reports", &healthy).await?;
        assert_eq!(reported["colour"], before, "day {day}: {reported}");
        if before != colour {
            colour = before;
            life.is_shown(CONTACT, colour).await?;
        }
    }
    let last = life.check_in(CONTACT).await?;
    assert_eq!((&last["colour"], &last["verdict"]), (&json!("green"), &json!(expected.door.0)), "{last}");
    assert_eq!(last["checks"], json!(expected.door.1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_07_a_life_in_xuzhou() -> anyhow::Result<()> {
    let later = &[(15, "green")];
    live(Expectation { policy: "xuzhou", feverish: "green", contact: "red", later, door: ("pass", &[]) })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_04_a_life_in_xinji() -> anyhow::Result<()> {
    let (later, door) = (&[(15, "green")], ("check", &["temperature", "document"][..]));
    live(Expectation { policy: "xinji", feverish: "yellow", contact: "red", later, door }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_06_a_life_in_nanchong() -> anyhow::Result<()> {
    let (later, door) = (&[(15, "yellow"), (28, "green")], ("check", &["temperature"][..]));
    live(Expectation { policy: "nanchong", feverish: "yellow", contact: "red", later, door }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_10_a_life_in_jingzhou() -> anyhow::Result<()> {
    let (later, door) = (&[(15, "green")], ("check", &["temperature"][..]));
    live(Expectation { policy: "jingzhou", feverish: "red", contact: "yellow", later, door }).await
}
