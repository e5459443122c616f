//! The parts of a request beside the scans: how it is made, what is drawn for it, and how it ended.

use crate::carriers::StandingConnection;
use crate::client::BreakCause;
use crate::plan::SplitMix64;
use bytes::Bytes;
use http::{Request, Response};
use serde::Deserialize;

/// Sends a request and reads the answer. Returns how it ended.
pub(super) async fn exchange(
    connection: &StandingConnection,
    request: Request<Bytes>,
) -> Result<String, BreakCause> {
    Ok(ended(&connection.get().await?.exchange(request).await?))
}

/// A request whose body is JSON or NDJSON, if it has one.
pub(super) fn request(method: &str, path: &str, authorization: &str, body: String) -> Request<Bytes> {
    let mut request = Request::builder().method(method).uri(path);
    if !authorization.is_empty() {
        request = request.header("authorization", authorization);
    }
    if !body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    request.body(Bytes::from(body)).expect("paths and tokens are plain")
}

/// How an answered request ended: the status, and the code of a problem.
pub(super) fn ended(answer: &Response<Bytes>) -> String {
    #[derive(Deserialize)]
    struct ProblemCode {
        code: String,
    }
    let status = answer.status().as_u16();
    match serde_json::from_slice::<ProblemCode>(answer.body()) {
        Ok(ProblemCode { code }) if status >= 400 => format!("{status} {code}"),
        _ => status.to_string(),
    }
}

/// A number that belongs to this request of a seed.
pub(super) fn draw(seed: u64, number: u64) -> u64 {
    SplitMix64(seed ^ SplitMix64(number).draw()).draw()
}

/// A place in a list that is not empty.
pub(super) fn index(number: u64, length: usize) -> usize {
    usize::try_from(number % (length.max(1) as u64)).unwrap_or(0)
}
