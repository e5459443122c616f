//! The format of a list: JSON, NDJSON or CSV, by the request's `accept` header.

use http::HeaderMap;
use http::header::ACCEPT;
use serde_json::Value;

/// The format of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::office) enum Format {
    /// One JSON document.
    Json,
    /// One line per entry.
    Ndjson,
    /// One row per entry, with a header.
    Csv,
}

impl Format {
    /// The format with the highest weight (RFC 9110 section 12.5.1), the first of equal ones; JSON if none is
    /// accepted.
    pub(in crate::office) fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(ACCEPT).iter().filter_map(|header| header.to_str().ok());
        let ranges = accepted.flat_map(|header| header.split(',')).filter_map(Self::range);
        let best = ranges.fold((Self::Json, 0), |best, next| if next.1 > best.1 { next } else { best });
        best.0
    }

    /// The format and weight of a media range. **Units**: thousandths.
    fn range(text: &str) -> Option<(Self, u16)> {
        let mut parts = text.split(';').map(str::trim);
        let format = match parts.next()?.to_ascii_lowercase().as_str() {
            "application/json" | "application/*" | "*/*" => Self::Json,
            "application/x-ndjson" => Self::Ndjson,
            "text/csv" | "text/*" => Self::Csv,
            _ => return None,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let weight = weight.map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok())?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 to 1")]
        let thousandths = (weight.clamp(0.0, 1.0) * 1_000.0).round() as u16;
        Some((format, thousandths))
    }

    /// The media type for `content-type`.
    pub(in crate::office) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }
}

/// Writes one line per value.
pub(in crate::office) fn lines(values: impl Iterator<Item = Value>) -> String {
    values.map(|value| format!("{value}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn the_format_is_the_most_accepted_one_that_there_is() {
        for (accept, format) in [
            ("text/csv", Format::Csv),
            ("text/html, TEXT/CSV;q=0.9, application/json", Format::Json),
            ("application/json;q=0.5, text/csv", Format::Csv),
            ("text/csv;q=0.1, application/json", Format::Json),
            ("text/csv;q=0", Format::Json),
            ("text/*", Format::Csv),
            ("application/x-ndjson, application/json", Format::Ndjson),
            ("text/csv;q=x, application/x-ndjson; Q=0.2", Format::Ndjson),
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
