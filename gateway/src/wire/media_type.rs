//! The media types that a client accepts.

use http::HeaderMap;
use http::header::ACCEPT;

/// Whether the client names HTML, as a browser does that shows a page. Scripts and programs ask for any type.
#[must_use]
pub fn accepts_html(asked: &HeaderMap) -> bool {
    asked.get_all(ACCEPT).iter().any(|types| names_html(types.as_bytes()))
}

/// Whether a value of `accept` names HTML.
#[must_use]
pub fn names_html(types: &[u8]) -> bool {
    let ranges = types.split(|&byte| byte == b',');
    let names = ranges.filter_map(|range| range.split(|&byte| byte == b';').next());
    names.map(<[u8]>::trim_ascii).any(|name| name.eq_ignore_ascii_case(b"text/html"))
}
