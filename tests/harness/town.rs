//! A small town in a running gateway: a few venues and residents, and short ways to send requests about them.

use crate::gateway::Gateway;
use crate::late_store::send_until_stored;
use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response};
use scangate_core::time::{DAY_MS, HOUR_MS, Step, Timestamp};
use scangate_loadgen::city::{LoadResident, LoadVenue, residents, venues};
use scangate_loadgen::client::lines::post_lines;
use scangate_loadgen::client::{ClientConnection, LoadTarget, Version};
use scangate_loadgen::drive::now;
use serde_json::{Value, json};
use std::fmt::Debug;
use std::time::{Duration, Instant};

/// The cities' offset from UTC, to the east.
pub const CITIES_EAST_MS: u64 = 8 * HOUR_MS;
/// Pause between two requests of [`eventually`].
const ASK_PAUSE: Duration = Duration::from_millis(20);

/// A response to a request.
#[derive(Debug, Clone)]
pub struct TestReply {
    /// The whole response.
    pub answer: Response<Bytes>,
}

impl TestReply {
    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.answer.status().as_u16()
    }

    /// The body as JSON.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(self.answer.body()).with_context(|| self.text())
    }

    /// The body as lines of JSON.
    pub fn lines(&self) -> anyhow::Result<Vec<Value>> {
        let text = self.text();
        text.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
    }

    /// Whether the store did not take the request, or a line of it, in time.
    #[must_use]
    pub fn is_store_late(&self) -> bool {
        let lines = self.lines().unwrap_or_default();
        self.status() == 503 || lines.iter().any(|line| line["status"] == 503)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.answer.body()).into_owned()
    }

    /// The problem's code. Empty if the response is not a problem.
    #[must_use]
    pub fn code(&self) -> String {
        self.json().ok().and_then(|json| Some(json["code"].as_str()?.to_owned())).unwrap_or_default()
    }

    /// The status, and the problem's code or an empty text.
    #[must_use]
    pub fn status_and_code(&self) -> (u16, String) {
        (self.status(), self.code())
    }

    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.answer.headers().get(name)?.to_str().ok()
    }
}

/// The fault of a slow disk: each sync takes a second longer.
const SLOW_SYNC: &str = "fdatasync:delay_enter=1000000";
/// The file of a journal after one start before.
const SECOND_SEGMENT: &str = "journal/00000000000000000002.segment";

/// A town with a gateway, and a connection to it.
pub struct TestTown {
    /// Its gateway.
    pub gateway: Gateway,
    /// The target by which clients connect.
    pub target: LoadTarget,
    /// An open connection.
    pub connection: ClientConnection,
    /// Its venues.
    pub venues: Vec<LoadVenue>,
    /// Its residents.
    pub residents: Vec<LoadResident>,
    /// The authority's header.
    pub authority: String,
    /// A tracer's header.
    pub tracer: String,
    /// Whether its requests are sent again while the store is late.
    pub sends_again: bool,
}

impl TestTown {
    /// Founds a town of three venues and `count` residents.
    pub async fn found(count: usize) -> anyhow::Result<Self> {
        Self::found_in(Gateway::start(&[])?, count).await
    }

    /// Founds a town under a rule pack: a built-in one, or a file.
    pub async fn under(policy: &str, count: usize) -> anyhow::Result<Self> {
        Self::found_in(Gateway::start_under(policy)?, count).await
    }

    /// Founds a town in this gateway.
    pub async fn found_in(gateway: Gateway, count: usize) -> anyhow::Result<Self> {
        let target = gateway.target()?;
        let mut connection = target.connect(Version::Http3).await?;
        let (authority, tracer) = (gateway.first_token("authority")?, gateway.first_token("tracer")?);
        let residents = residents(&mut connection, &authority, 1, count).await?;
        let venues = venues(&mut connection, &authority, 3).await?;
        let sends_again = false;
        Ok(Self { gateway, target, connection, venues, residents, authority, tracer, sends_again })
    }

    /// The town of a gateway on a cluster, whose requests are sent again while the store is late.
    #[must_use]
    pub fn sending_again(self) -> Self {
        Self { sends_again: true, ..self }
    }

    /// A town of two residents in which each sync of the journal takes a second longer.
    pub async fn found_with_slow_disk() -> anyhow::Result<Self> {
        Self::restarted_with_fault(&[], SLOW_SYNC, SECOND_SEGMENT).await
    }

    /// A town of two residents whose gateway was started again with a fault of a system call on a file.
    pub async fn restarted_with_fault(arguments: &[&str], fault: &str, file: &str) -> anyhow::Result<Self> {
        let Self { gateway, venues, residents, authority, tracer, .. } = Self::found(2).await?;
        let folder = gateway.folder();
        anyhow::ensure!(gateway.stop()?.success(), "the gateway failed before its fault");
        let gateway = Gateway::start_with_fault(folder, arguments, fault, Some(file))?;
        let target = gateway.target()?;
        let connection = target.connect(Version::Http3).await?;
        let sends_again = false;
        Ok(Self { gateway, target, connection, venues, residents, authority, tracer, sends_again })
    }

    /// Sends a request on the town's connection.
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        authorization: &str,
        body: impl Into<Bytes>,
    ) -> anyhow::Result<TestReply> {
        if !self.sends_again {
            return send(&mut self.connection, method, path, authorization, body).await;
        }
        let authorization = || authorization.to_owned();
        send_until_stored(&self.target, &mut self.connection, (method, path), authorization, body).await
    }

    /// The body of a check-in with the current code.
    #[must_use]
    pub fn scan(&self, resident: usize, venue: usize) -> String {
        let code = self.residents[resident].code(Step::of(now()));
        json!({"venue": self.venues[venue].poster, "person": code}).to_string()
    }

    /// Checks a resident in.
    pub async fn check_in(&mut self, resident: usize, venue: usize) -> anyhow::Result<TestReply> {
        let body = self.scan(resident, venue);
        self.send("POST", "/v1/check-ins", "", body).await
    }

    /// Checks a resident out.
    pub async fn check_out(&mut self, resident: usize, venue: usize) -> anyhow::Result<TestReply> {
        let code = self.residents[resident].code(Step::of(now()));
        let body = json!({"venue": self.venues[venue].poster, "person": code, "direction": "out"});
        self.send("POST", "/v1/check-ins", "", body.to_string()).await
    }

    /// Imports check-ins: resident, venue, seconds ago, and direction.
    pub async fn import(&mut self, rows: &[(usize, usize, u64, &str)]) -> anyhow::Result<()> {
        let now = now();
        let line = |&(resident, venue, seconds_ago, direction): &(usize, usize, u64, &str)| {
            let (person, venue) = (self.residents[resident].person, self.venues[venue].venue);
            let at = now.minus_ms(seconds_ago * 1_000);
            json!({"person": person, "venue": venue, "at": at, "direction": direction}).to_string()
        };
        let lines: Vec<String> = rows.iter().map(line).collect();
        let authority = self.authority.clone();
        let sent: Vec<Value> =
            post_lines(&mut self.connection, "/v1/check-ins/import", &authority, &lines).await?;
        anyhow::ensure!(sent.iter().all(|line| line["id"].is_string()), "{sent:?}");
        Ok(())
    }

    /// Posts a fact about a resident as the authority.
    pub async fn post_fact(&mut self, resident: usize, kind: &str) -> anyhow::Result<TestReply> {
        let fact = json!({
            "person": self.residents[resident].person, "kind": kind, "at": now(), "source": "test",
        });
        let authority = self.authority.clone();
        self.send("POST", "/v1/facts", &authority, fact.to_string()).await
    }

    /// Sends a resident's request under `/v1/people/me`. Null sends no body.
    pub async fn own(
        &mut self,
        resident: usize,
        method: &str,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<TestReply> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (resident, path) = (&self.residents[resident], format!("/v1/people/me{path}"));
        let authorization = || resident.authorization(now());
        if !self.sends_again {
            return send(&mut self.connection, method, &path, &authorization(), body).await;
        }
        send_until_stored(&self.target, &mut self.connection, (method, &path), authorization, body).await
    }

    /// A resident's own record, once it contains every check-in that was answered before.
    pub async fn mine(&mut self, resident: usize) -> anyhow::Result<Value> {
        let through = now();
        let mine = async || self.own(resident, "GET", "", &Value::Null).await?.json();
        eventually(mine, |mine| is_complete(mine, through)).await
    }

    /// The tracer's answer, once it contains every check-in that was answered before.
    pub async fn traced(&mut self, path: &str) -> anyhow::Result<Value> {
        self.traced_through(path, now()).await
    }

    /// The tracer's answer, once it is complete beyond a time.
    pub async fn traced_through(&mut self, path: &str, through: Timestamp) -> anyhow::Result<Value> {
        let tracer = self.tracer.clone();
        let traced = async || self.send("GET", path, &tracer, "").await?.json();
        eventually(traced, |traced| is_complete(traced, through)).await
    }

    /// Posts a fact with more fields, and returns the resulting colour.
    pub async fn fact(&mut self, resident: usize, at: Timestamp, more: Value) -> anyhow::Result<String> {
        let mut fact = json!({"person": self.residents[resident].person, "at": at, "source": "test"});
        if let (Value::Object(fact), Value::Object(more)) = (&mut fact, more) {
            fact.extend(more);
        }
        let authority = self.authority.clone();
        let posted = self.send("POST", "/v1/facts", &authority, fact.to_string()).await?;
        anyhow::ensure!(posted.status() == 200, "{}", posted.text());
        Ok(posted.lines()?[0]["colour"].as_str().unwrap_or_default().to_owned())
    }

    /// Opens a case about a resident, from a day ago to a day ahead.
    pub async fn open_case(&mut self, resident: usize) -> anyhow::Result<String> {
        let (from, to) = (now().minus_ms(86_400_000), now().plus_ms(86_400_000));
        let case = json!({
            "person": self.residents[resident].person, "purpose": "contact-tracing",
            "reference": "1", "from": from, "to": to,
        });
        let tracer = self.tracer.clone();
        let opened = self.send("POST", "/v1/cases", &tracer, case.to_string()).await?;
        Ok(opened.json()?["case"].as_str().context("a case was opened")?.to_owned())
    }
}

/// Whether an answer contains every check-in that was answered before this time. A problem about a late store
/// names `complete_through`, too, and contains none.
#[must_use]
pub fn is_complete(answer: &Value, through: Timestamp) -> bool {
    let complete_through = serde_json::from_value::<Timestamp>(answer["complete_through"].clone());
    answer["status"] != 503 && complete_through.is_ok_and(|to| to > through)
}

/// Sends a request on a connection.
pub async fn send(
    connection: &mut ClientConnection,
    method: &str,
    path: &str,
    authorization: &str,
    body: impl Into<Bytes>,
) -> anyhow::Result<TestReply> {
    let mut request = Request::builder().method(method).uri(path);
    if !authorization.is_empty() {
        request = request.header("authorization", authorization);
    }
    Ok(TestReply { answer: connection.send(request.body(body.into())?).await? })
}

/// Sends a POST with an idempotency key on a connection.
pub async fn post_keyed(
    connection: &mut ClientConnection,
    path: &str,
    authorization: &str,
    key: &str,
    body: impl Into<Bytes>,
) -> anyhow::Result<TestReply> {
    let mut request = Request::post(path).header("idempotency-key", key);
    if !authorization.is_empty() {
        request = request.header("authorization", authorization);
    }
    Ok(TestReply { answer: connection.send(request.body(body.into())?).await? })
}

/// The value of [`TestReply::status_and_code`] for a refusal.
#[must_use]
pub fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// Longest time that [`eventually`] waits.
const EVENTUALLY_MAX: Duration = Duration::from_secs(180);

/// Waits until the clock shows a later millisecond.
pub async fn tick() -> anyhow::Result<()> {
    let before = now();
    eventually(async || Ok(now()), |now| *now > before).await.map(drop)
}

/// Waits for the end of a day that has less than two minutes left, in UTC or in the cities' zone. A test that
/// counts by days then ends before the next midnight.
pub async fn away_from_midnight() -> anyhow::Result<()> {
    let is_near = |east_ms: u64| (now().0 + east_ms) % DAY_MS > DAY_MS - 120_000;
    let near = async || Ok(is_near(0) || is_near(CITIES_EAST_MS));
    eventually(near, |is_near| !is_near).await.map(drop)
}

/// Repeats a request until its answer is right. **Errors**: with the last answer, after three minutes.
pub async fn eventually<T: Debug>(
    mut ask: impl AsyncFnMut() -> anyhow::Result<T>,
    is_right: impl Fn(&T) -> bool,
) -> anyhow::Result<T> {
    let began = Instant::now();
    loop {
        let answer = ask().await?;
        if is_right(&answer) {
            return Ok(answer);
        }
        anyhow::ensure!(began.elapsed() < EVENTUALLY_MAX, "still {answer:?}");
        tokio::time::sleep(ASK_PAUSE).await;
    }
}
