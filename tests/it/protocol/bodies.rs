//! Bodies as other programs send them: behind a byte order mark, or compressed. Every version treats them
//! alike.

use bytes::Bytes;
use http::Request;
use scangate_core::time::Step;
use scangate_loadgen::client::{ClientConnection, Version};
use scangate_loadgen::drive::now;
use scangate_tests::{TestReply, TestTown, refused, send};
use serde_json::{Value, json};

/// The byte order mark.
const MARK: &str = "\u{feff}";

/// Sends a body with this `content-encoding`.
async fn send_encoded(
    connection: &mut ClientConnection,
    encoding: &str,
    path: &str,
    authorization: &str,
    body: String,
) -> anyhow::Result<TestReply> {
    let mut request = Request::builder().method("POST").uri(path).header("content-encoding", encoding);
    if !authorization.is_empty() {
        request = request.header("authorization", authorization);
    }
    Ok(TestReply { answer: connection.send(request.body(Bytes::from(body))?).await? })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_order_mark_before_a_body_is_skipped() -> anyhow::Result<()> {
    let mut town = TestTown::found(3).await?;
    let authority = town.authority.clone();
    for (resident, version) in Version::ALL.into_iter().enumerate() {
        let mut phone = town.target.connect(version).await?;
        let scan = format!("{MARK}{}", town.scan(resident, 0));
        let taken = send(&mut phone, "POST", "/v1/check-ins", "", scan).await?;
        assert_eq!(taken.status(), 200, "{version:?} {}", taken.text());
        let twice = format!("{MARK}{MARK}{}", town.scan(resident, 0));
        let twice = send(&mut phone, "POST", "/v1/check-ins", "", twice).await?;
        assert_eq!(twice.status_and_code(), refused(400, "malformed"), "{version:?}");
        // Later in a list, a mark belongs to its line.
        let venue = |name: &str| json!({"name": name, "kind": "market", "district": "鼓楼"}).to_string();
        let list = format!("{MARK}{}\r\n{MARK}{}\r\n", venue("东门市场"), venue("西门市场"));
        let added = send(&mut phone, "POST", "/v1/venues", &authority, list).await?.lines()?;
        assert!(added[0]["venue"].is_string(), "{version:?} {added:?}");
        assert_eq!((&added[1]["code"], &added[1]["line"]), (&json!("malformed"), &json!(2)), "{version:?}");
    }
    let code = town.residents[0].code(Step::of(now().minus_ms(60_000)));
    let late = json!({"person": code, "at": now().minus_ms(60_000)});
    let fact = json!({"person": town.residents[0].person, "kind": "symptoms", "which": ["fever"],
        "at": now(), "source": "clinic"});
    let import = json!({"person": town.residents[0].person, "venue": town.venues[0].venue, "at": now()});
    let passport = json!({"type": "passport", "number": "E77777777"});
    let person = json!({"name": "王五", "phone": "13900001111", "document": passport});
    let terminal = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
    for (path, token, line) in [
        ("/v1/check-ins/batch", &terminal, late),
        ("/v1/facts", &authority, fact),
        ("/v1/check-ins/import", &authority, import),
        ("/v1/people/import", &authority, person),
    ] {
        let taken = town.send("POST", path, token, format!("{MARK}{line}\n")).await?.lines()?;
        assert_eq!((taken.len(), &taken[0]["code"]), (1, &Value::Null), "{path} {taken:?}");
    }
    let text = json!({"text": "我来自武汉"}).to_string();
    let own = town.residents[0].authorization(now());
    let draft = town.send("POST", "/v1/people/me/declarations", &own, format!("{MARK}{text}")).await?;
    assert_eq!(draft.status(), 200, "{}", draft.text());
    let pack = format!("{MARK}{}", include_str!("../../../gateway/core/policies/default.toml"));
    let dry = town.send("POST", "/v1/policies/dry-run", &authority, pack).await?;
    assert_eq!(dry.status(), 200, "{}", dry.text());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_body_gets_415_and_what_is_accepted() -> anyhow::Result<()> {
    let town = TestTown::found(3).await?;
    let (authority, resident) = (town.authority.clone(), town.residents[0].authorization(now()));
    for (number, version) in Version::ALL.into_iter().enumerate() {
        let mut connection = town.target.connect(version).await?;
        for (path, token) in [
            ("/v1/check-ins", ""),
            ("/v1/people", ""),
            ("/v1/people/import", authority.as_str()),
            ("/v1/facts", authority.as_str()),
            ("/v1/people/me/declarations", resident.as_str()),
        ] {
            for encoding in ["gzip", "BR", "identity, gzip"] {
                // No bytes of this body are JSON. It has more than one packet in the import.
                let body = "\u{1f}\u{8b}".repeat(if path.ends_with("import") { 20_000 } else { 20 });
                let sent = send_encoded(&mut connection, encoding, path, token, body).await?;
                let place = format!("{version:?} {path} {encoding}");
                assert_eq!(sent.status_and_code(), refused(415, "encoding-unsupported"), "{place}");
                assert_eq!(sent.header("accept-encoding"), Some("identity"), "{place}");
                assert_eq!(sent.header("content-type"), Some("application/problem+json"), "{place}");
            }
        }
        let scan = town.scan(number, 0);
        let plain = send_encoded(&mut connection, "identity", "/v1/check-ins", "", scan).await?;
        assert_eq!(plain.status(), 200, "{version:?} {}", plain.text());
        // Without a body there is nothing to decode.
        let rotate = town.gateway.first_token("operator")?;
        let empty = send_encoded(&mut connection, "gzip", "/v1/keys/rotate", &rotate, String::new()).await?;
        assert_eq!(empty.status(), 200, "{version:?} {}", empty.text());
    }
    assert!(town.gateway.metric("scangate_refusals_total", "encoding-unsupported")? >= 1.0);
    Ok(())
}
