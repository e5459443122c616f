//! Roles: every operation of the published document is requested by every role that lacks permission.

use scangate_tests::TestTown;
use serde_json::Value;

/// A path with `x` for each parameter.
fn filled(template: &str) -> String {
    let parts = template.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_refuses_every_wrong_role() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let document = town.send("GET", "/openapi.json", "", "").await?.json()?;
    let venue = Some(town.venues[0].venue);
    let mut tokens = Vec::new();
    for role in ["terminal", "authority", "tracer", "operator"] {
        tokens.push((role, town.gateway.token(role, role, venue.filter(|_| role == "terminal"))?));
    }
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let ways = operation["security"].as_array().into_iter().flatten().filter_map(Value::as_object);
            let ways: Vec<_> = ways.collect();
            // An empty way needs no token.
            if ways.iter().any(|way| way.is_empty()) {
                continue;
            }
            let allowed: Vec<&String> = ways.into_iter().flat_map(serde_json::Map::keys).collect();
            if allowed.is_empty() {
                continue;
            }
            let (method, path) = (method.to_uppercase(), filled(path));
            let nobody = town.send(&method, &path, "", "").await?;
            assert_eq!(nobody.status(), 401, "{method} {path}: {}", nobody.text());
            assert_eq!(nobody.header("www-authenticate"), Some("Bearer, Resident"), "{method} {path}");
            let forged = town.send(&method, &path, "Bearer e30.AAAA", "").await?;
            assert_eq!((forged.status(), forged.code().as_str()), (401, "token-invalid"), "{method} {path}");
            for (other, token) in
                tokens.iter().filter(|(other, _)| !allowed.iter().any(|role| *role == other))
            {
                let sent = town.send(&method, &path, token, "").await?;
                let said = (sent.status(), sent.code());
                assert_eq!(said, (403, "role-wrong".to_owned()), "{method} {path} as {other}");
                asked += 1;
            }
        }
    }
    assert!(asked > 60, "{asked}");
    Ok(())
}
