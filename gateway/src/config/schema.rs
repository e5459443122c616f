//! The JSON Schema of the configuration, for editors. The catalogue has the values, and the doc comments of
//! [`Config`] are the descriptions.

use super::Config;
use super::catalogue::{CHANNEL_KEYS, ConfigKey, KEYS, U32_MAX, ValueKind, default_of};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The schema, draft 2020-12. A document is valid if each of its keys is known and has a right value. No key
/// is required.
#[must_use]
pub fn config_schema() -> Value {
    let documented = documented();
    let mut properties = Map::new();
    for key in &KEYS {
        let (table, own) = key.parts();
        let place = if table.is_empty() {
            &mut properties
        } else {
            let described = description(&documented, &[table]);
            let node = properties.entry(table).or_insert_with(|| object(table, &described));
            node["properties"].as_object_mut().expect("an object was made with properties")
        };
        place.insert(own.to_owned(), property(key, &documented));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of a Scangate gateway",
        "description": "Every key that an operator can set. A key that is absent has its default.",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

/// The properties by the doc comments of the types.
fn documented() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<Config>().to_value()
}

/// The doc comment of a key, on one line.
fn description(documented: &Value, path: &[&str]) -> String {
    let node = path.iter().fold(documented, |node, name| &node["properties"][name]);
    node["description"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn object(title: &str, description: &str) -> Value {
    json!({
        "title": title,
        "description": description,
        "type": "object",
        "additionalProperties": false,
        "properties": {},
    })
}

fn property(key: &ConfigKey, documented: &Value) -> Value {
    let (table, own) = key.parts();
    let path: Vec<_> = [table, own].into_iter().filter(|name| !name.is_empty()).collect();
    let mut node = value_schema(&key.kind, &documented["properties"]["channel"]["items"]);
    node["title"] = key.name.into();
    node["description"] = description(documented, &path).into();
    if let Some(pattern) = pattern(key.name) {
        node["pattern"] = pattern.into();
    }
    if let Some(default) = default_of(key.name) {
        node["default"] = serde_json::to_value(default).expect("a TOML value of a default is JSON");
    }
    node
}

fn value_schema(kind: &ValueKind, channel: &Value) -> Value {
    match kind {
        ValueKind::Whole(range) if *range.end() == i64::MAX => {
            json!({"type": "integer", "minimum": range.start()})
        }
        ValueKind::Whole(range) => {
            json!({"type": "integer", "minimum": range.start(), "maximum": range.end()})
        }
        ValueKind::Text(_) | ValueKind::File | ValueKind::Folder => json!({"type": "string", "minLength": 1}),
        ValueKind::Word(words) => json!({"type": "string", "enum": words}),
        ValueKind::Duration => json!({"anyOf": [
            {"type": "integer", "minimum": 0},
            {"type": "string", "pattern": "^[0-9]+[smhd]$"},
        ]}),
        ValueKind::Names => {
            json!({"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}})
        }
        ValueKind::Addresses => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        ValueKind::Channels => json!({"type": "array", "items": channel_schema(channel)}),
    }
}

fn channel_schema(documented: &Value) -> Value {
    let [name, hosts, quota] = CHANNEL_KEYS;
    let mut node = object("channel", &description(documented, &[]));
    node["required"] = json!([name, quota]);
    node["properties"] = json!({
        name: {"type": "string", "minLength": 1},
        hosts: {"type": "array", "items": {"type": "string", "pattern": "^[a-z0-9.-]+$"}},
        quota: {"type": "integer", "minimum": 1, "maximum": U32_MAX},
    });
    for key in CHANNEL_KEYS {
        node["properties"][key]["title"] = key.into();
        node["properties"][key]["description"] = description(documented, &[key]).into();
    }
    node
}

/// The form of a text, as far as an editor can check it.
fn pattern(name: &str) -> Option<&'static str> {
    match name {
        "listen" | "admin" => Some("^[0-9a-fA-F.:\\[\\]]+:[0-9]+$"),
        "origin" => Some("^https://[^/@]+/?$"),
        "store" => Some("^(embedded|cql://[^/@]+/[a-z][a-z0-9_]{0,47})$"),
        "registration.sms_webhook" | "registration.face_webhook" => Some("^https?://[^/@]+(/.*)?$"),
        _ => None,
    }
}
