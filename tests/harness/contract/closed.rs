//! The document with every object closed. The published document leaves the objects of answers open, so that
//! a client accepts members that are added later. The tests must find a member that is not in the document.

use serde_json::{Map, Value};

/// The position of a schema.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// A schema that describes a whole value.
    Whole,
    /// A part of an `allOf`, whose siblings describe other members.
    Part,
}

/// The document in which no object of a schema with members has others.
pub(super) fn closed(document: &Value) -> Value {
    let mut closed = document.clone();
    close(document, &mut closed, Position::Whole);
    closed
}

fn close(document: &Value, node: &mut Value, position: Position) {
    match node {
        Value::Array(values) => values.iter_mut().for_each(|value| close(document, value, Position::Whole)),
        Value::Object(members) => close_object(document, members, position),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn close_object(document: &Value, members: &mut Map<String, Value>, position: Position) {
    if let Some(Value::Array(parts)) = members.get_mut("allOf") {
        for part in parts {
            // The component itself is closed, so the part needs an open copy.
            if let Some(component) = part["$ref"].as_str().and_then(|place| referred(document, place)) {
                *part = component.clone();
            }
            close(document, part, Position::Part);
        }
    }
    for (_, value) in members.iter_mut().filter(|(name, _)| *name != "allOf") {
        close(document, value, Position::Whole);
    }
    let is_object =
        members.get("type").is_some_and(|of| of == "object") && members.contains_key("properties");
    let is_bounded =
        ["additionalProperties", "unevaluatedProperties"].iter().any(|name| members.contains_key(*name));
    if position == Position::Whole && (is_object || members.contains_key("allOf")) && !is_bounded {
        members.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
    }
}

/// The part of the document to which a reference leads.
pub(super) fn referred<'a>(document: &'a Value, place: &str) -> Option<&'a Value> {
    document.pointer(place.strip_prefix('#')?)
}
