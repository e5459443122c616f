//! The schemas of the document, compiled when they are first used.

use anyhow::anyhow;
use jsonschema::Validator;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The schemas of a document, by the reference that leads to each.
pub(super) struct Schemas {
    document: Value,
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Schemas {
    pub(super) fn new(document: Value) -> Self {
        Self { document, compiled: Mutex::default() }
    }

    /// Fails with the first error of the value under the schema to which the reference leads.
    pub(super) fn check(&self, place: &str, value: &Value) -> anyhow::Result<()> {
        let validator = self.validator(place)?;
        match validator.iter_errors(value).next() {
            None => Ok(()),
            Some(error) => Err(anyhow!(
                "{error}\nat `{}` of {value}\nby {place}{}",
                error.instance_path(),
                error.schema_path()
            )),
        }
    }

    fn validator(&self, place: &str) -> anyhow::Result<Arc<Validator>> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = compiled.get(place) {
            return Ok(Arc::clone(known));
        }
        // References lead from the root of the document. A URI has no braces, which stand around parameters.
        let mut root: Map<String, Value> = self.document.as_object().cloned().unwrap_or_default();
        root.insert("$ref".to_owned(), place.replace('{', "%7B").replace('}', "%7D").into());
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        let validator = options.build(&root.into()).map_err(|error| anyhow!("{place}: {error}"))?;
        let validator = Arc::new(validator);
        compiled.insert(place.to_owned(), Arc::clone(&validator));
        Ok(validator)
    }
}
