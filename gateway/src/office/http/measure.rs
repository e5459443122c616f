//! Counts the answers of the back office by route and status, and their times. Each request has an id, which
//! is in its answer and in every line that it logs.

use super::auth::RequestSubject;
use super::error::UnsentProblem;
use crate::clock;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;
use tracing::Instrument as _;

/// The label of a path that is none.
const NO_ROUTE: &str = "none";
/// The header of an answer that has the request's id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Refusals that are logged in a second. An attacker could repeat any number of them.
const LOGGED_A_SECOND_MAX: u64 = 20;

/// The number of the last request. It begins anywhere, so that ids of two runs differ.
static LAST: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(clock::now().0 << 20));
/// The log of refusals.
static REFUSALS: RefusalLog = RefusalLog { second: AtomicU64::new(0), logged: AtomicU64::new(0) };

/// Logs refusals, up to a number in a second. Two threads that begin the same second may log one more.
struct RefusalLog {
    /// The second of the last refusal, since 1970.
    second: AtomicU64,
    /// The refusals of that second.
    logged: AtomicU64,
}

impl RefusalLog {
    fn log(&self, status: u16, code: &str, subject: &str) {
        if self.is_due(clock::now().0 / 1_000) {
            tracing::info!(
                event = "office-refused",
                status,
                code,
                subject,
                "the back office refused a request"
            );
        }
    }

    fn is_due(&self, second: u64) -> bool {
        if self.second.swap(second, Ordering::Relaxed) != second {
            self.logged.store(0, Ordering::Relaxed);
        }
        self.logged.fetch_add(1, Ordering::Relaxed) < LOGGED_A_SECOND_MAX
    }
}

/// Counts an answer. Its time ends with its head: what a client takes for the body is not the office's.
pub(super) async fn measure(mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = path.unwrap_or_else(|| NO_ROUTE.to_owned());
    let id = format!("{:016x}", LAST.fetch_add(1, Ordering::Relaxed));
    let subject = Arc::<RequestSubject>::default();
    request.extensions_mut().insert(Arc::clone(&subject));
    let span = tracing::info_span!("request", request = id, route);
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Ok(id) = HeaderValue::try_from(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let problem = response.extensions().get::<UnsentProblem>();
        let code = problem.and_then(|UnsentProblem(problem)| problem["code"].as_str()).unwrap_or_default();
        span.in_scope(|| REFUSALS.log(status.as_u16(), code, subject.get()));
    }
    let status = status.as_str().to_owned();
    metrics::histogram!("scangate_office_seconds", "route" => route.clone()).record(began.elapsed());
    metrics::counter!("scangate_office_requests_total", "route" => route, "status" => status).increment(1);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_does_not_fill_the_log() {
        let log = RefusalLog { second: AtomicU64::new(0), logged: AtomicU64::new(0) };
        let logged = |second| (0..1_000).filter(|_| log.is_due(second)).count() as u64;
        assert_eq!([7, 7, 8].map(logged), [LOGGED_A_SECOND_MAX, 0, LOGGED_A_SECOND_MAX]);
    }
}
