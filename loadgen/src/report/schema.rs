//! The JSON Schema of a report. It is made from the types, so that each field's documentation is published.

use super::RunReport;
use schemars::Schema;

/// The JSON Schema (draft 2020-12) of the reports that this version writes.
#[must_use]
pub fn report_schema() -> Schema {
    schemars::schema_for!(RunReport)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// The paths of the fields and types below a schema that have no description.
    fn undescribed(schema: &Value, path: &str) -> Vec<String> {
        let children = |name: &str| schema[name].as_object().into_iter().flatten();
        let fields = children("properties").chain(children("$defs"));
        let of = |(name, field): (&String, &Value)| {
            let path = format!("{path}/{name}");
            let is_described = field["description"].as_str().is_some_and(|words| !words.is_empty());
            let own = (!is_described).then(|| path.clone());
            own.into_iter().chain(undescribed(field, &path)).collect::<Vec<_>>()
        };
        let variants = schema["oneOf"].as_array().into_iter().flatten();
        let variants = variants.filter(|variant| variant["description"].is_null());
        let variants = variants.map(|variant| format!("{path}/{}", variant["const"]));
        fields.flat_map(of).chain(variants).collect()
    }

    #[test]
    fn every_field_has_a_description() {
        let schema = report_schema().to_value();
        assert!(schema["properties"].as_object().is_some_and(|fields| fields.len() > 20), "{schema}");
        let found = undescribed(&schema, "");
        assert!(found.is_empty(), "{found:?} in {schema:#}");
        let bare = serde_json::json!({"properties": {"a": {"properties": {"b": {"description": "B."}}}}});
        assert_eq!(undescribed(&bare, ""), ["/a"]);
    }
}
