//! How a list is written: as JSON, NDJSON or CSV, by what the asker accepts.

use http::HeaderMap;
use http::header::ACCEPT;
use serde_json::Value;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// One document.
    Json,
    /// A line each.
    Ndjson,
    /// A row each, with a header.
    Csv,
}

impl Format {
    /// The first of the accepted types that there is; JSON where none is.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(ACCEPT).iter().filter_map(|header| header.to_str().ok());
        let mut types = accepted
            .flat_map(|header| header.split(','))
            .map(|accepted| accepted.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        let found = types.find_map(|accepted| match accepted.as_str() {
            "application/json" => Some(Self::Json),
            "application/x-ndjson" => Some(Self::Ndjson),
            "text/csv" => Some(Self::Csv),
            _ => None,
        });
        found.unwrap_or(Self::Json)
    }

    /// What it is called in `content-type`.
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }
}

/// A line each.
pub(super) fn lines(values: impl Iterator<Item = Value>) -> String {
    values.map(|value| format!("{value}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn the_format_is_the_first_accepted_one_that_there_is() {
        for (accept, format) in [
            ("text/csv", Format::Csv),
            ("text/html, TEXT/CSV;q=0.9, application/json", Format::Csv),
            ("application/x-ndjson", Format::Ndjson),
            ("application/json", Format::Json),
            ("*/*", Format::Json),
            ("", Format::Json),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(Format::of(&headers), format, "{accept}");
        }
        assert_eq!(Format::of(&HeaderMap::new()), Format::Json);
    }
}
