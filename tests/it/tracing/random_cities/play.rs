//! Plays a random city's acts at its gateways, and checks every answer against what the contract says. What
//! an answer acknowledges goes into the expected records.

use super::CityRun;
use super::acts::{Act, CityPlan, Door, ImportRow, KeyChoice, LateLine, PAST_STEPS, When};
use super::expected::{CityPerson, ExpectedRecords, LateTaken, LiveTaken, ScanMoment, ScanParts, verdict_of};
use anyhow::{Context as _, ensure};
use scangate_core::check_in::Direction;
use scangate_core::code::DoorCode;
use scangate_core::colour::Colour;
use scangate_core::id::VenueId;
use scangate_core::keys::Kid;
use scangate_core::limits::STEP_MS;
use scangate_core::time::{Step, Timestamp};
use scangate_loadgen::city::{LoadVenue, RegistrationReply};
use scangate_loadgen::client::ClientConnection;
use scangate_loadgen::drive::now;
use scangate_tests::{TestReply, eventually, refused, send, tick};
use serde_json::{Value, json};

/// The time from the begin of a city's past to the registration of its people. Residents who left
/// long after the last arrival had left by then, too.
const PAST_BEGAN_MS: u64 = (PAST_STEPS as u64 + 120) * STEP_MS;

/// A city that is played.
pub(super) struct PlayedCity<'a> {
    run: &'a CityRun<'a>,
    pub(super) plan: &'a CityPlan,
    pub(super) venues: Vec<LoadVenue>,
    pub(super) people: Vec<CityPerson>,
    pub(super) records: ExpectedRecords,
    links: Vec<ClientConnection>,
    /// The start of the city's past, which is the start of a step.
    begin: Timestamp,
    /// Times without a change of a key or a colour in their millisecond.
    moments: Vec<Timestamp>,
    /// The stretches in which a key or a colour changed, from the request to its answer.
    changes: Vec<(Timestamp, Timestamp)>,
    last: Option<LiveScan>,
}

/// A live scan that can be repeated.
#[derive(Clone)]
struct LiveScan {
    people: Vec<ShownCode>,
    venue: usize,
    direction: Direction,
    step: Step,
    sent: Timestamp,
}

/// A code that a person shows.
#[derive(Clone)]
struct ShownCode {
    person: usize,
    key: usize,
    text: String,
}

/// What refuses a scan with this code, if anything does. A key is valid a generation early: another gateway
/// may have issued it a moment ago.
fn refusal(person: &CityPerson, key: usize, valid: usize) -> Option<&'static str> {
    if person.is_erased {
        return Some("person-erased");
    }
    let (key, valid) = (person.generation(key), person.generation(valid));
    let is_valid = key == valid || key == valid + 1;
    (!is_valid).then_some("person-code-invalid")
}

impl<'a> PlayedCity<'a> {
    pub(super) fn new(
        run: &'a CityRun<'a>,
        plan: &'a CityPlan,
        venues: Vec<LoadVenue>,
        people: Vec<CityPerson>,
        registered: (Timestamp, Timestamp),
    ) -> Self {
        let begin = Step::of(registered.0.minus_ms(PAST_BEGAN_MS)).start();
        let records = ExpectedRecords::default();
        let (links, moments, changes) = (Vec::new(), Vec::new(), vec![registered]);
        Self { run, plan, venues, people, records, links, begin, moments, changes, last: None }
    }

    /// Plays all acts in order.
    pub(super) async fn play(&mut self) -> anyhow::Result<()> {
        self.links = self.run.connect().await?;
        for person in 0..self.people.len() {
            for gateway in 0..self.links.len() {
                self.sees(gateway, person, |look| look.json().is_ok_and(|look| look["colour"] == "green"))
                    .await?;
            }
        }
        for venue in 0..self.venues.len() {
            for gateway in 0..self.links.len() {
                let newest = self.people[0].newest_key();
                self.sees_key(gateway, venue, (0, newest), |look| look.status() == 200).await?;
            }
        }
        self.remember().await?;
        let plan = self.plan;
        for (number, act) in plan.acts.iter().enumerate() {
            self.act(act).await.with_context(|| format!("act {number}: {act:?}"))?;
        }
        self.links.clear();
        Ok(())
    }

    async fn act(&mut self, act: &Act) -> anyhow::Result<()> {
        match act {
            Act::Import { gateway, rows } => self.import(*gateway, rows).await,
            Act::Batch { gateway, venue, lines } => self.batch(*gateway, *venue, lines).await,
            Act::Live { gateway, person, companion, venue, direction, door, key } => {
                let sent = now();
                let step = Step::of(sent);
                let shown = [Some(*person), *companion].into_iter().flatten();
                let people = shown.map(|person| self.show(person, *key, sent, step)).collect();
                let scan = LiveScan { people, venue: *venue, direction: *direction, step, sent };
                self.last = Some(scan.clone());
                self.live(*gateway, &scan, *door).await
            }
            Act::Again { gateway, door } => match self.last.clone() {
                Some(scan) => self.live(*gateway, &scan, *door).await,
                None => Ok(()),
            },
            Act::LateCopy { gateway, drift_ms, outcome } => match self.last.clone() {
                Some(scan) => self.late_copy(*gateway, &scan, *drift_ms, *outcome).await,
                None => Ok(()),
            },
            Act::Paper { printer, gateway, person, venue, direction } => {
                let pass = self.print_pass(*printer, *person).await?;
                self.paper(*gateway, &pass, (*person, *venue, *direction)).await
            }
            Act::Key { gateway, person } => self.new_key(*gateway, *person).await,
            Act::Fact { gateway, person, kind } => self.fact(*gateway, *person, kind).await,
            Act::Erase { gateway, person } => self.erase(*gateway, *person).await,
        }
    }

    /// Remembers a moment that lies apart from what happens before and after.
    async fn remember(&mut self) -> anyhow::Result<()> {
        tick().await?;
        self.moments.push(now());
        tick().await
    }

    /// Sends a request to a gateway, again while the gateway sheds it or its store is away.
    async fn send(
        &mut self,
        gateway: usize,
        method: &str,
        path: &str,
        who: &str,
        body: &str,
    ) -> anyhow::Result<TestReply> {
        Ok(self.send_in_doubt(gateway, method, path, who, body).await?.0)
    }

    /// Sends a request as `send` does. Also returns whether an earlier try may have had its effect: a store
    /// that answers too late may have written.
    async fn send_in_doubt(
        &mut self,
        gateway: usize,
        method: &str,
        path: &str,
        who: &str,
        body: &str,
    ) -> anyhow::Result<(TestReply, bool)> {
        let link = &mut self.links[gateway];
        let mut tries = 0;
        let ask = async || {
            tries += 1;
            send(link, method, path, who, body.to_owned()).await
        };
        let reply = eventually(ask, |reply| reply.status() != 503).await?;
        Ok((reply, tries > 1))
    }

    /// Sends NDJSON as `send` does, again while a store is away for a line. Each line can be sent twice.
    async fn send_lines(
        &mut self,
        gateway: usize,
        path: &str,
        who: &str,
        lines: &[String],
    ) -> anyhow::Result<Vec<Value>> {
        let (link, body) = (&mut self.links[gateway], lines.join("\n"));
        let ask = async || send(link, "POST", path, who, body.clone()).await;
        let answers = eventually(ask, |reply| !reply.is_store_late()).await?.lines()?;
        ensure!(answers.len() == lines.len(), "{answers:?}");
        Ok(answers)
    }

    fn show(&self, person: usize, choice: KeyChoice, at: Timestamp, step: Step) -> ShownCode {
        let whose = &self.people[person];
        let key = match choice {
            KeyChoice::OfThen => whose.key_at(at),
            KeyChoice::First => 0,
            KeyChoice::Newest => whose.newest_key(),
        };
        ShownCode { person, key, text: whose.phone(key).code(step) }
    }

    fn venue(&self, venue: usize) -> VenueId {
        self.venues[venue].venue
    }

    fn gate(&self, venue: usize) -> anyhow::Result<String> {
        self.run.terminal(self.venue(venue))
    }

    /// The time of a scan, and the step of its code.
    fn resolve(&self, when: When) -> (Timestamp, Step) {
        match when {
            When::Past { step, offset_ms } => {
                let step = Step(Step::of(self.begin).0 + step);
                let start = i64::try_from(step.start().0).unwrap_or_default();
                (Timestamp(u64::try_from(start + offset_ms).unwrap_or_default()), step)
            }
            When::Moment(number) => {
                let at = self.moments[number % self.moments.len()];
                (at, Step::of(at))
            }
        }
    }

    async fn import(&mut self, gateway: usize, rows: &[ImportRow]) -> anyhow::Result<()> {
        let line = |row: &ImportRow| {
            let (person, venue) = (self.people[row.person].id, self.venue(row.venue));
            let (at, _) = self.resolve(row.when);
            json!({"person": person, "venue": venue, "at": at, "direction": row.direction}).to_string()
        };
        let body: Vec<String> = rows.iter().map(line).collect();
        let authority = self.run.authority.clone();
        let answers = self.send_lines(gateway, "/v1/check-ins/import", &authority, &body).await?;
        for (row, answer) in rows.iter().zip(&answers) {
            if self.people[row.person].is_erased {
                ensure!(answer["code"] == "person-unknown", "{row:?}: {answer}");
                continue;
            }
            let (at, _) = self.resolve(row.when);
            let parts = self.parts(row.person, row.venue, row.direction, ScanMoment::At(at));
            self.records.import(gateway, parts, at, answer).with_context(|| format!("{row:?}"))?;
        }
        Ok(())
    }

    fn parts(&self, person: usize, venue: usize, direction: Direction, moment: ScanMoment) -> ScanParts {
        ScanParts { person: self.people[person].id, venue: self.venue(venue), direction, moment }
    }

    async fn batch(&mut self, gateway: usize, venue: usize, lines: &[LateLine]) -> anyhow::Result<()> {
        let mut scans = Vec::new();
        for line in lines {
            let (at, step) = self.resolve(line.when);
            scans.push((self.show(line.person, line.key, at, step), at, step, line.direction, line.outcome));
        }
        self.upload(gateway, venue, &scans).await
    }

    async fn late_copy(
        &mut self,
        gateway: usize,
        scan: &LiveScan,
        drift_ms: i64,
        outcome: Option<&'static str>,
    ) -> anyhow::Result<()> {
        let at = scan.sent.0.checked_add_signed(drift_ms).map_or(scan.sent, Timestamp);
        // During a change, a scan may be judged by the state before or after it.
        let is_during = self.changes.iter().any(|(from, to)| (*from..=*to).contains(&at));
        let at = if is_during { scan.sent } else { at };
        let line = |code: &ShownCode| (code.clone(), at, scan.step, scan.direction, outcome);
        let lines: Vec<_> = scan.people.iter().map(line).collect();
        self.upload(gateway, scan.venue, &lines).await
    }

    /// Uploads late scans of one gate.
    async fn upload(
        &mut self,
        gateway: usize,
        venue: usize,
        scans: &[(ShownCode, Timestamp, Step, Direction, Option<&'static str>)],
    ) -> anyhow::Result<()> {
        let line =
            |(code, at, _, direction, outcome): &(ShownCode, Timestamp, Step, Direction, Option<&str>)| {
                let mut line = json!({"person": code.text, "at": at, "direction": direction});
                if let Some(outcome) = outcome {
                    line["outcome"] = json!(outcome);
                }
                line.to_string()
            };
        let body: Vec<String> = scans.iter().map(line).collect();
        let gate = self.gate(venue)?;
        let answers = self.send_lines(gateway, "/v1/check-ins/batch", &gate, &body).await?;
        let is_blind = self.run.is_blind(gateway);
        for ((code, at, step, direction, outcome), answer) in scans.iter().zip(&answers) {
            let person = &self.people[code.person];
            if let Some(refusal) = refusal(person, code.key, person.key_at(*at)) {
                ensure!(answer["code"] == refusal, "{refusal} of person {} at {at}: {answer}", code.person);
                continue;
            }
            let parts = self.parts(code.person, venue, *direction, ScanMoment::Step(step.0));
            let (colour, is_refused) = (person.colour_at(*at), *outcome == Some("refused"));
            let late = LateTaken { gateway, parts, at: *at, colour, is_refused, is_blind };
            let taken = self.records.late(late, answer);
            taken.with_context(|| format!("person {} at {at}", code.person))?;
        }
        Ok(())
    }

    /// A scan now. An invalidated code leaves nothing.
    async fn live(&mut self, gateway: usize, scan: &LiveScan, door: Door) -> anyhow::Result<()> {
        let mut body = json!({"person": scan.people[0].text, "direction": scan.direction});
        if let Some(companion) = scan.people.get(1) {
            body["companions"] = json!([companion.text]);
        }
        let (who, evidence) = match door {
            Door::Poster => (String::new(), "poster"),
            Door::Screen => (String::new(), "door"),
            Door::Terminal => (self.gate(scan.venue)?, "terminal"),
        };
        match door {
            Door::Poster => body["venue"] = json!(self.venues[scan.venue].poster),
            Door::Screen => {
                let (venue, number) = (self.venue(scan.venue), 1);
                let key = self.run.master.door(venue, number);
                body["venue"] = json!(DoorCode::seal(Kid(1), venue, number, Step::of(now()), &key).text());
            }
            Door::Terminal => {}
        }
        let sent = now();
        let reply = self.send(gateway, "POST", "/v1/check-ins", &who, &body.to_string()).await?;
        let during = (sent, now());
        if reply.code() == "person-code-expired" {
            return Ok(());
        }
        let refusals = scan.people.iter().filter_map(|code| {
            let person = &self.people[code.person];
            refusal(person, code.key, person.newest_key())
        });
        if let Some(refusal) = refusals.into_iter().next() {
            ensure!(reply.status_and_code() == refused(401, refusal), "{refusal}: {}", reply.text());
            return Ok(());
        }
        let answer = reply.json()?;
        ensure!(reply.status() == 200, "{answer}");
        for (number, code) in scan.people.iter().enumerate() {
            let parts = self.parts(code.person, scan.venue, scan.direction, ScanMoment::Step(scan.step.0));
            let colour = self.people[code.person].colour_at(now());
            let evidence = if number == 0 { evidence } else { "companion" };
            let answer = if number == 0 { &answer } else { &answer["companions"][0] };
            self.records.live(LiveTaken { gateway, parts, evidence, colour, during }, answer)?;
        }
        Ok(())
    }

    /// Prints a paper pass; none for an erased person.
    async fn print_pass(&mut self, gateway: usize, person: usize) -> anyhow::Result<Value> {
        let path = format!("/v1/people/{}/passes", self.people[person].id);
        let authority = self.run.authority.clone();
        let printed = self.send(gateway, "POST", &path, &authority, r#"{"days": 7}"#).await?;
        let expected = if self.people[person].is_erased { 404 } else { 200 };
        ensure!(printed.status() == expected, "{}", printed.text());
        Ok(printed.json()?["pass"].clone())
    }

    /// Scans a paper pass, whose step is the gateway's.
    async fn paper(
        &mut self,
        gateway: usize,
        pass: &Value,
        (person, venue, direction): (usize, usize, Direction),
    ) -> anyhow::Result<()> {
        if pass.is_null() {
            return Ok(());
        }
        let (body, gate) = (json!({"pass": pass, "direction": direction}).to_string(), self.gate(venue)?);
        let sent = now();
        let reply = self.send(gateway, "POST", "/v1/check-ins", &gate, &body).await?;
        let during = (sent, now());
        ensure!(reply.status() == 200, "{}", reply.text());
        let answer = reply.json()?;
        let step = Step::of(serde_json::from_value(answer["at"].clone())?);
        let parts = self.parts(person, venue, direction, ScanMoment::Step(step.0));
        let (evidence, colour) = ("paper", self.people[person].colour_at(now()));
        self.records.live(LiveTaken { gateway, parts, evidence, colour, during }, &answer)
    }

    /// Waits until a gateway's look-up of a person's newest code is right.
    async fn sees(
        &mut self,
        gateway: usize,
        person: usize,
        is_right: impl Fn(&TestReply) -> bool,
    ) -> anyhow::Result<()> {
        let newest = self.people[person].newest_key();
        self.sees_key(gateway, 0, (person, newest), is_right).await
    }

    /// Waits until a gateway's look-up at a venue, of a person's code by this key, is right.
    async fn sees_key(
        &mut self,
        gateway: usize,
        venue: usize,
        (person, key): (usize, usize),
        is_right: impl Fn(&TestReply) -> bool,
    ) -> anyhow::Result<()> {
        let (gate, link) = (self.gate(venue)?, &mut self.links[gateway]);
        let phone = self.people[person].phone(key).clone();
        let look = async || {
            send(link, "GET", &format!("/v1/colours/{}", phone.code(Step::of(now()))), &gate, "").await
        };
        eventually(look, is_right).await.map(drop)
    }

    async fn new_key(&mut self, gateway: usize, person: usize) -> anyhow::Result<()> {
        if self.people[person].is_erased {
            return Ok(());
        }
        self.remember().await?;
        let began = now();
        let (issued, is_in_doubt) = self.issue_key(gateway, person).await?;
        // Nobody knows how many keys came before this one: one more, and it is two generations at least.
        let issued = if is_in_doubt { self.issue_key(gateway, person).await?.0 } else { issued };
        let phone = serde_json::from_value::<RegistrationReply>(issued.json()?)?.resident()?;
        let old = self.people[person].newest_key();
        self.people[person].give_key(now(), phone, if is_in_doubt { 2 } else { 1 });
        self.changes.push((began, now()));
        for gateway in 0..self.links.len() {
            self.sees_key(gateway, 0, (person, old), |look| look.code() == "person-code-invalid").await?;
        }
        self.remember().await
    }

    async fn issue_key(&mut self, gateway: usize, person: usize) -> anyhow::Result<(TestReply, bool)> {
        let (path, authority) = (format!("/v1/people/{}/key", self.people[person].id), &self.run.authority);
        let body = r#"{"reason": "a new phone"}"#;
        let issued = self.send_in_doubt(gateway, "POST", &path, authority, body).await?;
        ensure!(issued.0.status() == 200, "{}", issued.0.text());
        Ok(issued)
    }

    async fn fact(&mut self, gateway: usize, person: usize, kind: &str) -> anyhow::Result<()> {
        let colour = match (self.people[person].colour_at(now()), kind) {
            (Colour::Red, _) | (_, "confirmed") => Colour::Red,
            _ => Colour::Yellow,
        };
        if self.people[person].is_erased {
            return Ok(());
        }
        self.remember().await?;
        let (id, began) = (self.people[person].id, now());
        let fact = json!({"person": id, "kind": kind, "at": began, "source": "test"}).to_string();
        let authority = self.run.authority.clone();
        let posted = self.send_lines(gateway, "/v1/facts", &authority, &[fact]).await?;
        ensure!(posted[0]["colour"] == json!(colour), "not {colour:?}: {posted:?}");
        self.people[person].turn(now(), colour);
        self.changes.push((began, now()));
        let verdict = json!(verdict_of(colour));
        for gateway in 0..self.links.len() {
            let is_seen = |look: &TestReply| look.json().is_ok_and(|look| look["verdict"] == verdict);
            self.sees(gateway, person, is_seen).await?;
        }
        self.remember().await
    }

    /// A person asks for erasure. It waits for the colour, and is then taken back.
    async fn erase(&mut self, gateway: usize, person: usize) -> anyhow::Result<()> {
        // A city without people has nothing to compare.
        if self.people[person].is_erased || self.people.iter().filter(|one| !one.is_erased).count() < 3 {
            return Ok(());
        }
        let (whose, is_green) = (&self.people[person], self.people[person].colour_at(now()) == Colour::Green);
        let who = whose.phone(whose.newest_key()).authorization(now());
        let id = whose.id;
        let (asked, is_in_doubt) = self.send_in_doubt(gateway, "DELETE", "/v1/people/me", &who, "").await?;
        if !is_green {
            ensure!(
                asked.status() == 202 && asked.json()?["because"] == json!(["colour"]),
                "{}",
                asked.text()
            );
            let (back, is_in_doubt) =
                self.send_in_doubt(gateway, "DELETE", "/v1/people/me/erasure", &who, "").await?;
            let is_back = back.status() == 204 || is_in_doubt && back.status() == 404;
            ensure!(is_back, "{}", back.text());
            return Ok(());
        }
        let is_erased = asked.status() == 204 || is_in_doubt && asked.code() == "person-erased";
        ensure!(is_erased, "in doubt: {is_in_doubt}; {}", asked.text());
        self.people[person].is_erased = true;
        self.records.forget(id);
        for gateway in 0..self.links.len() {
            self.sees(gateway, person, |look| look.code() == "person-erased").await?;
        }
        Ok(())
    }
}
