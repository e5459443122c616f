//! Tokens: listed when they are minted or first used, revoked on open connections and over restarts, and
//! bounded in time.

use anyhow::Context as _;
use scangate_core::id::TokenId;
use scangate_core::time::{DAY_MS, Step, Timestamp};
use scangate_core::token::{Claims, Role};
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestTown, eventually};
use serde_json::{Value, json};

/// The listed token of a subject.
pub(crate) async fn listed(town: &mut TestTown, subject: &str) -> anyhow::Result<Value> {
    let operator = town.gateway.first_token("operator")?;
    let all = town.send("GET", "/v1/tokens", &operator, "").await?.json()?;
    let found = all["tokens"].as_array().into_iter().flatten().find(|token| token["subject"] == subject);
    found.cloned().with_context(|| format!("{subject} is not in {all}"))
}

fn time(value: &Value) -> anyhow::Result<Timestamp> {
    Ok(serde_json::from_value(value.clone())?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_refused_on_open_connections_and_after_a_restart() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let operator = town.gateway.first_token("operator")?;
    let terminal = town.gateway.token("terminal", "gate 9", Some(town.venues[0].venue))?;
    let token = listed(&mut town, "gate 9").await?;
    assert_eq!((&token["role"], &token["venue"]), (&json!("terminal"), &json!(town.venues[0].venue)));
    assert_eq!(time(&token["expires"])?, time(&token["minted"])?.plus_ms(90 * DAY_MS));
    let look = async |town: &mut TestTown| {
        let code = town.residents[0].code(Step::of(now()));
        town.send("GET", &format!("/v1/colours/{code}"), &terminal, "").await
    };
    assert_eq!(look(&mut town).await?.status(), 200);

    let revoke = json!({"jti": token["jti"]}).to_string();
    for (body, status, code) in [
        (json!({"jti": "k0000000000009"}).to_string(), 404, "not-found"),
        (json!({"jti": "gate 9"}).to_string(), 400, "malformed"),
    ] {
        let refused = town.send("POST", "/v1/tokens/revoke", &operator, body).await?;
        assert_eq!((refused.status(), refused.code().as_str()), (status, code));
    }
    for _ in 0..2 {
        assert_eq!(town.send("POST", "/v1/tokens/revoke", &operator, revoke.clone()).await?.status(), 204);
        let refused = look(&mut town).await?;
        assert_eq!((refused.status(), refused.code().as_str()), (401, "token-invalid"));
    }
    let batch = town.send("POST", "/v1/check-ins/batch", &terminal, "").await?;
    assert_eq!((batch.status(), batch.code().as_str()), (401, "token-invalid"));
    let scan = json!({"person": town.residents[0].code(Step::of(now()))}).to_string();
    let scanned = town.send("POST", "/v1/check-ins", &terminal, scan).await?;
    assert_eq!((scanned.status(), scanned.code().as_str()), (401, "token-invalid"));

    assert!(town.gateway.metric("scangate_tokens_refused_total", "revoked")? >= 4.0);
    let (log, jti) = (town.gateway.log(), token["jti"].as_str().unwrap_or_default());
    let told = |line: &&String| line.contains("a token was refused") && line.contains("revoked");
    let line = log.iter().find(told).context("the refusal is logged")?;
    assert!(line.contains(jti) && line.contains("gate 9"), "{line}");
    let text = terminal.trim_start_matches("Bearer ");
    assert!(!log.iter().any(|line| line.contains(text)));

    let folder = town.gateway.folder();
    assert!(town.gateway.stop()?.success());
    town.gateway = Gateway::start_in(folder, &[], ExpectedLog::Quiet)?;
    town.target = town.gateway.target()?;
    town.connection = town.target.connect(Version::Http3).await?;
    assert_eq!(look(&mut town).await?.status(), 401);
    let token = listed(&mut town, "gate 9").await?;
    assert_eq!(token["revoked_by"], "first operator", "{token}");
    time(&token["revoked"])?;
    let acts = town.send("GET", "/v1/audit", &operator, "").await?.lines()?;
    let of = |act: &str| {
        acts.iter().filter(|entry| entry["act"]["act"] == act && entry["act"]["object"] == jti).count()
    };
    assert_eq!((of("token-minted"), of("token-revoked")), (1, 2));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_listed_when_it_is_minted_or_first_used() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    for role in ["authority", "tracer", "operator"] {
        let token = listed(&mut town, &format!("first {role}")).await?;
        assert_eq!(token["role"], role);
        assert_eq!(time(&token["expires"])?, time(&token["minted"])?.plus_ms(30 * DAY_MS), "{token}");
    }
    let left = town.gateway.folder().path().join("minted-tokens");
    eventually(async || Ok(std::fs::read_dir(&left)?.count()), |left| *left == 0).await?;

    // A token that was signed elsewhere with the deployment's secret.
    let claims = Claims {
        jti: TokenId(77),
        role: Role::Authority,
        subject: "signed elsewhere".into(),
        venue: None,
        door: None,
        district: Some("Gulou".into()),
        expires: now().plus_ms(DAY_MS),
    };
    let token = town.gateway.signed(&claims)?;
    assert!(listed(&mut town, "signed elsewhere").await.is_err());
    assert_eq!(town.send("GET", "/v1/held", &token, "").await?.status(), 200);
    let seen = listed(&mut town, "signed elsewhere").await?;
    assert_eq!(
        (&seen["jti"], &seen["district"], &seen["minted"]),
        (&json!(TokenId(77)), &json!("Gulou"), &Value::Null)
    );
    time(&seen["first_seen"])?;
    assert_eq!(town.send("POST", "/v1/cases", &token, "{}").await?.status(), 403);
    for reason in ["role", "forged"] {
        town.send("GET", "/v1/held", "Bearer e30.AAAA", "").await?;
        assert!(town.gateway.metric("scangate_tokens_refused_total", reason)? >= 1.0, "{reason}");
    }
    Ok(())
}

#[test]
fn a_token_lives_ninety_days_at_most() -> anyhow::Result<()> {
    for (ttl, words) in [("91d", "90d at most"), ("2161h", "90d at most"), ("1y", "not a duration")] {
        let output = Gateway::run(&["token", "--role", "tracer", "--subject", "t", "--ttl", ttl])?;
        let said = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(2));
        assert!(said.contains(words), "{said}");
    }
    Ok(())
}
