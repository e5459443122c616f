//! The configuration file: each key and value with its line and column, by the spans of the TOML parser. A
//! name in a comment or a text is never taken for a key.

use super::SettingReader;
use crate::config::catalogue::{find, is_table, nearest_key};
use crate::config::fault::{ConfigFault, SettingOrigin};
use scangate_core::document::DocumentError;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// Reads a file's text. Faults come in the order of the file.
pub(super) fn read(path: &Path, text: &str, reader: &mut SettingReader) {
    let locate = |place: Range<usize>| {
        let DocumentError { line, column, .. } = DocumentError::at(text, place, "");
        SettingOrigin::File { path: path.to_owned(), line, column }
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let mut walk = DocumentWalk { reader, locate: &locate };
        walk.table(document.as_ref(), "");
    } else {
        // After a broken line the parser guesses where the next key begins, so nothing else is checked.
        let mut lines = BTreeSet::new();
        for error in errors {
            let origin = locate(error.span().unwrap_or(0..0));
            // The parser's list of what it expected names its own rules, not an operator's.
            let cause = error.message().split(", expected").next().unwrap_or_default();
            if lines.insert(place_of(&origin).0) {
                reader.faults.push(ConfigFault { origin, message: format!("this is not TOML: {cause}") });
            }
        }
    }
    reader.faults.sort_by_key(|fault| place_of(&fault.origin));
}

/// The line and column of a place in a file.
fn place_of(origin: &SettingOrigin) -> (usize, usize) {
    match origin {
        SettingOrigin::File { line, column, .. } => (*line, *column),
        SettingOrigin::Default | SettingOrigin::Variable(_) | SettingOrigin::CommandLine(_) => (0, 0),
    }
}

/// A walk through the tables of a document.
struct DocumentWalk<'a> {
    reader: &'a mut SettingReader,
    locate: &'a dyn Fn(Range<usize>) -> SettingOrigin,
}

impl DocumentWalk<'_> {
    /// Reads a table. The prefix is its name with a dot, or nothing for the document.
    fn table(&mut self, table: &DeTable<'_>, prefix: &str) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.as_ref());
            if let Some(known) = find(&name) {
                self.reader.take(known, value, self.locate);
            } else if !is_table(&name) || name.is_empty() {
                let meant = nearest_key(&name);
                self.fault(key.span(), format!("unknown key `{name}`; did you mean `{meant}`?"));
            } else if let DeValue::Table(inner) = value.as_ref() {
                self.table(inner, &format!("{name}."));
            } else {
                let message =
                    format!("{name} is a table: write [{name}], and its keys in the lines after it");
                self.fault(value.span(), message);
            }
        }
    }

    fn fault(&mut self, place: Range<usize>, message: String) {
        self.reader.faults.push(ConfigFault { origin: (self.locate)(place), message });
    }
}
