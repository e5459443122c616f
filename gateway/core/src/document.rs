//! TOML documents that people write, such as rule packs and configurations. An error has the line, the column
//! and the nearest valid key.

use serde::de::DeserializeOwned;
use std::ops::Range;

/// An error in a document, with its position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct DocumentError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The error, for people.
    pub message: String,
}

impl DocumentError {
    /// An error at a position in a text. **Units**: bytes.
    #[must_use]
    pub fn at(text: &str, place: Range<usize>, message: impl Into<String>) -> Self {
        let before = text.get(..place.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&letter| letter != '\n').count() + 1;
        Self { line, column, message: message.into() }
    }
}

/// Reads a document.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, DocumentError> {
    toml::from_str(text).map_err(|error| {
        let place = error.span().unwrap_or(0..0);
        DocumentError::at(text, place, advice(error.message()))
    })
}

/// Adds the nearest valid word to serde's message about an unknown one.
fn advice(message: &str) -> String {
    let what = match message.split_once(' ').unwrap_or_default() {
        ("unknown", rest) if rest.starts_with("field") => "key",
        ("unknown", rest) if rest.starts_with("variant") => "word",
        _ => return message.to_owned(),
    };
    let mut quoted = message.split('`').skip(1).step_by(2);
    let Some(wrong) = quoted.next() else { return message.to_owned() };
    match nearest(wrong, quoted) {
        Some(nearest) => format!("unknown {what} `{wrong}`; did you mean `{nearest}`?"),
        None => message.to_owned(),
    }
}

/// The valid word that needs the fewest changed letters, or `None` without valid words.
pub fn nearest<'a>(wrong: &str, valid: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    valid.min_by_key(|right| distance(wrong, right))
}

/// The Levenshtein distance.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (column, &against) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != against);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its keys count")]
    struct ExampleDocument {
        listen: String,
        workers: Option<u8>,
    }

    #[test]
    fn errors_name_line_column_and_the_nearest_key() {
        for (text, error) in [
            ("listen = \"x\"\nwokers = 2\n", "2:1: unknown key `wokers`; did you mean `workers`?"),
            ("listen = \"x\"\n  workers = true\n", "2:13: invalid type: boolean `true`, expected u8"),
        ] {
            assert_eq!(parse::<ExampleDocument>(text).unwrap_err().to_string(), error);
        }
    }
}
