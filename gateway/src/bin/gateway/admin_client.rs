//! Asks a running gateway's admin listener.

use anyhow::Context as _;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use std::net::SocketAddr;
use std::time::Duration;

/// The longest wait for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// The longest answer. `/metrics` is far below it.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// The answer to a GET. **Errors**: nothing listens there, or the answer does not arrive within two seconds.
pub(crate) fn get(admin: SocketAddr, path: &str) -> anyhow::Result<(StatusCode, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = runtime.block_on(async { tokio::time::timeout(ANSWER_MAX, ask(admin, path)).await });
    asked.unwrap_or_else(|_| anyhow::bail!("there is no answer within {} s", ANSWER_MAX.as_secs()))
}

async fn ask(admin: SocketAddr, path: &str) -> anyhow::Result<(StatusCode, String)> {
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.get(format!("http://{admin}{path}").parse()?).await?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
    let body = body.map_err(|error| anyhow::anyhow!(error))?.to_bytes();
    Ok((status, String::from_utf8(body.into()).context("the answer is not text")?))
}
