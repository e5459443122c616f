//! Every operation of the OpenAPI document is called with requests that are broken in one way each. The
//! clients of the tests fail on an answer that the document does not describe; here the status is checked.

use bytes::Bytes;
use http::Request;
use scangate_loadgen::client::{ClientConnection, Version};
use scangate_loadgen::drive::now;
use scangate_tests::{TestReply, TestTown, refused, send};
use serde_json::{Value, json};

/// A JSON body beyond the bound of any operation under the default pack.
const LARGE_BYTES: usize = 70_000;
/// A key beyond its bound.
const LONG_KEY_CHARS: usize = 65;
/// Operations that end what other calls need. They are called without a body alone, and last.
const LAST: [&str; 1] = ["eraseMine"];
/// Operations whose path always names something: a code is valid or not, and a district without people is an
/// empty list.
const NEVER_MISSING: [&str; 3] = ["lookUpColour", "openPage", "listDistrictPeople"];

/// An operation as the document describes it, with a path that names nothing.
struct DescribedOperation {
    name: String,
    method: String,
    path: String,
    has_id: bool,
    media_type: Option<String>,
    takes_key: bool,
    roles: Vec<String>,
}

/// A well-formed value of a parameter that names nothing.
fn value(name: &str) -> String {
    match name {
        "person" => "p0000000000000".to_owned(),
        "venue" => "v0000000000000".to_owned(),
        "site" => "t0000000000000".to_owned(),
        "case" => "c0000000000000".to_owned(),
        "check_in" => "0".repeat(26),
        "fact" => "f0000000000000".to_owned(),
        "held" => "h0000000000000".to_owned(),
        "notice" => "g0000000000000".to_owned(),
        "day" => "2022-01-04".to_owned(),
        "after" => "2022-01-04T00:00:00Z".to_owned(),
        "kid" | "number" | "extension" => "200".to_owned(),
        "file" => "1.svg".to_owned(),
        "code" => format!("AQ{}", "A".repeat(38)),
        _ => "n0000000000000".to_owned(),
    }
}

/// A path with its parameters and the queries that it needs.
fn filled(template: &str, operation: &Value) -> String {
    let part =
        |part: &str| part.strip_prefix('{').map_or(part.to_owned(), |name| value(name.trim_end_matches('}')));
    let path = template.split('/').map(part).collect::<Vec<_>>().join("/");
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let needed = parameters.filter(|one| one["in"] == "query" && one["required"] == true);
    let names = needed.filter_map(|one| one["name"].as_str());
    let query: Vec<String> = names.map(|name| format!("{name}={}", value(name))).collect();
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

fn described(document: &Value) -> Vec<DescribedOperation> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let ways = operation["security"].as_array().into_iter().flatten();
            let roles = ways.filter_map(Value::as_object).flat_map(serde_json::Map::keys).cloned().collect();
            let content = operation["requestBody"]["content"].as_object();
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            all.push(DescribedOperation {
                name: operation["operationId"].as_str().unwrap_or_default().to_owned(),
                method: method.to_uppercase(),
                path: filled(path, operation),
                has_id: path.contains('{'),
                media_type: content.and_then(|content| Some(content.iter().next()?.0.clone())),
                takes_key: parameters.into_iter().any(|one| one.get("$ref").is_some()),
                roles,
            });
        }
    }
    all.sort_by_key(|operation| LAST.contains(&operation.name.as_str()));
    all
}

/// The tokens of a town's roles.
struct Roles<'a> {
    town: &'a TestTown,
    tokens: Vec<(&'static str, String)>,
}

impl<'a> Roles<'a> {
    fn of(town: &'a TestTown) -> anyhow::Result<Self> {
        let mut tokens = Vec::new();
        for role in ["terminal", "authority", "tracer", "operator"] {
            let venue = Some(town.venues[0].venue).filter(|_| role == "terminal");
            tokens.push((role, town.gateway.token(role, "described", venue)?));
        }
        Ok(Self { town, tokens })
    }

    /// The `authorization` of an operation's first role.
    fn authorization(&self, operation: &DescribedOperation) -> String {
        match operation.roles.first().map(String::as_str) {
            None => String::new(),
            Some("resident") => self.town.residents[0].authorization(now()),
            Some(role) => self
                .tokens
                .iter()
                .find(|(of, _)| *of == role)
                .map(|(_, token)| token.clone())
                .unwrap_or_default(),
        }
    }
}

/// Calls an operation with one more header.
async fn call(
    connection: &mut ClientConnection,
    operation: &DescribedOperation,
    authorization: &str,
    header: (&str, &str),
    body: impl Into<Bytes>,
) -> anyhow::Result<TestReply> {
    let mut request = Request::builder().method(operation.method.as_str()).uri(&operation.path);
    request = request.header(header.0, header.1);
    if !authorization.is_empty() {
        request = request.header("authorization", authorization);
    }
    Ok(TestReply { answer: connection.send(request.body(body.into())?).await? })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_request_to_any_operation_gets_an_answer_of_the_document() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let document = town.send("GET", "/openapi.json", "", "").await?.json()?;
    let roles = Roles::of(&town)?;
    let all = described(&document);
    assert!(all.len() > 80, "{}", all.len());
    for (number, operation) in all.iter().enumerate() {
        let DescribedOperation { name, method, path, .. } = operation;
        let authorization = roles.authorization(operation);
        let version = Version::ALL[number % 3];
        let mut connection = town.target.connect(version).await?;
        let bare = send(&mut connection, method, path, &authorization, "").await?;
        assert!(bare.status() < 500, "{name} {version:?}: {}", bare.text());
        if LAST.contains(&name.as_str()) {
            continue;
        }
        if operation.media_type.is_some() {
            let gzip = ("content-encoding", "gzip");
            let compressed = call(&mut connection, operation, &authorization, gzip, "{}").await?;
            assert_eq!(
                compressed.status_and_code(),
                refused(415, "encoding-unsupported"),
                "{name} {version:?}"
            );
        }
        if operation.media_type.as_deref() == Some("application/json") {
            let empty = send(&mut connection, method, path, &authorization, "{}").await?;
            assert!(empty.status() < 500, "{name} {version:?}: {}", empty.text());
            let list = send(&mut connection, method, path, &authorization, "[]").await?;
            assert_eq!(
                list.status_and_code(),
                refused(400, "malformed"),
                "{name} {version:?}: {}",
                list.text()
            );
        }
        if operation.takes_key {
            let long = "k".repeat(LONG_KEY_CHARS);
            let long =
                call(&mut connection, operation, &authorization, ("idempotency-key", &long), "").await?;
            assert_eq!(long.status_and_code(), refused(400, "malformed"), "{name} {version:?}");
        }
        if operation.has_id && operation.media_type.is_none() && !NEVER_MISSING.contains(&name.as_str()) {
            // A guardian's right is checked once the dependant is known.
            assert_eq!(bare.status_and_code(), refused(404, "not-found"), "{name} {version:?}");
        }
        if operation.media_type.as_deref() == Some("application/json") {
            let large = send(&mut connection, method, path, &authorization, "x".repeat(LARGE_BYTES)).await?;
            assert_eq!(large.status_and_code(), refused(413, "too-large"), "{name} {version:?}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_19_a_problem_of_any_operation_names_the_hotline() -> anyhow::Result<()> {
    let mut town = TestTown::under("xinji", 1).await?;
    let document = town.send("GET", "/openapi.json", "", "").await?.json()?;
    let roles = Roles::of(&town)?;
    let mut connection = town.target.connect(Version::Http2).await?;
    let mut problems = 0;
    for operation in described(&document) {
        let DescribedOperation { name, method, path, .. } = &operation;
        for authorization in [roles.authorization(&operation), "Bearer none".to_owned()] {
            let sent = send(&mut connection, method, path, &authorization, "").await?;
            if sent.status() >= 400 {
                assert_eq!(sent.json()?["hotline"], "0311-83283507", "{name}: {}", sent.text());
                problems += 1;
            }
        }
    }
    assert!(problems > 100, "{problems}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_resident_token_is_refused_alike_by_every_operation() -> anyhow::Result<()> {
    let mut town = TestTown::found(2).await?;
    let document = town.send("GET", "/openapi.json", "", "").await?.json()?;
    let erased = town.own(1, "DELETE", "", &Value::Null).await?;
    assert_eq!(erased.status(), 204, "{}", erased.text());
    let mut asked = 0;
    for operation in described(&document) {
        if operation.roles != ["resident"] {
            continue;
        }
        let code = town.residents[0].code(scangate_core::time::Step::of(now()));
        for (authorization, code) in [
            (town.residents[0].authorization(now().minus_ms(600_000)), "person-code-expired"),
            (format!("Resident {code}"), "person-code-invalid"),
            (town.residents[1].authorization(now()), "person-erased"),
            (format!("Residents {code}"), "token-invalid"),
        ] {
            let sent = town.send(&operation.method, &operation.path, &authorization, "{}").await?;
            assert_eq!(sent.status_and_code(), refused(401, code), "{}", operation.name);
            asked += 1;
        }
    }
    assert!(asked > 100, "{asked}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_and_record_is_as_the_document_describes_it() -> anyhow::Result<()> {
    let mut town = TestTown::found(2).await?;
    let other = town.residents[1].person;
    let posts = [
        ("/reports", json!({"temperature": 36.6, "symptoms": ["fever"]})),
        ("/declarations", json!({"text": "a"})),
        ("/dependants", json!({"person": other})),
        ("/guardians", json!({"person": other})),
        ("/arrivals", json!({"from_area": "JP", "at": now()})),
        ("/appeals", json!({"text": "b"})),
        ("/questions", json!({"text": "c"})),
    ];
    for (path, body) in posts {
        let sent = town.own(0, "POST", path, &body).await?;
        assert!(matches!(sent.status(), 200 | 204), "{path}: {}", sent.text());
    }
    for path in ["/reports", "/declarations", "/dependants", "/arrivals", "/appeals", "/questions"] {
        let list = town.own(0, "GET", path, &Value::Null).await?.json()?;
        assert_eq!(list[&path[1..]].as_array().map(Vec::len), Some(1), "{path}: {list}");
    }
    let (authority, operator) = (town.authority.clone(), town.gateway.first_token("operator")?);
    let person = town.residents[0].person;
    for (path, token) in [
        (format!("/v1/people/{person}"), &authority),
        ("/v1/appeals".to_owned(), &authority),
        ("/v1/questions".to_owned(), &authority),
        ("/v1/arrivals/overdue".to_owned(), &authority),
        ("/v1/units".to_owned(), &authority),
        ("/v1/held".to_owned(), &authority),
        ("/v1/policies".to_owned(), &authority),
        ("/v1/policies/1".to_owned(), &authority),
        ("/v1/audit".to_owned(), &operator),
        ("/v1/tokens".to_owned(), &operator),
        ("/v1/keys".to_owned(), &operator),
    ] {
        let read = town.send("GET", &path, token, "").await?;
        assert_eq!(read.status(), 200, "{path}: {}", read.text());
    }
    Ok(())
}
