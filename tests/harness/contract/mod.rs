//! The OpenAPI document as a judge of the gateway: every answer that a test's client receives must be one
//! that the document lists for its operation, and every request that was accepted must satisfy the schema.

mod closed;
mod operation;
mod schemas;

use self::operation::{Operation, Routes};
use self::schemas::Schemas;
use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request, Response};
use scangate_core::text::without_mark;
use serde_json::Value;
use std::path::Path;
use std::sync::LazyLock;

/// Statuses of a request that no operation describes. They come before the operation is looked up, or say
/// that there is none.
const UNROUTED: [u16; 8] = [400, 404, 405, 413, 415, 425, 431, 503];
/// Statuses without content, whatever the document lists.
const EMPTY: [u16; 2] = [304, 431];
const NDJSON: &str = "application/x-ndjson";

/// The document of the sources, so that a change of it needs no build.
static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gateway/openapi.json");
    let text = std::fs::read_to_string(&path).expect("the document stands beside the gateway's sources");
    Contract::new(&serde_json::from_str(&text).expect("the document is JSON"))
});

/// Fails if the document does not describe this answer to this request.
pub(crate) fn check_answer(request: &Request<Bytes>, answer: &Response<Bytes>) -> anyhow::Result<()> {
    let (method, path) = (request.method(), request.uri().path());
    let place = || format!("{method} {path} answered {}, which openapi.json does not allow", answer.status());
    CONTRACT.check(request, answer).with_context(place)
}

/// Fails if the document does not describe such a request body, with the first error.
pub fn check_request_body(method: &Method, path: &str, body: &Value) -> anyhow::Result<()> {
    let operation = CONTRACT.routes.find(method, path).context("no such operation")?;
    let (_, schema) = operation.request_schema(&CONTRACT.document).context("it takes no body")?;
    CONTRACT.schemas.check(&schema, body)
}

/// The document, its operations by path, and its schemas.
struct Contract {
    document: Value,
    routes: Routes,
    schemas: Schemas,
}

impl Contract {
    fn new(document: &Value) -> Self {
        let routes = Routes::of(document);
        Self { document: document.clone(), routes, schemas: Schemas::new(closed::closed(document)) }
    }

    fn check(&self, request: &Request<Bytes>, answer: &Response<Bytes>) -> anyhow::Result<()> {
        let (method, path) = (request.method(), request.uri().path());
        match self.routes.find(method, path) {
            Some(operation) => self.check_listed(operation, request, answer),
            None if path.starts_with("/v1/") => self.check_unrouted(answer),
            // The document does not describe the pages and their files.
            None => Ok(()),
        }
    }

    fn check_unrouted(&self, answer: &Response<Bytes>) -> anyhow::Result<()> {
        let status = answer.status().as_u16();
        ensure!(UNROUTED.contains(&status), "no operation has this path and method");
        if answer.body().is_empty() {
            return Ok(());
        }
        self.schemas.check("#/components/schemas/Problem", &serde_json::from_slice(answer.body())?)
    }

    fn check_listed(
        &self,
        operation: &Operation,
        request: &Request<Bytes>,
        answer: &Response<Bytes>,
    ) -> anyhow::Result<()> {
        let status = answer.status().as_u16();
        let listed = operation.response(&self.document, status);
        let listed = listed.with_context(|| format!("`{}` does not list this status", operation.name))?;
        for (schema, value) in listed.headers(&self.document, answer)? {
            self.schemas.check(&schema, &value)?;
        }
        let is_empty = answer.body().is_empty();
        if request.method() == Method::HEAD || (is_empty && EMPTY.contains(&status)) {
            return Ok(());
        }
        self.check_content(&listed, answer)?;
        if answer.status().is_success() { self.check_accepted(operation, request, answer) } else { Ok(()) }
    }

    fn check_content(&self, listed: &operation::Listed<'_>, answer: &Response<Bytes>) -> anyhow::Result<()> {
        let body = answer.body();
        let Some(of) = answer.headers().get(CONTENT_TYPE) else {
            ensure!(body.is_empty() && !listed.has_content(), "the answer has no content-type");
            return Ok(());
        };
        let media_type = of.to_str()?.split(';').next().unwrap_or_default().trim();
        let schema = listed.schema(media_type).with_context(|| format!("{media_type} is not listed"))?;
        match media_type {
            "application/json" => self.schemas.check(&schema, &serde_json::from_slice(body)?),
            "application/problem+json" => {
                let problem = serde_json::from_slice(body)?;
                self.schemas.check(&schema, &problem)?;
                listed.check_code(&problem)
            }
            NDJSON if listed.is_of_lines(media_type) => {
                lines(body).try_for_each(|line| self.schemas.check(&schema, &serde_json::from_slice(line)?))
            }
            _ => Ok(()),
        }
    }

    /// Checks that the document accepts what the gateway accepted.
    fn check_accepted(
        &self,
        operation: &Operation,
        request: &Request<Bytes>,
        answer: &Response<Bytes>,
    ) -> anyhow::Result<()> {
        let accepted = || format!("the request that `{}` accepted", operation.name);
        for (schema, value) in operation.parameters(&self.document, request.uri())? {
            self.schemas.check(&schema, &value).with_context(accepted)?;
        }
        let body = without_mark(request.body());
        let Some((media_type, schema)) = operation.request_schema(&self.document) else { return Ok(()) };
        if body.is_empty() {
            return Ok(());
        }
        // A document to print does not say which lines were accepted.
        let is_of_lines = answer.headers().get(CONTENT_TYPE).is_some_and(|of| of == NDJSON);
        match media_type {
            "application/json" => {
                self.schemas.check(&schema, &serde_json::from_slice(body)?).with_context(accepted)
            }
            NDJSON if is_of_lines && operation.answers_lines(&self.document) => {
                let (sent, answered): (Vec<_>, Vec<_>) =
                    (lines(body).collect(), lines(answer.body()).collect());
                for (line, answered) in sent.into_iter().zip(answered) {
                    let answered: Value = serde_json::from_slice(answered)?;
                    if answered.get("code").is_none() {
                        self.schemas.check(&schema, &serde_json::from_slice(line)?).with_context(accepted)?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// The lines of NDJSON that are not blank.
fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split(|&byte| byte == b'\n').filter(|line| !line.iter().all(u8::is_ascii_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ISSUER: &str = "/v1/issuer";

    fn asked(method: &str, path: &str, body: &Value) -> Request<Bytes> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        Request::builder().method(method).uri(path).body(body.into()).unwrap()
    }

    fn answered(status: u16, headers: &[(&str, &str)], body: &Value) -> Response<Bytes> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let response = headers
            .iter()
            .fold(Response::builder(), |response, (name, value)| response.header(*name, *value));
        response.status(status).body(body.into()).unwrap()
    }

    /// The words of the first error.
    fn fault(request: &Request<Bytes>, answer: &Response<Bytes>) -> String {
        check_answer(request, answer).map_or_else(|error| format!("{error:#}"), |()| "none".to_owned())
    }

    #[test]
    fn an_answer_that_the_document_describes_is_no_fault() {
        let issuer = json!({"issuer": "xuzhou", "key": "A".repeat(43)});
        let request = asked("GET", ISSUER, &Value::Null);
        assert_eq!(fault(&request, &answered(200, &[("content-type", "application/json")], &issuer)), "none");
        let head = asked("HEAD", ISSUER, &Value::Null);
        assert_eq!(
            fault(&head, &answered(200, &[("content-type", "application/json")], &Value::Null)),
            "none"
        );
    }

    #[test]
    fn a_fault_of_an_answer_is_named() {
        let json_type = ("content-type", "application/json");
        let problem_type = ("content-type", "application/problem+json");
        let issuer = json!({"issuer": "xuzhou", "key": "A".repeat(43)});
        let with = |name: &str, value: Value| {
            let mut changed = issuer.clone();
            changed[name] = value;
            changed
        };
        let problem =
            |status: u16, code: &str| json!({"status": status, "title": "t", "detail": "d", "code": code});
        let retry = ("retry-after", "1");
        for (status, headers, body, expected) in [
            (204, vec![], Value::Null, "does not list this status"),
            (200, vec![("content-type", "text/plain")], issuer.clone(), "text/plain is not listed"),
            (200, vec![], issuer.clone(), "no content-type"),
            (200, vec![json_type], with("secret", json!(1)), "'secret' was unexpected"),
            (200, vec![json_type], json!({"issuer": "xuzhou"}), "\"key\" is a required property"),
            (200, vec![json_type], with("key", json!("short")), "does not match"),
            (400, vec![problem_type], problem(400, "bad-luck"), "`bad-luck` is not among the codes"),
            (503, vec![problem_type], problem(503, "overloaded"), "the header `retry-after` is missing"),
            (503, vec![problem_type, ("retry-after", "-1")], problem(503, "overloaded"), "-1 is less than"),
            (
                503,
                vec![problem_type, retry],
                problem(503, "overloaded"),
                "\"retry_after_ms\" is a required property",
            ),
        ] {
            let found = fault(&asked("GET", ISSUER, &Value::Null), &answered(status, &headers, &body));
            assert!(found.contains(expected), "{expected}: {found}");
        }
        let unknown =
            fault(&asked("GET", "/v1/nothing", &Value::Null), &answered(200, &[json_type], &issuer));
        assert!(unknown.contains("no operation has this path and method"), "{unknown}");
    }

    #[test]
    fn a_fault_of_an_accepted_request_is_named() {
        let (id, text) = ("n0000000000000", json!({"text": ""}));
        let answer = json!({"question": id, "text": "x", "at": "2022-01-04T00:00:00.000Z",
            "due": "2022-01-04T00:00:00.000Z", "overdue": false, "answer": null});
        let answer = answered(200, &[("content-type", "application/json")], &answer);
        let found = fault(&asked("POST", "/v1/people/me/questions", &text), &answer);
        assert!(found.contains("the request that `askQuestion` accepted"), "{found}");
        let found = fault(&asked("POST", "/v1/questions/q7/answer", &json!({"text": "x"})), &answer);
        assert!(found.contains("does not match"), "{found}");
    }
}
