//! One word, one meaning: a public type name occurs once in a crate.

use super::sources::{assert_none, files};
use std::collections::BTreeMap;

/// The crates, by the folders of their sources.
const CRATES: [&str; 6] =
    ["gateway/core/src", "storage/src", "gateway/src", "loadgen/src", "benches/src", "tests/harness"];

/// Exceptions: names that several public types of a crate share, as (crate, name). The list only shrinks,
/// because an entry that is not needed fails the test.
const SHARED: &[(&str, &str)] = &[];

#[test]
fn a_public_type_name_occurs_once_in_a_crate() {
    let mut problems = Vec::new();
    for folder in CRATES {
        let types = public_types(folder);
        let is_shared = |name: &str| types.get(name).is_some_and(|places| places.len() > 1);
        let is_exempt = |name: &str| SHARED.contains(&(folder, name));
        for (name, places) in types.iter().filter(|(name, _)| is_shared(name) && !is_exempt(name)) {
            problems.push(format!(
                "{folder}: `{name}` names {} types; give all but one a more specific noun: {}",
                places.len(),
                places.join(", ")
            ));
        }
        let stale = SHARED.iter().filter(|(own, name)| *own == folder && !is_shared(name));
        problems.extend(
            stale.map(|(_, name)| format!("{folder}: `{name}` is unique now; remove it from `SHARED`")),
        );
    }
    let unknown = SHARED.iter().filter(|(folder, _)| !CRATES.contains(folder));
    problems.extend(unknown.map(|(folder, _)| format!("`SHARED` names {folder}, which is not in `CRATES`")));
    assert_none("Type names:", &problems);
}

/// The public types of a crate, each with its places as `file:line`.
fn public_types(folder: &str) -> BTreeMap<String, Vec<String>> {
    let mut types: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in files(folder, &["rs"]) {
        for (number, line) in source.lines() {
            if let Some(name) = public_type(line) {
                types.entry(name.to_owned()).or_default().push(format!("{}:{number}", source.path));
            }
        }
    }
    types
}

/// The name of the type that a line declares with `pub` or `pub(…)`.
fn public_type(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("pub")?;
    let rest = if rest.starts_with('(') { rest.split_once(')')?.1 } else { rest };
    let (keyword, rest) = rest.strip_prefix(' ')?.split_once(' ')?;
    let is_type = ["struct", "enum", "trait", "type", "union"].contains(&keyword);
    let name = rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()?;
    // A macro's `$name` leaves nothing.
    (is_type && !name.is_empty()).then_some(name)
}
