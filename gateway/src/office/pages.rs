//! The pages: what a phone's camera opens at a door, and the description of the interface. Everything is in
//! the binary; nothing is fetched from elsewhere.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::HeaderName;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use scangate_core::refusal::Refusal;

use super::wrong::Wrong;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const ASSETS: [(&str, &str, &str); 10] = [
    ("app.js", SCRIPT, include_str!("../../web/app.js")),
    ("application.js", SCRIPT, include_str!("../../web/application.js")),
    ("check_in.js", SCRIPT, include_str!("../../web/check_in.js")),
    ("clock.js", SCRIPT, include_str!("../../web/clock.js")),
    ("code.js", SCRIPT, include_str!("../../web/code.js")),
    ("picture.js", SCRIPT, include_str!("../../web/picture.js")),
    ("registration.js", SCRIPT, include_str!("../../web/registration.js")),
    ("sms.js", SCRIPT, include_str!("../../web/sms.js")),
    ("words.js", SCRIPT, include_str!("../../web/words.js")),
    ("page.css", "text/css; charset=utf-8", include_str!("../../web/page.css")),
];

/// The pages' paths.
pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(async || page(include_str!("../../web/home.html"))))
        .route("/v/{code}", get(async || page(include_str!("../../web/index.html"))))
        .route("/web/{file}", get(asset))
        .route("/openapi.json", get(openapi))
}

fn page(html: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, HTML),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, html).into_response()
}

async fn asset(Path(file): Path<String>) -> Result<Response, Wrong> {
    let found = ASSETS.iter().find(|(name, ..)| *name == file);
    let (_, kind, text) = found.ok_or(Refusal::NotFound)?;
    let headers: [(HeaderName, &str); 3] =
        [(CONTENT_TYPE, kind), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (CACHE_CONTROL, "no-cache")];
    Ok((headers, *text).into_response())
}

async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], include_str!("../../openapi.json")).into_response()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use std::collections::HashSet;

    fn document() -> Value {
        serde_json::from_str(include_str!("../../openapi.json")).unwrap()
    }

    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => members.iter().for_each(|(name, value)| match value {
                Value::String(place) if name == "$ref" => found.push(place),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_)
                | Value::Object(_) => references(value, found),
            }),
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own() {
        let document = document();
        assert_eq!(document["openapi"], "3.1.0");
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 50);
        for place in found {
            let pointer = place.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{place}");
        }
        let mut names = HashSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let name = operation["operationId"].as_str().unwrap();
                assert!(names.insert(name.to_owned()), "{method} {path}");
                assert!(!operation["responses"].as_object().unwrap().is_empty(), "{method} {path}");
            }
        }
    }
}
