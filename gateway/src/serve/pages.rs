//! The web pages, their scripts and style sheet, the service worker, and the OpenAPI document, as the workers
//! answer them: from memory, without the back office. All files are embedded in the binary, and the pages
//! load nothing from other hosts.

use crate::wire::media_type::accepts_html;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use rust_embed::Embed;
use scangate_core::refusal::Refusal;
use serde_json::json;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const JSON: &str = "application/json";
/// The check-in page. It takes the venue's code from its own address.
const CHECK_IN: &str = "pages/check_in.html";
/// The path under which the service worker caches the check-in page. It names no venue.
const VENUE_PAGE: &str = "/v/-";
/// The page for a path that has none, under a key that is no path.
const UNKNOWN: (&str, &str) = ("unknown", "pages/unknown.html");
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The embedded files of the pages, each with its hash.
#[derive(Embed)]
#[folder = "web"]
struct Web;

/// A file as it is served.
struct PageFile {
    kind: &'static str,
    tag: HeaderValue,
    bytes: Bytes,
}

impl PageFile {
    fn new(kind: &'static str, bytes: Cow<'static, [u8]>) -> Self {
        let hash = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &bytes));
        let tag = HeaderValue::try_from(format!("\"{hash}\"")).expect("base64 is a header value");
        let bytes = match bytes {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        Self { kind, tag, bytes }
    }

    fn embedded(name: &str, kind: &'static str) -> Option<Self> {
        Some(Self::new(kind, Web::get(name)?.data))
    }
}

/// Every file by its path, made once.
static FILES: LazyLock<HashMap<Cow<'static, str>, PageFile>> = LazyLock::new(|| {
    let documents = [("/", "pages/home.html"), ("/me", "pages/me.html"), (VENUE_PAGE, CHECK_IN), UNKNOWN];
    let documents = documents
        .into_iter()
        .filter_map(|(path, name)| PageFile::embedded(name, HTML).map(|file| (Cow::Borrowed(path), file)));
    let loaded = Web::iter().filter_map(|name| {
        let file = PageFile::embedded(&name, kind_of(&name)?)?;
        Some((Cow::Owned(format!("/web/{name}")), file))
    });
    let openapi = PageFile::new(JSON, Cow::Borrowed(include_bytes!("../../openapi.json")));
    let worker = service_worker().map(|text| PageFile::new(SCRIPT, Cow::Owned(text.into_bytes())));
    documents
        .chain(loaded)
        .chain([(Cow::Borrowed("/openapi.json"), openapi)])
        .chain(worker.map(|worker| (Cow::Borrowed("/worker.js"), worker)))
        .collect()
});

/// The service worker's script, after the constants that it needs: the files to cache, and a version that
/// changes with any of them.
fn service_worker() -> Option<String> {
    let own = Web::get("worker/worker.js")?;
    let mut names: Vec<_> = Web::iter().collect();
    names.sort_unstable();
    let mut version = digest::Context::new(&digest::SHA256);
    let all = names.iter().filter(|name| !name.ends_with(".md")).filter_map(|name| Web::get(name));
    all.for_each(|file| version.update(&file.metadata.sha256_hash()));
    let version = URL_SAFE_NO_PAD.encode(version.finish());
    let loaded = names.iter().filter(|name| kind_of(name).is_some()).map(|name| format!("/web/{name}"));
    let files: Vec<String> = ["/me", VENUE_PAGE].map(str::to_owned).into_iter().chain(loaded).collect();
    let given = format!(
        "const VERSION = {};\nconst FILES = {};\nconst VENUE_PAGE = {};\n",
        json!(version),
        json!(files),
        json!(VENUE_PAGE)
    );
    Some(given + &String::from_utf8_lossy(&own.data))
}

/// The media type of a file that a page loads. Other embedded files have none, and are not served.
fn kind_of(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')? {
        (stem, "js") if !stem.starts_with("worker/") => Some(SCRIPT),
        (_, "css") => Some(STYLE),
        _ => None,
    }
}

/// The answer to a request for a page or one of its files: the file, or 304 Not Modified if the browser
/// already has it. A phone on a bad signal then loads nothing twice. A browser that asks for a page which
/// does not exist gets a page that says so.
/// **Errors**: no file has this path, or the method is neither GET nor HEAD.
pub(super) fn answer(method: &Method, path: &str, asked: &HeaderMap) -> Result<Response<Bytes>, Refusal> {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    let Some(file) = FILES.get(key_of(path)) else {
        let unknown = FILES.get(UNKNOWN.0).filter(|_| is_read && accepts_html(asked));
        return unknown.map(|page| whole(page, StatusCode::NOT_FOUND, method)).ok_or(Refusal::NotFound);
    };
    if !is_read {
        return Err(Refusal::MethodNotAllowed);
    }
    let mut response = if has_already(asked, &file.tag) {
        bare(file, StatusCode::NOT_MODIFIED)
    } else {
        whole(file, StatusCode::OK, method)
    };
    response.headers_mut().insert(ETAG, file.tag.clone());
    Ok(response)
}

/// An answer with this file, without its body for HEAD.
fn whole(file: &PageFile, status: StatusCode, method: &Method) -> Response<Bytes> {
    let mut response = bare(file, status);
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(file.bytes.len()));
    if *method == Method::GET {
        *response.body_mut() = file.bytes.clone();
    }
    response
}

/// An answer about this file, without its bytes.
fn bare(file: &PageFile, status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.kind));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if file.kind == HTML {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
    response
}

/// The key of a path in the table of files. Every venue has the same page, and scanners add a slash to the
/// address on a poster.
fn key_of(path: &str) -> &str {
    let is_venue = |code: &str| !code.is_empty() && !code.contains('/');
    let code = path.strip_prefix("/v/").map(|code| code.strip_suffix('/').unwrap_or(code));
    if code.is_some_and(is_venue) { VENUE_PAGE } else { path }
}

fn has_already(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let tags =
        asked.get_all(IF_NONE_MATCH).iter().flat_map(|tags| tags.as_bytes().split(|&byte| byte == b','));
    tags.map(<[u8]>::trim_ascii).any(|had| had.strip_prefix(b"W/").unwrap_or(had) == tag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::ACCEPT;

    fn asked(path: &str, had: Option<&HeaderValue>) -> Result<Response<Bytes>, Refusal> {
        let headers = had.map(|had| (IF_NONE_MATCH, had.clone())).into_iter().collect();
        answer(&Method::GET, path, &headers)
    }

    #[test]
    fn what_a_browser_has_is_not_sent_again() {
        for path in ["/me", "/v/EQ", "/v/EQ/", "/v/EQ%0A", "/web/pages/me.js", "/web/pages/page.css"] {
            let first = asked(path, None).unwrap();
            let tag = first.headers()[ETAG].clone();
            assert_eq!(first.status(), StatusCode::OK, "{path}");
            let weak = HeaderValue::from_str(&format!("\"x\", W/{}", tag.to_str().unwrap())).unwrap();
            for had in [&tag, &weak] {
                let again = asked(path, Some(had)).unwrap();
                assert_eq!(
                    (again.status(), &again.headers()[ETAG]),
                    (StatusCode::NOT_MODIFIED, &tag),
                    "{path}"
                );
                assert!(again.body().is_empty(), "{path}");
            }
            let other = asked(path, Some(&HeaderValue::from_static("\"x\""))).unwrap();
            assert_eq!(other.status(), StatusCode::OK, "{path}");
        }
        // Files that no page loads are not served under /web/, nor are names that are not embedded.
        let unserved = [
            "/web/worker/worker.js",
            "/web/worker%2Fworker.js",
            "/web/jsconfig.json",
            "/web/pages/me.html",
            "/web/lib/none.js",
            "/web/lib/../lib/http.js",
            "/web/lib",
        ];
        for path in unserved {
            assert_eq!(asked(path, None).err(), Some(Refusal::NotFound), "{path}");
        }
    }

    #[test]
    fn a_browser_gets_a_page_where_there_is_none() {
        let accepts = |types: &'static str| [(ACCEPT, HeaderValue::from_static(types))].into_iter().collect();
        for types in ["text/html", "application/xml;q=0.9, Text/HTML;q=0.8"] {
            let page = answer(&Method::GET, "/none", &accepts(types)).unwrap();
            assert_eq!(page.status(), StatusCode::NOT_FOUND, "{types}");
            assert_eq!(page.headers()[CONTENT_TYPE], HTML, "{types}");
            assert!(String::from_utf8_lossy(page.body()).contains("没有这个页面"), "{types}");
            let head = answer(&Method::HEAD, "/none", &accepts(types)).unwrap();
            assert!(head.body().is_empty() && head.headers()[CONTENT_LENGTH] != "0", "{types}");
            let posted = answer(&Method::POST, "/none", &accepts(types));
            assert_eq!(posted.err(), Some(Refusal::NotFound), "{types}");
        }
        for types in ["*/*", "application/json", "text/htmlx"] {
            let refused = answer(&Method::GET, "/none", &accepts(types));
            assert_eq!(refused.err(), Some(Refusal::NotFound), "{types}");
        }
    }

    #[test]
    fn head_has_no_body_and_other_methods_are_refused() {
        let head = answer(&Method::HEAD, "/me", &HeaderMap::new()).unwrap();
        assert!(head.body().is_empty() && head.headers()[CONTENT_LENGTH] != "0");
        let refused = answer(&Method::POST, "/me", &HeaderMap::new());
        assert_eq!(refused.err(), Some(Refusal::MethodNotAllowed));
        assert_eq!(answer(&Method::POST, "/none", &HeaderMap::new()).err(), Some(Refusal::NotFound));
    }

    #[test]
    fn the_worker_keeps_every_file_that_a_page_loads() {
        let worker = asked("/worker.js", None).unwrap();
        let text = std::str::from_utf8(worker.body()).unwrap();
        let given = |name: &str| text.lines().find_map(|line| line.strip_prefix(&format!("const {name} = ")));
        let files = given("FILES").unwrap().trim_end_matches(';');
        let files: Vec<String> = serde_json::from_str(files).unwrap();
        assert!(files.contains(&"/me".to_owned()) && files.contains(&VENUE_PAGE.to_owned()), "{files:?}");
        for path in &files {
            assert_eq!(asked(path, None).unwrap().status(), StatusCode::OK, "{path}");
        }
        let loaded = Web::iter().filter(|name| name.ends_with(".js") && !name.starts_with("worker/"));
        assert!(loaded.into_iter().all(|name| files.contains(&format!("/web/{name}"))), "{files:?}");
        assert!(given("VERSION").unwrap().len() > 40, "{text}");
    }

    #[test]
    fn xz_20_no_page_says_that_the_system_is_busy_or_asks_for_a_refresh() {
        let names: Vec<_> = Web::iter().collect();
        assert!(names.iter().any(|name| name == "pages/me.html") && names.len() > 10, "{names:?}");
        for name in names {
            let text = String::from_utf8(Web::get(&name).unwrap().data.into_owned()).unwrap();
            for words in ["繁忙", "刷新", "refresh", "Refresh"] {
                assert!(!text.contains(words), "{name}: {words}");
            }
        }
    }
}
