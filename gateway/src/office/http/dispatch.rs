//! The receiving end of the channel from the workers. It passes each call to the router and streams both
//! bodies, no faster than the reader reads.

use super::channel::{
    AbandonedBody, BODY_CHUNKS_MAX, BodyChunk, CALLS_MAX, OfficeAnswer, OfficeCall, OfficeSender,
};
use axum::Router;
use axum::body::{Body, HttpBody as _};
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::header::{CONTENT_LENGTH, HeaderValue};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::{Semaphore, mpsc};
use tower::ServiceExt as _;

/// Calls that run at the same time; each holds a few chunks of a body.
const CALLS_AT_ONCE_MAX: usize = 512;

/// Returns the two halves of the bounded channel.
#[must_use]
pub fn channel() -> (OfficeSender, mpsc::Receiver<OfficeCall>) {
    mpsc::channel(CALLS_MAX)
}

/// Answers calls until every worker has dropped its sender, and returns when the last call is answered.
pub async fn run(mut calls: mpsc::Receiver<OfficeCall>, router: Router) {
    let places = Arc::new(Semaphore::new(CALLS_AT_ONCE_MAX));
    while let Some(call) = calls.recv().await {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let router = router.clone();
        tokio::spawn(async move {
            answer(call, router).await;
            drop(place);
        });
    }
    let all = u32::try_from(CALLS_AT_ONCE_MAX).expect("the bound is small");
    // All permits are free again, so the last call is answered.
    let _ = places.acquire_many(all).await;
}

async fn answer(call: OfficeCall, router: Router) {
    let OfficeCall { request, answer } = call;
    let request = request.map(|pieces| Body::from_stream(CallBody(pieces)));
    let Ok(response) = router.oneshot(request).await;
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        head.headers.entry(CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
    }
    let (to, from) = mpsc::channel(BODY_CHUNKS_MAX);
    // If the client has disconnected, the answer is dropped.
    if answer.send(OfficeAnswer { head, body: from }).is_ok() {
        pass_on(body, to).await;
    }
}

async fn pass_on(body: Body, to: mpsc::Sender<BodyChunk>) {
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let is_broken = piece.is_err();
        if to.send(piece.map_err(|_| AbandonedBody)).await.is_err() || is_broken {
            return;
        }
    }
}

/// A request's body as a stream.
struct CallBody(mpsc::Receiver<BodyChunk>);

impl futures_util::Stream for CallBody {
    type Item = Result<Bytes, AbandonedBody>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}
