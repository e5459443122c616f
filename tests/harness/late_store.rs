//! Requests to a gateway whose store may be late. A busy cluster leaves some requests without an answer until
//! the gateway's deadline, and the gateway answers 503. A client sends such a request again; a POST has an
//! idempotency key, so that it takes effect once.

use crate::town::{TestReply, eventually, post_keyed, send};
use bytes::Bytes;
use http::Method;
use quinn::ConnectionError;
use scangate_loadgen::client::{ClientConnection, LoadTarget, Version};
use std::sync::atomic::{AtomicU64, Ordering};

/// The path of scans, which wait for no store: a late one is a fault.
const SCANS: &str = "/v1/check-ins";
/// The number of the next idempotency key. Each test has a city of its own.
static NEXT_KEY: AtomicU64 = AtomicU64::new(0);

/// Sends a request, again while the store is late. `authorization` is called for each try, because a
/// resident's token expires. A connection that was idle for too long is replaced by a new one.
pub async fn send_until_stored(
    target: &LoadTarget,
    connection: &mut ClientConnection,
    (method, path): (&str, &str),
    authorization: impl Fn() -> String,
    body: impl Into<Bytes>,
) -> anyhow::Result<TestReply> {
    let body = body.into();
    let key = format!("late-{}", NEXT_KEY.fetch_add(1, Ordering::Relaxed));
    let ask = async || {
        if was_idle(connection) {
            *connection = target.connect(Version::Http3).await?;
        }
        if method == Method::POST {
            return post_keyed(connection, path, &authorization(), &key, body.clone()).await;
        }
        send(connection, method, path, &authorization(), body.clone()).await
    };
    eventually(ask, |reply| path == SCANS || !reply.is_store_late()).await
}

fn was_idle(connection: &ClientConnection) -> bool {
    let ended = connection.quic().and_then(quinn::Connection::close_reason);
    matches!(ended, Some(ConnectionError::TimedOut))
}
