//! Counts the answers of the back office by route and status, and their times.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;

/// The label of a path that is none.
const NO_ROUTE: &str = "none";

/// Counts an answer. Its time ends with its head: what a client takes for the body is not the office's.
pub(super) async fn measure(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = path.unwrap_or_else(|| NO_ROUTE.to_owned());
    let response = next.run(request).await;
    let status = response.status().as_str().to_owned();
    metrics::histogram!("scangate_office_seconds", "route" => route.clone()).record(began.elapsed());
    metrics::counter!("scangate_office_requests_total", "route" => route, "status" => status).increment(1);
    response
}
