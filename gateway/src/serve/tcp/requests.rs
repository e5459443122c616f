//! The requests of HTTP/2 and HTTP/1.1: how each is checked, routed and answered.

use super::HttpContext;
use super::bodies::{AnswerBody, declared, gather, has_body, pass_over_unless_expected, pump};
use super::watch::RequestGuard;
use crate::fairness::Source;
use crate::office::http::channel::{BODY_BYTES_MAX, BODY_PIECES_MAX, CallBody, OfficeAnswer, OfficeCall};
use crate::serve::deadlines::streaming_max;
use crate::serve::front_desk::{Caller, Reply, ScanStatus};
use crate::serve::pages;
use crate::tables::channels::Channel;
use crate::wire::caching::forbid_storing;
use crate::wire::problem::is_encoding;
use crate::wire::request_rules;
use crate::wire::route::{OfficeKind, OfficeRoute, Route, plain_path};
use crate::wire::waiting_page::wants_page;
use http::header::{ALT_SVC, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::uri::PathAndQuery;
use http::{Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use scangate_core::limits::SCAN_BYTES_MAX;
use scangate_core::refusal::Refusal;
use tokio::sync::{mpsc, oneshot};

/// A request under way.
struct RequestContext<'a> {
    guard: RequestGuard,
    source: Source,
    http: &'a HttpContext,
    is_head: bool,
    wants_page: bool,
}

/// Answers a request.
pub(super) async fn answer(
    request: Request<Incoming>,
    guard: RequestGuard,
    source: Source,
    channel: Option<&Channel>,
    http: &HttpContext,
) -> Response<AnswerBody> {
    let is_head = request.method() == Method::HEAD;
    let wants_page = wants_page(request.method(), request.headers());
    let context = RequestContext { guard, source, http, is_head, wants_page };
    let mut response = go(request, channel, context).await;
    response.headers_mut().insert(ALT_SVC, http.alt_svc.clone());
    response
}

async fn go(
    mut request: Request<Incoming>,
    channel: Option<&Channel>,
    context: RequestContext<'_>,
) -> Response<AnswerBody> {
    if let Err(refusal) = request_rules::check(&request) {
        return context.refuse_unread(&mut request, refusal).await;
    }
    if let Some(plain) = with_plain_path(request.uri()) {
        *request.uri_mut() = plain;
    }
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let route = Route::of(method.as_str().as_bytes(), path.as_bytes());
    // The pages' files cost nothing that a quota protects, and a phone needs all of them.
    let channel = channel.filter(|_| route != Route::Page);
    let admitted = channel.map_or(Ok(()), |channel| context.http.front_now().admit(channel));
    if let Err(refusal) = admitted {
        return context.refuse_unread(&mut request, refusal).await;
    }
    if is_encoded(&request) && has_body(&mut request).await {
        return context.refuse_unread(&mut request, Refusal::EncodingUnsupported).await;
    }
    match route {
        Route::CheckIn => check_in(request, context).await,
        Route::Colour(code) => {
            let authorization = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes);
            let reply = context.http.front_now().look_up(code, authorization);
            context.reply(reply)
        }
        Route::Page => match pages::answer(&method, &path, request.headers()) {
            Ok(page) => page.map(|bytes| AnswerBody::page(bytes, context.guard)),
            Err(refusal) => context.refuse_unread(&mut request, refusal).await,
        },
        Route::Office(route) => office(request, route, context).await,
    }
}

/// Whether `content-encoding` has another coding than `identity`.
fn is_encoded(request: &Request<Incoming>) -> bool {
    let mut encodings = request.headers().get_all(CONTENT_ENCODING).iter();
    encodings.any(|value| is_encoding(value.as_bytes()))
}

/// The URI with the plain form of its path, where that differs.
fn with_plain_path(uri: &Uri) -> Option<Uri> {
    let plain = plain_path(uri.path_and_query()?.as_str().as_bytes())?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(plain).ok()?);
    Uri::from_parts(parts).ok()
}

async fn check_in(mut request: Request<Incoming>, context: RequestContext<'_>) -> Response<AnswerBody> {
    let http = context.http;
    let body = gather(&mut request, SCAN_BYTES_MAX, context.source, &context.guard, http).await;
    let body = match body {
        Ok((body, _)) => body,
        Err(refusal) => return context.refuse(refusal),
    };
    let (task, answered) = oneshot::channel();
    let authorization = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes);
    let taken = http.front_now().check_in(&body, authorization, Caller::Task(task));
    if http.front.borrow().is_due() {
        http.bell.ring().notify_one();
    }
    match taken {
        ScanStatus::Refused(refusal) => context.refuse(refusal),
        ScanStatus::Waiting => match answered.await {
            Ok(kept) => context.reply(kept),
            // The worker is stopping. The check-in was not acknowledged, and it may be on disk.
            Err(_) => context.refuse(Refusal::Unconfirmed),
        },
    }
}

async fn office(
    mut request: Request<Incoming>,
    route: OfficeRoute,
    context: RequestContext<'_>,
) -> Response<AnswerBody> {
    if let Some(body_max) = streaming_max(route.body, declared(&request)) {
        let (parts, body) = request.into_parts();
        let (to, from) = mpsc::channel(BODY_PIECES_MAX);
        let call = Request::from_parts(parts, CallBody::Streams(from));
        return call_office(call, route.kind, context, || {
            tokio::task::spawn_local(pump(body, to, body_max));
        })
        .await;
    }
    match gather(&mut request, BODY_BYTES_MAX, context.source, &context.guard, context.http).await {
        Ok((body, share)) => {
            let call = request.map(|_| CallBody::Whole(body, share));
            call_office(call, route.kind, context, || {}).await
        }
        Err(refusal) => context.refuse(refusal),
    }
}

/// Sends a call to the back office, and returns its answer. `accepted` runs once the office has the call.
async fn call_office(
    request: Request<CallBody>,
    kind: OfficeKind,
    context: RequestContext<'_>,
    accepted: impl FnOnce(),
) -> Response<AnswerBody> {
    let (answer, answered) = oneshot::channel();
    let call = OfficeCall { request, kind, source: context.source, answer };
    if context.http.door.try_send(call).is_err() {
        return context.refuse(Refusal::Overloaded);
    }
    accepted();
    match answered.await {
        Ok(OfficeAnswer { head, body }) => {
            Response::from_parts(head, AnswerBody::streams(body, context.guard))
        }
        // The back office dropped the call, which it may have carried out.
        Err(_) => context.refuse(Refusal::Unconfirmed),
    }
}

impl RequestContext<'_> {
    /// Refuses a request whose body was not read.
    async fn refuse_unread(self, request: &mut Request<Incoming>, refusal: Refusal) -> Response<AnswerBody> {
        pass_over_unless_expected(request).await;
        self.refuse(refusal)
    }

    fn refuse(self, refusal: Refusal) -> Response<AnswerBody> {
        let reply = self.http.front_now().refuse(refusal);
        let reply = if self.wants_page { reply.into_page() } else { reply };
        self.reply(reply)
    }

    fn reply(self, reply: Reply) -> Response<AnswerBody> {
        let length = reply.body.len();
        // RFC 9110 section 9.3.2 forbids a body to HEAD.
        let body = if self.is_head { bytes::Bytes::new() } else { reply.body.freeze() };
        let mut response = Response::new(AnswerBody::whole(body, self.guard));
        let status = StatusCode::from_u16(reply.status);
        *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type.text()));
        headers.insert(http::header::CONTENT_LENGTH, HeaderValue::from(length));
        forbid_storing(headers);
        if let Some(seconds) = reply.retry_after_s {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some((name, value)) = reply.field {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
