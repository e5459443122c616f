//! Checks that staff make after the scan, when its code has ended: they complete the same check-in.

use scangate_core::check_in::{Direction, Moment, check_in_id};
use scangate_core::id::{CheckInId, VenueId};
use scangate_core::limits::LATER_CHECK_MS_MAX;
use scangate_core::time::{Step, Timestamp};
use scangate_loadgen::drive::now;
use scangate_tests::{TestReply, TestTown, refused};
use serde_json::{Value, json};

/// A terminal at a venue that asks each person for a temperature and a document.
struct LibraryTown {
    town: TestTown,
    venue: VenueId,
    terminal: String,
}

impl LibraryTown {
    async fn found(residents: usize) -> anyhow::Result<Self> {
        let mut town = TestTown::found(residents).await?;
        let authority = town.authority.clone();
        let line = json!({
            "name": "Library", "kind": "other", "district": "East", "checks": ["temperature", "document"],
        });
        let added = town.send("POST", "/v1/venues", &authority, line.to_string()).await?.lines()?.remove(0);
        let venue: VenueId = added["venue"].as_str().unwrap_or_default().parse()?;
        let terminal = town.gateway.token("terminal", "gate", Some(venue))?;
        Ok(Self { town, venue, terminal })
    }

    async fn scan(&mut self, scan: &Value) -> anyhow::Result<Value> {
        self.town.send("POST", "/v1/check-ins", &self.terminal, scan.to_string()).await?.json()
    }

    async fn check(&mut self, id: &Value, scan: &Value) -> anyhow::Result<TestReply> {
        let path = format!("/v1/check-ins/{}/checks", id.as_str().unwrap_or_default());
        self.town.send("POST", &path, &self.terminal, scan.to_string()).await
    }
}

/// A value with more members.
fn with(value: &Value, more: &Value) -> Value {
    let mut both = value.clone();
    if let (Value::Object(both), Value::Object(more)) = (&mut both, more) {
        both.extend(more.clone());
    }
    both
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_after_the_scan_complete_its_check_in() -> anyhow::Result<()> {
    let mut library = LibraryTown::found(2).await?;
    let pass = format!("/v1/people/{}/passes", library.town.residents[1].person);
    let authority = library.town.authority.clone();
    let pass = library.town.send("POST", &pass, &authority, r#"{"days": 1}"#).await?.json()?["pass"].clone();
    let code = library.town.residents[0].code(Step::of(now()));
    // A pass is itself a document.
    let cases = [
        (0, json!({"person": code}), vec!["temperature", "document"]),
        (1, json!({"pass": pass}), vec!["temperature"]),
    ];
    for (resident, scan, open) in cases {
        let first = library.scan(&scan).await?;
        assert_eq!((&first["verdict"], &first["checks"]), (&json!("check"), &json!(open)), "{first}");
        let scan = with(&scan, &json!({"at": first["at"]}));
        let part = library.check(&first["id"], &with(&scan, &json!({"temperature": 36.6}))).await?.json()?;
        assert_eq!((&part["id"], &part["at"]), (&first["id"], &first["at"]));
        // Checks that were made are remembered.
        let document = with(&scan, &json!({"document_shown": true}));
        let completed = library.check(&first["id"], &document).await?.json()?;
        assert_eq!((&completed["id"], &completed["at"]), (&first["id"], &first["at"]));
        assert_eq!(
            (&completed["verdict"], &completed["checks"]),
            (&json!("pass"), &json!([])),
            "{completed}"
        );
        let holder = completed["holder"]["name"].as_str().unwrap_or_default();
        assert!(holder.contains('*'), "{completed}");
        let case = library.town.open_case(resident).await?;
        let trail = library.town.traced(&format!("/v1/cases/{case}/trail")).await?;
        let visits: Vec<_> = trail["visits"].as_array().into_iter().flatten().collect();
        let seen: Vec<_> = visits.iter().map(|visit| (&visit["id"], &visit["verdict"])).collect();
        assert_eq!(seen, [(&first["id"], &json!("pass"))], "{trail}");
    }
    // While the code is valid, a repeated scan has the outcome of the checks.
    assert_eq!(library.scan(&json!({"person": code})).await?["verdict"], "pass");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_stays_whether_memory_or_the_trails_know_it() -> anyhow::Result<()> {
    let mut library = LibraryTown::found(2).await?;
    let done = json!({"temperature": 36.6, "document_shown": true});
    let feverish = json!({"person": library.town.residents[0].code(Step::of(now())), "temperature": 38.6});
    let first = library.scan(&feverish).await?;
    assert_eq!(first["verdict"], "refuse");
    let again = with(&with(&feverish, &done), &json!({"at": first["at"]}));
    let kept = library.check(&first["id"], &again).await?.json()?;
    assert_eq!((&kept["verdict"], &kept["reasons"]), (&json!("refuse"), &json!(["fever"])), "{kept}");

    let at = now().minus_ms(LATER_CHECK_MS_MAX / 2);
    let turned_away = json!({"person": library.town.residents[1].code(Step::of(at)), "at": at});
    let line = with(&turned_away, &json!({"outcome": "refused"})).to_string();
    let sent = library.town.send("POST", "/v1/check-ins/batch", &library.terminal, line).await?;
    let first = sent.lines()?.remove(0);
    let case = library.town.open_case(1).await?;
    library.town.traced(&format!("/v1/cases/{case}/trail")).await?;
    let kept = library.check(&first["id"], &with(&turned_away, &done)).await?.json()?;
    assert_eq!((&kept["id"], &kept["verdict"]), (&first["id"], &json!("refuse")), "{kept}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_are_for_a_quarter_of_an_hour_and_for_their_own_scan() -> anyhow::Result<()> {
    let mut library = LibraryTown::found(2).await?;
    let (venue, person) = (library.venue, library.town.residents[0].clone());
    let id = |at: Timestamp, direction| -> CheckInId {
        check_in_id(person.person, venue, direction, Moment::Step(Step::of(at)))
    };
    let scan =
        |at: Timestamp, more: Value| with(&json!({"person": person.code(Step::of(at)), "at": at}), &more);
    let done = json!({"temperature": 36.6, "document_shown": true});
    let (early, late) =
        (now().minus_ms(LATER_CHECK_MS_MAX - 60_000), now().minus_ms(LATER_CHECK_MS_MAX + 1_000));
    let checked =
        library.check(&json!(id(early, Direction::In)), &scan(early, done.clone())).await?.json()?;
    assert_eq!((&checked["at"], &checked["verdict"]), (&json!(early), &json!("pass")), "{checked}");

    let other = library.town.residents[1].code(Step::of(early));
    for (id, body, status, code) in [
        (id(late, Direction::In), scan(late, done.clone()), 400, "malformed"),
        (id(early, Direction::Out), scan(early, done.clone()), 404, "not-found"),
        (
            id(early, Direction::In),
            with(&scan(early, done.clone()), &json!({"person": other})),
            404,
            "not-found",
        ),
        (id(early, Direction::In), scan(early, json!({})), 400, "malformed"),
        (
            id(early, Direction::In),
            scan(early, with(&done, &json!({"outcome": "entered"}))),
            400,
            "malformed",
        ),
        (
            id(early, Direction::In),
            with(&done, &json!({"person": person.code(Step::of(early))})),
            400,
            "malformed",
        ),
        (
            id(early, Direction::In),
            with(&scan(now(), done.clone()), &json!({"at": early})),
            401,
            "person-code-expired",
        ),
    ] {
        let answer = library.check(&json!(id), &body).await?;
        assert_eq!(answer.status_and_code(), refused(status, code), "{body}");
    }
    let path = format!("/v1/check-ins/{}/checks", id(early, Direction::In));
    let without = library.town.send("POST", &path, "", scan(early, done).to_string()).await?;
    assert_eq!(without.status_and_code(), refused(401, "token-invalid"));
    Ok(())
}
