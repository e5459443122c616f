//! Rules on the OpenAPI document: its references, its names, and the statuses and problem codes of every
//! operation. The integration tests compare the document with real answers.

use super::error::tests::table;
use scangate_core::refusal::Refusal;
use scangate_core::scan::Scan;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The operations that the gateway answers in early data.
const EARLY: [&str; 2] = ["checkIn", "lookUpColour"];
/// The operations that read lists of any length.
const UNBOUNDED: [&str; 2] = ["checkInLate", "importCheckIns"];
/// The POSTs that take no idempotency key: scans are idempotent by themselves, and a dry run changes nothing.
const UNKEYED: [&str; 4] = ["checkIn", "checkInLate", "importCheckIns", "dryRunPolicy"];
/// The operations whose path always names something: a code that names nothing is not valid, and a district
/// without people is an empty list.
const NEVER_MISSING: [&str; 3] = ["lookUpColour", "openPage", "listDistrictPeople"];

fn document() -> Value {
    serde_json::from_str(include_str!("../../../openapi.json")).unwrap()
}

/// The part of the document to which a reference leads.
fn referred<'a>(document: &'a Value, place: &str) -> &'a Value {
    let found = place.strip_prefix('#').and_then(|place| document.pointer(place));
    found.unwrap_or_else(|| panic!("{place} leads nowhere"))
}

/// One operation of the document.
struct Operation<'a> {
    name: &'a str,
    method: &'a str,
    path: &'a str,
    content: &'a Map<String, Value>,
}

impl Operation<'_> {
    fn is_one_of(&self, names: &[&str]) -> bool {
        names.contains(&self.name)
    }

    fn takes_key(&self) -> bool {
        let parameters = self.content.get("parameters").and_then(Value::as_array).into_iter().flatten();
        parameters.into_iter().any(|one| one["$ref"] == "#/components/parameters/IdempotencyKey")
    }

    /// The statuses that its kind brings with it.
    fn usual(&self) -> BTreeSet<u16> {
        let has_body = self.content.contains_key("requestBody");
        let has_role =
            self.content.get("security").and_then(Value::as_array).is_some_and(|ways| !ways.is_empty());
        let is_keyed = self.takes_key();
        let names_thing = self.path.contains('{') && !self.is_one_of(&NEVER_MISSING);
        let rules = [
            (true, 400),
            (has_role, 401),
            (has_role, 403),
            (names_thing, 404),
            (has_body || is_keyed, 408),
            ((has_body && !self.is_one_of(&UNBOUNDED)) || is_keyed, 413),
            (has_body, 415),
            (is_keyed, 422),
            (!self.is_one_of(&EARLY), 425),
            (true, 417),
            (true, 431),
            (has_body, 501),
            (true, 503),
        ];
        rules.into_iter().filter_map(|(applies, status)| applies.then_some(status)).collect()
    }

    fn statuses(&self) -> BTreeSet<u16> {
        self.responses().keys().map(|status| status.parse().unwrap()).collect()
    }

    fn responses(&self) -> &Map<String, Value> {
        self.content["responses"].as_object().unwrap()
    }
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, operation)| Operation {
            name: operation["operationId"].as_str().unwrap(),
            method,
            path,
            content: operation.as_object().unwrap(),
        })
    });
    all.collect()
}

/// Every place to which a reference leads.
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
                    ("$ref", Value::String(place)) => members(document, referred(document, place), found),
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

/// The codes that the description of an error has between backticks. It has nothing else there.
fn codes(document: &Value, response: &Value) -> Vec<String> {
    let referred = response["$ref"].as_str().map(|place| referred(document, place));
    let description = response["description"].as_str().or_else(|| referred?["description"].as_str());
    description.unwrap().split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_operation_lists_the_statuses_that_its_kind_brings() {
    let document = document();
    let all = operations(&document);
    assert!(all.len() > 80, "{}", all.len());
    for operation in &all {
        let (usual, listed) = (operation.usual(), operation.statuses());
        let missing: Vec<_> = usual.difference(&listed).collect();
        assert!(missing.is_empty(), "{} lacks {missing:?}", operation.name);
        let governed = BTreeSet::from([400, 401, 403, 408, 413, 415, 417, 425, 431, 501, 503]);
        let listed: BTreeSet<_> = listed.intersection(&governed).copied().collect();
        let strange: Vec<_> = listed.difference(&usual).collect();
        assert!(strange.is_empty(), "{} cannot answer {strange:?}", operation.name);
        let takes_key = operation.method == "post" && !operation.is_one_of(&UNKEYED);
        assert_eq!(operation.takes_key(), takes_key, "{}", operation.name);
        assert!(operation.statuses().first().is_some_and(|&status| status < 300), "{}", operation.name);
    }
}

#[test]
fn the_codes_of_the_document_are_those_that_the_gateway_sends() {
    let document = document();
    let mut listed: BTreeMap<(u16, String), &str> = BTreeMap::new();
    for operation in operations(&document) {
        for (status, response) in operation.responses() {
            let status: u16 = status.parse().unwrap();
            let codes = if status < 400 { Vec::new() } else { codes(&document, response) };
            listed.extend(codes.into_iter().map(|code| ((status, code), operation.name)));
        }
    }
    // No operation has a method that its path does not have.
    let introduction = document["info"]["description"].as_str().unwrap();
    let not_allowed = Refusal::MethodNotAllowed;
    assert!(introduction.contains(&format!("`{}`", not_allowed.code())), "{introduction}");
    listed.insert((not_allowed.status(), not_allowed.code().to_owned()), "introduction");
    let refusals = Refusal::ALL.map(|refusal| (refusal.status(), refusal.code().to_owned()));
    let errors = table().into_iter().map(|(_, status, code, _)| (status, code.to_owned()));
    let sent: BTreeSet<_> = refusals.into_iter().chain(errors).collect();
    for code in &sent {
        assert!(listed.contains_key(code), "no operation lists {code:?}");
    }
    for (code, operation) in &listed {
        assert!(sent.contains(code), "{operation} lists {code:?}, which no error has");
    }
}

#[test]
fn xj_18_no_request_has_a_place_for_a_colour() {
    let document = document();
    let mut requests = 0;
    for Operation { method, path, content, .. } in operations(&document) {
        let mut found = HashSet::new();
        if let Some(body) = content.get("requestBody") {
            members(&document, body, &mut found);
        }
        requests += usize::from(!found.is_empty());
        for word in ["colour", "verdict", "standing"] {
            assert!(!found.contains(word), "{method} {path} takes `{word}`");
        }
    }
    assert!(requests > 15, "{requests}");
}

/// Fails if two parts of an `allOf` have the same member.
fn expect_no_repeats(document: &Value, schema: &Value) {
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        let mut found = HashSet::new();
        for part in parts {
            let part = part["$ref"].as_str().map_or(part, |place| referred(document, place));
            let members = part.get("properties").and_then(Value::as_object).into_iter();
            for name in members.flat_map(Map::keys) {
                assert!(found.insert(name), "`{name}` is there twice: {schema}");
            }
        }
    }
    let parts = schema.as_object().into_iter().flat_map(|members| members.values());
    parts.chain(schema.as_array().into_iter().flatten()).for_each(|part| expect_no_repeats(document, part));
}

#[test]
fn no_schema_has_a_member_twice() {
    let document = document();
    expect_no_repeats(&document, &document);
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50);
    let found: HashSet<&str> = found.into_iter().collect();
    for place in &found {
        referred(&document, place);
    }
    for kind in ["schemas", "responses", "headers", "parameters"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            let place = format!("#/components/{kind}/{name}");
            assert!(found.contains(place.as_str()), "nothing refers to {place}");
        }
    }
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = document();
    let mut names = HashSet::new();
    for Operation { name, method, path, .. } in operations(&document) {
        assert!(names.insert(name), "{method} {path}");
    }
}

/// Every object with members that a schema describes, whatever it refers to.
fn objects<'a>(document: &'a Value, schema: &'a Value, found: &mut Vec<&'a Value>) {
    if schema["type"] == "object" && schema.get("properties").is_some() {
        found.push(schema);
    }
    if let Some(place) = schema.get("$ref").and_then(Value::as_str) {
        objects(document, referred(document, place), found);
    }
    let parts = schema.as_object().into_iter().flat_map(|members| members.values());
    parts.chain(schema.as_array().into_iter().flatten()).for_each(|part| objects(document, part, found));
}

#[test]
fn the_objects_of_requests_have_no_unknown_members() {
    let document = document();
    for operation in operations(&document) {
        let mut found = Vec::new();
        if let Some(body) = operation.content.get("requestBody") {
            objects(&document, body, &mut found);
        }
        for object in found {
            assert_eq!(
                object.get("additionalProperties"),
                Some(&Value::Bool(false)),
                "{} {object}",
                operation.name
            );
        }
    }
}

#[test]
fn the_detail_of_a_malformed_scan_names_its_schema() {
    let refusal = Scan::parse(br#"{"unknown":1}"#).unwrap_err();
    let name = refusal.detail().split_once("see ").and_then(|(_, rest)| rest.split(' ').next()).unwrap();
    assert!(document()["components"]["schemas"].get(name).is_some(), "{name}");
}
