//! The members of tracers' answers: open visits, time present, evidence, marks, and the columns of CSV.

use scangate_core::time::{Step, Timestamp};
use scangate_loadgen::drive::now;
use scangate_tests::{TestReply, TestTown};
use serde_json::{Value, json};

/// An answer in another format.
pub(super) async fn accepted(town: &mut TestTown, path: &str, accept: &str) -> anyhow::Result<TestReply> {
    let request = http::Request::get(path).header("authorization", &town.tracer).header("accept", accept);
    Ok(TestReply { answer: town.connection.send(request.body(bytes::Bytes::new())?).await? })
}

fn time(value: &Value) -> anyhow::Result<Timestamp> {
    Ok(serde_json::from_value(value.clone())?)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_visit_counts_up_to_the_complete_time_and_no_further() -> anyhow::Result<()> {
    let mut town = TestTown::found(3).await?;
    // Person 1 has left; person 2 is still there, as far as anybody knows.
    town.import(&[(0, 0, 600, "in"), (1, 0, 500, "in"), (1, 0, 400, "out"), (2, 0, 300, "in")]).await?;
    let case = town.open_case(0).await?;
    let trail = town.traced(&format!("/v1/cases/{case}/trail")).await?;
    let own = &trail["visits"][0];
    assert_eq!(
        (&own["certainty"], &own["evidence"], &own["marks"]),
        (&json!("open"), &json!("import"), &json!([]))
    );
    assert_eq!(time(&own["to"])?.since_ms(time(&own["from"])?), 3_600_000, "it ends by dwell: {own}");

    let met = town.traced(&format!("/v1/cases/{case}/co-presence")).await?;
    let contacts = met["contacts"].as_array().cloned().unwrap_or_default();
    assert_eq!(contacts.len(), 2, "{met}");
    let (open, left) = (&contacts[0]["encounters"][0], &contacts[1]["encounters"][0]);
    assert_eq!(contacts[0]["person"], json!(town.residents[2].person), "{met}");
    assert_eq!((&open["certainty"], &open["to"]), (&json!("open"), &met["complete_through"]), "{met}");
    let counted = time(&open["to"])?.since_ms(time(&open["from"])?) / 1_000;
    assert_eq!((&open["overlap_s"], &contacts[0]["present_s"]), (&json!(counted), &json!(counted)), "{met}");
    // One of the visits is open, and the encounter has ended.
    assert_eq!((&left["certainty"], &left["overlap_s"]), (&json!("inferred"), &json!(100)), "{met}");
    assert_eq!(
        (&open["venue_name"], &trail["visits"][0]["venue_name"]),
        (&json!("Venue 0"), &json!("Venue 0"))
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn time_with_several_people_counts_once_as_presence() -> anyhow::Result<()> {
    let mut town = TestTown::found(4).await?;
    // Persons 1 and 2 meet the index person, and then person 3 for the same 200 s.
    let stay = |person, venue, from, to| [(person, venue, from, "in"), (person, venue, to, "out")];
    let rows = [
        stay(0, 0, 9_000, 8_900),
        stay(1, 0, 9_000, 8_900),
        stay(2, 0, 9_000, 8_900),
        stay(1, 1, 8_000, 7_700),
        stay(2, 1, 8_000, 7_800),
        stay(3, 1, 7_900, 7_600),
    ];
    town.import(&rows.concat()).await?;
    let case = town.open_case(0).await?;
    let met = town.traced(&format!("/v1/cases/{case}/co-presence?hops=2")).await?;
    let third = &met["contacts"][2];
    assert_eq!((&third["person"], &third["hop"]), (&json!(town.residents[3].person), &json!(2)), "{met}");
    assert_eq!((&third["overlap_s"], &third["present_s"]), (&json!(300), &json!(200)), "{met}");
    assert_eq!(third["encounters"][0]["certainty"], "measured", "{met}");
    Ok(())
}

/// Adds venues, and returns each one's id and poster.
async fn add_venues(town: &mut TestTown, lines: &[Value]) -> anyhow::Result<Vec<Value>> {
    let authority = town.authority.clone();
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    town.send("POST", "/v1/venues", &authority, lines.join("\n")).await?.lines()
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_names_how_a_person_was_checked_in() -> anyhow::Result<()> {
    let mut town = TestTown::found(4).await?;
    let venue = town.venues[0].venue;
    let gate = town.gateway.token("terminal", "gate", Some(venue))?;
    let authority = town.authority.clone();
    let person = town.residents[2].person;
    let path = format!("/v1/people/{person}/passes");
    let pass = town.send("POST", &path, &authority, r#"{"days": 1}"#).await?.json()?;
    let code = |town: &TestTown, resident: usize| town.residents[resident].code(Step::of(now()));

    let poster =
        json!({"venue": town.venues[0].poster, "person": code(&town, 0), "companions": [code(&town, 1)]});
    let sent = town.send("POST", "/v1/check-ins", "", poster.to_string()).await?;
    assert_eq!(sent.status(), 200, "{}", sent.text());
    for scan in [json!({"pass": pass["pass"]}), json!({"person": code(&town, 3)})] {
        let sent = town.send("POST", "/v1/check-ins", &gate, scan.to_string()).await?;
        assert_eq!(sent.status(), 200, "{}", sent.text());
    }
    let case = town.open_case(0).await?;
    let path = format!("/v1/cases/{case}/venues/{venue}/visits");
    let visits = town.traced(&path).await?;
    let evidence = |resident: usize| {
        let person = json!(town.residents[resident].person);
        let mut visits = visits["visits"].as_array().into_iter().flatten();
        visits.find(|visit| visit["person"] == person).map(|visit| visit["evidence"].clone())
    };
    let found = [0, 1, 2, 3].map(|resident| evidence(resident).unwrap_or_default());
    assert_eq!(found, ["poster", "companion", "paper", "terminal"].map(|word| json!(word)), "{visits}");
    let path = format!("/v1/cases/{case}/co-presence");
    let met = town.traced_through(&path, now().plus_ms(1_500)).await?;
    let companion = met["contacts"].as_array().into_iter().flatten();
    let companion = companion.map(|contact| &contact["encounters"][0]);
    let words: Vec<_> = companion.map(|met| (&met["evidence"], &met["via_evidence"])).collect();
    assert!(words.contains(&(&json!("companion"), &json!("poster"))), "{met}");
    assert_eq!(words.len(), 3, "{met}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_name_doubts_and_drop_no_visit() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    // The first venue is open for one minute of a day that is not today or yesterday.
    let day = (now().0 / 86_400_000 + 3 + 3) % 7 + 1;
    let lines = [
        json!({"name": "夜市", "kind": "market", "district": "Load", "latitude": 39.9042, "longitude": 116.4074,
            "hours": [{"days": [day], "from": "08:00", "to": "08:01"}]}),
        json!({"name": "东站", "kind": "station", "district": "Load", "latitude": 31.2304, "longitude": 121.4737,
            "hours": [{"days": [1, 2, 3, 4, 5, 6, 7], "from": "00:00", "to": "24:00"}]}),
    ];
    let added = add_venues(&mut town, &lines).await?;
    let mut town_venues = Vec::new();
    for venue in &added {
        town_venues.push(serde_json::from_value(venue["venue"].clone())?);
    }
    town.venues[0].venue = town_venues[0];
    town.venues[1].venue = town_venues[1];
    // Beijing, ten minutes later Shanghai, and two hours later three venues within a minute.
    town.import(&[(0, 0, 20_000, "in"), (0, 1, 19_400, "in")]).await?;
    town.import(&[(0, 1, 9_000, "in"), (0, 2, 8_980, "in"), (0, 0, 8_960, "in")]).await?;
    let case = town.open_case(0).await?;
    let trail = town.traced(&format!("/v1/cases/{case}/trail")).await?;
    let marks: Vec<_> =
        trail["visits"].as_array().into_iter().flatten().map(|visit| &visit["marks"]).collect();
    let expected = [
        json!(["closed-hours"]),
        json!(["impossible-travel"]),
        json!(["many-at-once"]),
        json!(["many-at-once"]),
        json!(["closed-hours", "impossible-travel", "many-at-once"]),
    ];
    assert_eq!(marks, expected.iter().collect::<Vec<_>>(), "{trail}");

    let tracer = town.tracer.clone();
    let (path, authority) = (format!("/v1/venues/{}", town.venues[0].venue), town.authority.clone());
    for who in [&tracer, &authority] {
        let shown = town.send("GET", &path, who, "").await?.json()?;
        assert_eq!(
            (&shown["name"], &shown["kind"], &shown["district"]),
            (&json!("夜市"), &json!("market"), &json!("Load"))
        );
        assert_eq!(
            (&shown["latitude"], &shown["hours"][0]["from"]),
            (&json!(39.9042), &json!("08:00")),
            "{shown}"
        );
        assert_eq!(shown["venue"], json!(town.venues[0].venue));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_and_positions_that_cannot_be_are_refused() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let whole = json!({"days": [1], "from": "08:00", "to": "22:00"});
    let with = |name: &str, value: Value| {
        let mut hours = whole.clone();
        hours[name] = value;
        json!({"hours": [hours]})
    };
    for (more, detail) in [
        (json!({"latitude": 34.2}), "together"),
        (json!({"latitude": 91, "longitude": 0}), "latitude is from -90"),
        (json!({"latitude": 0, "longitude": 180.5}), "longitude from -180"),
        (json!({"hours": []}), "entries"),
        (with("days", json!([0])), "from 1 for Monday"),
        (with("days", json!([])), "at least one day"),
        (with("to", json!("25:00")), "HH:MM"),
        (with("to", json!("08:00")), "differ"),
        (with("closed", json!(true)), "unknown field"),
    ] {
        let mut line = json!({"name": "X", "kind": "market", "district": "Load"});
        line.as_object_mut()
            .into_iter()
            .for_each(|line| line.extend(more.as_object().cloned().unwrap_or_default()));
        let answer = add_venues(&mut town, &[line]).await?;
        assert_eq!(answer[0]["code"], "malformed", "{more}");
        assert!(answer[0]["detail"].as_str().is_some_and(|said| said.contains(detail)), "{more}: {answer:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_has_local_times_names_evidence_and_the_complete_time() -> anyhow::Result<()> {
    let mut town = TestTown::found(2).await?;
    town.import(&[(0, 0, 9_000, "in"), (1, 0, 8_990, "in"), (0, 0, 8_000, "out"), (1, 0, 8_000, "out")])
        .await?;
    let case = town.open_case(0).await?;
    town.traced(&format!("/v1/cases/{case}/co-presence")).await?;
    let venue = town.venues[0].venue;
    for (what, name, columns) in [
        (
            "trail".to_owned(),
            "trail",
            "id,venue,from,to,certainty,colour,verdict,from_local,to_local,venue_name,evidence,marks,complete_through",
        ),
        (
            format!("venues/{venue}/visits"),
            "visits",
            "id,person,from,to,certainty,colour,verdict,from_local,to_local,venue_name,evidence,marks,complete_through",
        ),
        (
            "co-presence".to_owned(),
            "co-presence",
            "person,hop,venue,from,to,overlap_s,certainty,via,from_local,to_local,venue_name,evidence,via_evidence,\
             marks,present_s,complete_through",
        ),
    ] {
        let csv = accepted(&mut town, &format!("/v1/cases/{case}/{what}"), "text/csv").await?;
        let text = csv.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], columns);
        let cells: Vec<&str> = lines[1].split(',').collect();
        let of = |column: &str| cells[columns.split(',').position(|name| name == column).unwrap_or_default()];
        assert_eq!(
            (of("venue_name"), of("evidence"), of("certainty")),
            ("Venue 0", "import", "measured"),
            "{text}"
        );
        let (utc, local): (Timestamp, Timestamp) = (of("from").parse()?, of("from_local").parse()?);
        assert!(utc == local && of("from_local").ends_with("+08:00"), "{text}");
        assert_eq!(csv.header("complete-through"), Some(of("complete_through")));
        let file = format!("attachment; filename=\"{name}-{case}.csv\"");
        assert_eq!(csv.header("content-disposition"), Some(file.as_str()));
        assert_eq!(csv.header("cache-control"), Some("no-store"));
    }
    Ok(())
}
