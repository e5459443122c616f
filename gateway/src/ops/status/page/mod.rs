//! The operations page: the status as HTML. It is whole without a script. A script renews its parts in place;
//! without one the browser loads the page again.

mod parts;

use super::StatusBoard;
use super::report::StatusReport;
use crate::office::poster::escape;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue};
use std::sync::LazyLock;

const STYLE: &str = include_str!("style.css");
const RENEW: &str = include_str!("renew.js");

/// The page may load its own style and script, ask this gateway again, and nothing else.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
    let (style, script) = (hash(STYLE), hash(RENEW));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("base64 is a header value")
});

/// Whether the page renews itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ops) enum PageRenewal {
    /// Every ten seconds.
    On,
    /// Only when the reader loads it again.
    Off,
}

/// The headers of the page.
pub(in crate::ops) fn page_headers() -> HeaderMap {
    const FIXED: [(HeaderName, HeaderValue); 4] = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    let mut headers: HeaderMap = FIXED.into_iter().collect();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY.clone());
    headers
}

/// The page.
pub(in crate::ops) fn page(board: &StatusBoard, renewal: PageRenewal) -> String {
    render(&board.report(), renewal)
}

fn render(report: &StatusReport, renewal: PageRenewal) -> String {
    let (refresh, script, link) = match renewal {
        PageRenewal::On => (
            "<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>\n",
            format!("<script>{RENEW}</script>\n"),
            "It renews itself every 10 seconds. <a href=\"/?renew=off\">Stop renewing</a>",
        ),
        PageRenewal::Off => {
            ("", String::new(), "It does not renew itself. <a href=\"/\">Renew every 10 seconds</a>")
        }
    };
    let gateway = escape(&report.gateway);
    let part = |id: &str, content: String| format!("<section id=\"{id}\" data-part>\n{content}</section>\n");
    let figures = [
        ("check-ins", parts::check_ins(report)),
        ("colours", parts::colours(report)),
        ("journal", parts::journal(report)),
        ("store", parts::store(report)),
        ("office", parts::office(report)),
        ("certificate", parts::certificate_and_pack(report)),
        ("waiting", parts::waiting(report.waiting.as_ref())),
        ("gateways", parts::gateways(report)),
        ("hour", parts::hour(report)),
    ];
    let figures: String = figures.into_iter().map(|(id, content)| part(id, content)).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{word} · Scangate operations</title>\n{refresh}<style>{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>Scangate operations</h1>\n\
         <p class=\"soft\">Gateway {gateway}, version {version}. {link}</p>\n\
         <p id=\"silent\" role=\"alert\" hidden>The gateway does not answer. The figures below are old.</p>\n\
         </header>\n<main>\n\
         <div id=\"word\" role=\"status\" data-part>{state}</div>\n{reason}\
         <div class=\"figures\">\n{figures}</div>\n</main>\n{script}</body>\n</html>\n",
        word = report.state.text(),
        version = report.version,
        state = parts::word(report),
        reason = part("reason", parts::reason(report)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_style_and_the_script_of_the_page() {
        let headers = page_headers();
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        for text in [STYLE, RENEW] {
            let hash = STANDARD.encode(digest(&SHA256, text.as_bytes()));
            assert!(policy.contains(&format!("'sha256-{hash}'")), "{policy}");
            assert!(!text.contains("</"), "it would end its element");
        }
    }
}
