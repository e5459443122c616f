//! Limits on tracers: districts, windows, purposes and budgets.

use super::answers::accepted;
use scangate_core::time::DAY_MS;
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestTown, away_from_midnight, refused};
use serde_json::{Value, json};
use std::sync::Arc;

/// A town whose gateway has this configuration.
async fn configured(config: &str, residents: usize) -> anyhow::Result<TestTown> {
    let folder = Arc::new(tempfile::tempdir()?);
    let path = folder.path().join("gateway.toml");
    std::fs::write(&path, config)?;
    let path = path.display().to_string();
    TestTown::found_in(Gateway::start_in(folder, &["--config", &path], ExpectedLog::Quiet)?, residents).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_district_leaves_other_venues_out_and_counts_them() -> anyhow::Result<()> {
    let mut town = TestTown::found(3).await?;
    let authority = town.authority.clone();
    let line = json!({"name": "Far", "kind": "mall", "district": "Gulou"}).to_string();
    let far = town.send("POST", "/v1/venues", &authority, line).await?.lines()?;
    town.venues[1].venue = serde_json::from_value(far[0]["venue"].clone())?;
    town.import(&[(0, 0, 9_000, "in"), (1, 0, 9_000, "in"), (0, 1, 8_000, "in"), (2, 1, 8_000, "in")])
        .await?;
    town.tracer = town.gateway.tracer_in("tracer", "Load")?;
    let case = town.open_case(0).await?;
    let path = format!("/v1/cases/{case}");
    let trail = town.traced(&format!("{path}/trail")).await?;
    assert_eq!(trail["visits"].as_array().map(Vec::len), Some(2), "the trail is not limited: {trail}");
    let met = town.traced(&format!("{path}/co-presence")).await?;
    let people: Vec<_> = met["contacts"].as_array().into_iter().flatten().map(|met| &met["person"]).collect();
    assert_eq!(people, [&json!(town.residents[1].person)], "{met}");
    assert_eq!(met["outside_district"], 1, "{met}");
    let visits = |town: &TestTown, venue: usize| format!("{path}/venues/{}/visits", town.venues[venue].venue);
    let (near, far) = (visits(&town, 0), visits(&town, 1));
    let near = town.traced(&near).await?;
    assert_eq!(
        (near["visits"].as_array().map(Vec::len), &near["outside_district"]),
        (Some(2), &json!(0)),
        "{near}"
    );
    let csv = accepted(&mut town, &far, "text/csv").await?;
    assert_eq!((csv.header("outside-district"), csv.text().lines().count()), (Some("2"), 1));
    let far = town.traced(&far).await?;
    assert_eq!((&far["visits"], &far["outside_district"]), (&json!([]), &json!(2)), "{far}");

    // A token without a district is not limited, and says nothing of it.
    town.tracer = town.gateway.token("tracer", "tracer", None)?;
    let met = town.traced(&format!("{path}/co-presence")).await?;
    assert_eq!((met["contacts"].as_array().map(Vec::len), &met["outside_district"]), (Some(2), &Value::Null));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_tells_what_is_kept_or_is_empty() -> anyhow::Result<()> {
    away_from_midnight().await?;
    let mut town = configured("retention_days = 3\n", 1).await?;
    let (tracer, person) = (town.tracer.clone(), town.residents[0].person);
    let open =
        |from, to| json!({"person": person, "purpose": "audit", "reference": "1", "from": from, "to": to});
    let kept = scangate_core::time::Timestamp((now().0 / DAY_MS - 3) * DAY_MS);
    for (from, to) in [(kept.minus_ms(DAY_MS), kept), (now().plus_ms(60_000), now().plus_ms(DAY_MS))] {
        let sent = town.send("POST", "/v1/cases", &tracer, open(from, to).to_string()).await?;
        assert_eq!(sent.status_and_code(), refused(422, "window-empty"), "{from} {to}");
    }
    let whole = town
        .send("POST", "/v1/cases", &tracer, open(kept, kept.plus_ms(DAY_MS)).to_string())
        .await?
        .json()?;
    assert_eq!(whole["kept_from"], Value::Null);
    let part = open(kept.minus_ms(1_000), kept.plus_ms(DAY_MS)).to_string();
    let part = town.send("POST", "/v1/cases", &tracer, part).await?.json()?;
    assert_eq!(part["kept_from"], json!(kept), "{part}");
    let case = part["case"].as_str().unwrap_or_default().to_owned();
    for what in ["trail", "co-presence"] {
        let path = format!("/v1/cases/{case}/{what}");
        assert_eq!(town.traced(&path).await?["kept_from"], json!(kept), "{what}");
        let lines = accepted(&mut town, &path, "application/x-ndjson").await?;
        assert_eq!(lines.header("kept-from"), Some(kept.to_string().as_str()), "{what}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn purposes_are_the_configured_ones() -> anyhow::Result<()> {
    let mut town = configured("[tracer]\npurposes = [\"drill\"]\n", 1).await?;
    let tracer = town.tracer.clone();
    for (purpose, said) in [("drill", (200, String::new())), ("audit", refused(422, "purpose-unsupported"))] {
        let case = json!({
            "person": town.residents[0].person, "purpose": purpose, "reference": "1",
            "from": now().minus_ms(1_000), "to": now(),
        });
        let sent = town.send("POST", "/v1/cases", &tracer, case.to_string()).await?;
        assert_eq!(sent.status_and_code(), said, "{purpose}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_budget_says_what_is_left_and_needed() -> anyhow::Result<()> {
    away_from_midnight().await?;
    let mut town = configured("[tracer]\ncases_max = 1\npersons_max = 2\n", 4).await?;
    town.import(&[(0, 0, 9_000, "in"), (1, 0, 9_000, "in"), (2, 0, 9_000, "in"), (3, 0, 9_000, "in")])
        .await?;
    // The check-ins are in the trails before a tracer's budget is at stake.
    town.mine(0).await?;
    let (case, tracer) = (town.open_case(0).await?, town.tracer.clone());
    let path = format!("/v1/cases/{case}/co-presence");
    let spent = town.send("GET", &path, &tracer, "").await?;
    assert_eq!(spent.status_and_code(), refused(429, "budget-spent"));
    let problem = spent.json()?;
    assert_eq!((&problem["left"], &problem["needed"]), (&json!(2), &json!(3)), "{problem}");
    // It is full again at the city's midnight, eight hours before that of UTC.
    let until_midnight = DAY_MS - (now().0 + scangate_tests::CITIES_EAST_MS) % DAY_MS;
    let retry = problem["retry_after_ms"].as_u64().unwrap_or_default();
    assert!((until_midnight - 5_000..=until_midnight + 61_000).contains(&retry), "{retry} {until_midnight}");
    let trail = town.send("GET", &format!("/v1/cases/{case}/trail"), &tracer, "").await?;
    assert_eq!(trail.status(), 200, "nothing was spent: {}", trail.text());
    let person = town.residents[0].person;
    let case = json!({"person": person, "purpose": "audit", "reference": "1", "from": now().minus_ms(1_000), "to": now()});
    let again = town.send("POST", "/v1/cases", &tracer, case.to_string()).await?.json()?;
    assert_eq!(
        (&again["code"], &again["left"], &again["needed"]),
        (&json!("budget-spent"), &json!(0), &json!(1))
    );
    Ok(())
}
