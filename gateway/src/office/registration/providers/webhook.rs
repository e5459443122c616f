//! A webhook: one `POST` and one answer over HTTP/1.1. It knows transport and limits; [`super::Providers`]
//! knows the content.

use super::fault::ProviderFault;
use crate::config::ProviderAddress;
use crate::fairness::SourceShares;
use crate::office::http::work_place;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, Error, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::aws_lc_rs;
use serde::Serialize;
use std::io;
use std::iter;
use std::sync::Arc;
use std::time::Duration;

/// The longest time for an answer, a second connection included: a person with a phone in hand waits for it.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// The longest time to connect, which leaves time for a second attempt.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// Requests in flight. At 0.2 s each it is 320 a second, more than a city registers by phone. It also bounds
/// what a hung provider holds of the back office.
const AT_ONCE_MAX: usize = 64;
/// The age at which an idle connection is closed. Most servers close later, so a request seldom meets a
/// closed connection.
const IDLE_MAX: Duration = Duration::from_secs(20);
/// The longest body of an answer.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

const _: () = assert!(2 * CONNECT_MAX.as_millis() < ANSWER_MAX.as_millis());

/// The answer of a provider.
pub(super) struct WebhookAnswer {
    /// The status.
    pub(super) status: StatusCode,
    /// The body.
    pub(super) body: Bytes,
}

/// A webhook of one provider.
pub(super) struct Webhook {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    address: ProviderAddress,
    authorization: Option<HeaderValue>,
    in_flight: Arc<SourceShares>,
}

impl Webhook {
    /// A webhook before its first request. **Errors**: for one over TLS, if this machine has no list of
    /// certificate authorities.
    pub(super) fn new(address: ProviderAddress, authorization: Option<HeaderValue>) -> io::Result<Self> {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .build(connector(&address)?);
        Ok(Self { client, address, authorization, in_flight: SourceShares::new(AT_ONCE_MAX) })
    }

    /// Sends a request, and retries once if no connection was established: then nothing was sent.
    pub(super) async fn ask(&self, question: &impl Serialize) -> Result<WebhookAnswer, ProviderFault> {
        let share =
            work_place::source().map(|source| self.in_flight.take_one(source).ok_or(ProviderFault::Busy));
        let _share = share.transpose()?;
        let question = serde_json::to_vec(question).expect("a question is made of strings");
        let exchange = tokio::time::timeout(ANSWER_MAX, self.exchange(question.into()));
        match work_place::without(exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(ProviderFault::Late),
        }
    }

    /// Sends a request without a message, with the token: HEAD, a safe method (RFC 9110, 9.2.1).
    /// **Errors**: no answer of HTTP came, and why, in an operator's words.
    pub(super) async fn probe(&self) -> Result<(), String> {
        let uri = self.address.uri();
        let mut request = self.request(Bytes::new());
        *request.method_mut() = Method::HEAD;
        let host = uri.host().unwrap_or_default();
        match tokio::time::timeout(ANSWER_MAX, self.client.request(request)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(format!("{host} did not answer: {}", causes(&error))),
            Err(_) => Err(format!("{host} did not answer within {} s", ANSWER_MAX.as_secs())),
        }
    }

    async fn exchange(&self, question: Bytes) -> Result<WebhookAnswer, ProviderFault> {
        let first = self.client.request(self.request(question.clone())).await;
        let answered = match first {
            Err(error) if error.is_connect() => self.client.request(self.request(question)).await,
            Ok(_) | Err(_) => first,
        };
        let (head, body) = answered.map_err(|error| fault(&error))?.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        Ok(WebhookAnswer {
            status: head.status,
            body: body.map_err(|_| ProviderFault::Unreadable)?.to_bytes(),
        })
    }

    fn request(&self, question: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::post(self.address.uri().clone()).body(Full::new(question));
        if let Ok(request) = &mut request {
            let headers = request.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            if let Some(authorization) = &self.authorization {
                headers.insert(AUTHORIZATION, authorization.clone());
            }
        }
        request.expect("a method and a URL that was parsed make a request")
    }
}

/// The causes behind an error of the client, whose own words only say that it is one.
fn causes(error: &Error) -> String {
    let causes = iter::successors(std::error::Error::source(error), |cause| cause.source());
    let mut words: Vec<_> = causes.map(ToString::to_string).collect();
    words.dedup();
    words.join(": ")
}

fn fault(error: &Error) -> ProviderFault {
    if error.is_connect() { ProviderFault::Unreachable } else { ProviderFault::Broken }
}

/// Connects by TLS, to whom this machine's own list of authorities vouches for, or plainly on this machine.
/// Outside providers are not the project's to keep at TLS 1.3: 1.2 is taken, too.
fn connector(address: &ProviderAddress) -> io::Result<HttpsConnector<HttpConnector>> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(CONNECT_MAX));
    tcp.set_nodelay(true);
    let provider = aws_lc_rs::default_provider();
    if address.is_tls() {
        let builder = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider)?;
        return Ok(builder.https_only().enable_http1().wrap_connector(tcp));
    }
    let nobody = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let builder = HttpsConnectorBuilder::new().with_tls_config(nobody);
    Ok(builder.https_or_http().enable_http1().wrap_connector(tcp))
}
