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

const ASSETS: [(&str, &str, &str); 33] = [
    ("action.js", SCRIPT, include_str!("../../web/action.js")),
    ("app.js", SCRIPT, include_str!("../../web/app.js")),
    ("application.js", SCRIPT, include_str!("../../web/application.js")),
    ("arrivals.js", SCRIPT, include_str!("../../web/arrivals.js")),
    ("certificate.js", SCRIPT, include_str!("../../web/certificate.js")),
    ("check_in.js", SCRIPT, include_str!("../../web/check_in.js")),
    ("clock.js", SCRIPT, include_str!("../../web/clock.js")),
    ("code.js", SCRIPT, include_str!("../../web/code.js")),
    ("colour.js", SCRIPT, include_str!("../../web/colour.js")),
    ("declarations.js", SCRIPT, include_str!("../../web/declarations.js")),
    ("element.js", SCRIPT, include_str!("../../web/element.js")),
    ("family.js", SCRIPT, include_str!("../../web/family.js")),
    ("health_report.js", SCRIPT, include_str!("../../web/health_report.js")),
    ("letters.js", SCRIPT, include_str!("../../web/letters.js")),
    ("me.js", SCRIPT, include_str!("../../web/me.js")),
    ("my_code.js", SCRIPT, include_str!("../../web/my_code.js")),
    ("overview.js", SCRIPT, include_str!("../../web/overview.js")),
    ("own.js", SCRIPT, include_str!("../../web/own.js")),
    ("part.js", SCRIPT, include_str!("../../web/part.js")),
    ("particulars.js", SCRIPT, include_str!("../../web/particulars.js")),
    ("parts.js", SCRIPT, include_str!("../../web/parts.js")),
    ("picture.js", SCRIPT, include_str!("../../web/picture.js")),
    ("qr.js", SCRIPT, include_str!("../../web/qr.js")),
    ("qr_picture.js", SCRIPT, include_str!("../../web/qr_picture.js")),
    ("reason.js", SCRIPT, include_str!("../../web/reason.js")),
    ("reasons.js", SCRIPT, include_str!("../../web/reasons.js")),
    ("reed_solomon.js", SCRIPT, include_str!("../../web/reed_solomon.js")),
    ("registration.js", SCRIPT, include_str!("../../web/registration.js")),
    ("sms.js", SCRIPT, include_str!("../../web/sms.js")),
    ("watch.js", SCRIPT, include_str!("../../web/watch.js")),
    ("whose.js", SCRIPT, include_str!("../../web/whose.js")),
    ("words.js", SCRIPT, include_str!("../../web/words.js")),
    ("page.css", "text/css; charset=utf-8", include_str!("../../web/page.css")),
];

/// The pages' paths.
pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(async || page(include_str!("../../web/home.html"))))
        .route("/me", get(async || page(include_str!("../../web/me.html"))))
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

    /// The names of all members that a schema has, whatever it refers to.
    fn members<'a>(document: &'a Value, schema: &'a Value, found: &mut HashSet<&'a str>) {
        match schema {
            Value::Object(parts) => {
                for (name, part) in parts {
                    match (name.as_str(), part) {
                        ("$ref", Value::String(place)) => {
                            let referred = place.strip_prefix('#').and_then(|place| document.pointer(place));
                            members(document, referred.unwrap(), found);
                        }
                        ("properties", Value::Object(properties)) => {
                            found.extend(properties.keys().map(String::as_str));
                            properties.values().for_each(|property| members(document, property, found));
                        }
                        _ => members(document, part, found),
                    }
                }
            }
            Value::Array(parts) => parts.iter().for_each(|part| members(document, part, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn xz_20_no_page_says_that_the_system_is_busy_or_asks_for_a_refresh() {
        let pages = [include_str!("../../web/home.html"), include_str!("../../web/index.html")];
        for text in super::ASSETS.iter().map(|(_, _, text)| *text).chain(pages) {
            for words in ["繁忙", "刷新", "refresh", "Refresh"] {
                assert!(!text.contains(words), "{words}");
            }
        }
    }

    #[test]
    fn xj_18_no_request_has_a_place_for_a_colour() {
        let document = document();
        let mut requests = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let mut found = HashSet::new();
                members(&document, &operation["requestBody"], &mut found);
                requests += usize::from(!found.is_empty());
                for word in ["colour", "verdict", "standing"] {
                    assert!(!found.contains(word), "{method} {path} takes `{word}`");
                }
            }
        }
        assert!(requests > 15, "{requests}");
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
