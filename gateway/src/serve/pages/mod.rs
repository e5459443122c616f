//! The web pages, their scripts, the service worker, and the OpenAPI document, as the workers answer them:
//! from memory, without the back office. The build script makes the files, and the pages load nothing from
//! other hosts.

use crate::wire::media_type::accepts_html;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    ETAG, HeaderName, IF_NONE_MATCH, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use scangate_core::refusal::Refusal;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The path under which the service worker keeps the check-in page. It names no venue.
const VENUE_PAGE: &str = "/v/-";
/// The key of the page for a path that has none. Paths begin with a slash, so it names none of them.
const UNKNOWN: &str = "unknown";
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
/// What pages may use: the camera only where a page has it, and nothing else of what browsers ask about.
const PERMISSIONS: &str = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), bluetooth=()";
const WITH_CAMERA: &str = "camera=(self), microphone=(), geolocation=(), payment=(), usb=(), bluetooth=()";
/// A browser that has been here uses HTTPS for a year.
const SECURE_ONLY: &str = "max-age=31536000";
/// A file whose address contains its hash never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A file that the build script made.
struct BuiltFile {
    path: &'static str,
    kind: &'static str,
    plain: &'static [u8],
    brotli: &'static [u8],
    gzip: &'static [u8],
    /// The content security policy of a page.
    policy: Option<&'static str>,
    uses_camera: bool,
    /// Whether the path contains the file's hash.
    is_hashed: bool,
}

/// Every built file.
static BUILT: &[BuiltFile] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The codings of a file, the shortest first.
const CODINGS: [Coding; 3] = [Coding::Brotli, Coding::Gzip, Coding::Identity];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Brotli,
    Gzip,
    Identity,
}

impl Coding {
    /// The name in `accept-encoding` and `content-encoding`.
    const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }

    /// The coding that a client accepts and that makes a file the shortest.
    fn accepted(asked: &HeaderMap) -> Self {
        let accepts = |coding: &Self| *coding == Self::Identity || names(asked, coding.name());
        CODINGS.into_iter().find(accepts).unwrap_or(Self::Identity)
    }
}

/// Whether `accept-encoding` names a coding, and does not refuse it by `q=0`.
fn names(asked: &HeaderMap, coding: &str) -> bool {
    let lists = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        is_named && weight.is_none_or(|weight| weight.parse().is_ok_and(|weight: f32| weight > 0.0))
    })
}

/// A file as it is served.
struct PageFile {
    built: &'static BuiltFile,
    /// The entity tag of each coding.
    tags: [HeaderValue; CODINGS.len()],
}

impl PageFile {
    fn new(built: &'static BuiltFile) -> Self {
        let hash = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, built.plain));
        let tag = |coding: Coding| {
            let tag = format!("\"{hash}-{}\"", coding.name());
            HeaderValue::try_from(tag).expect("base64 is a header value")
        };
        Self { built, tags: CODINGS.map(tag) }
    }

    fn tag(&self, coding: Coding) -> &HeaderValue {
        &self.tags[coding as usize]
    }

    const fn bytes(&self, coding: Coding) -> &'static [u8] {
        match coding {
            Coding::Brotli => self.built.brotli,
            Coding::Gzip => self.built.gzip,
            Coding::Identity => self.built.plain,
        }
    }
}

/// Every file by its path, made once.
static FILES: LazyLock<HashMap<&'static str, PageFile>> =
    LazyLock::new(|| BUILT.iter().map(|built| (built.path, PageFile::new(built))).collect());

/// The answer to a request for a page or one of its files: the file, or 304 Not Modified if the browser
/// already has it. A phone on a bad signal then loads nothing twice. A browser that asks for a page which
/// does not exist gets a page that says so.
/// **Errors**: no file has this path, or the method is neither GET nor HEAD.
pub(super) fn answer(method: &Method, path: &str, asked: &HeaderMap) -> Result<Response<Bytes>, Refusal> {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    let coding = Coding::accepted(asked);
    let Some(file) = FILES.get(key_of(path)) else {
        let unknown = FILES.get(UNKNOWN).filter(|_| is_read && accepts_html(asked));
        let unknown = unknown.map(|page| whole(page, coding, StatusCode::NOT_FOUND, method));
        return unknown.ok_or(Refusal::NotFound);
    };
    if !is_read {
        return Err(Refusal::MethodNotAllowed);
    }
    let mut response = if has_already(asked, file.tag(coding)) {
        bare(file, StatusCode::NOT_MODIFIED)
    } else {
        whole(file, coding, StatusCode::OK, method)
    };
    response.headers_mut().insert(ETAG, file.tag(coding).clone());
    Ok(response)
}

/// An answer with this file, without its body for HEAD.
fn whole(file: &PageFile, coding: Coding, status: StatusCode, method: &Method) -> Response<Bytes> {
    let mut response = bare(file, status);
    let bytes = file.bytes(coding);
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    if coding != Coding::Identity {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    }
    if *method == Method::GET {
        *response.body_mut() = Bytes::from_static(bytes);
    }
    response
}

/// An answer about this file, without its bytes.
fn bare(file: &PageFile, status: StatusCode) -> Response<Bytes> {
    let built = file.built;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(built.kind));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    let cache = if built.is_hashed { FOR_EVER } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Some(policy) = built.policy {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(SECURE_ONLY));
        let permissions = if built.uses_camera { WITH_CAMERA } else { PERMISSIONS };
        headers.insert(PERMISSIONS_POLICY, HeaderValue::from_static(permissions));
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
mod tests;
