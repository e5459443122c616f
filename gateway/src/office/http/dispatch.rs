//! The receiving end of the channel from the workers. It passes each call to the router and streams the
//! answer, no faster than the reader reads.
//!
//! Each kind of work has places of its own. A call whose body is whole takes a place before its handler runs,
//! and gives it up with the answer. A call whose body streams takes a place when it has something to work on:
//! see `work_place`.

use super::channel::{
    AbandonedBody, BODY_PIECES_MAX, BodyPiece, CALLS_MAX, CallBody, OfficeAnswer, OfficeCall, OfficeSender,
};
use super::error::{OfficeError, into_page, name_hotline};
use super::work_place::WorkPlace;
use crate::fairness::{FairPlaces, HeldShare, SourceShares};
#[cfg(test)]
use crate::fairness::{Place, Source};
use crate::tables::Tables;
use crate::wire::route::OfficeKind;
use crate::wire::waiting_page::wants_page;
use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::Request;
use http::header::{CONTENT_LENGTH, HeaderValue};
use scangate_core::refusal::Refusal;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// Calls of a kind that wait for a place.
const WAITERS_MAX: usize = 512;
/// The longest wait for a place. A phone gives up soon after.
pub const WAIT_MAX: Duration = Duration::from_secs(5);
/// Calls of a kind whose bodies are streaming. Each holds a few chunks, or what its handler gathers.
const STREAMS_MAX: usize = 192;

/// Calls of a kind that work at the same time. Their sum is less than the 512 threads on which tokio runs
/// what blocks.
#[must_use]
pub const fn places(kind: OfficeKind) -> usize {
    match kind {
        OfficeKind::Residents => 160,
        OfficeKind::Registration => 96,
        OfficeKind::Tracers => 48,
        OfficeKind::Authority | OfficeKind::Imports => 64,
    }
}

/// Returns the two halves of the bounded channel.
#[must_use]
pub fn channel() -> (OfficeSender, mpsc::Receiver<OfficeCall>) {
    mpsc::channel(CALLS_MAX)
}

/// The places of every kind, shared with the admin listener.
#[derive(Clone)]
pub struct OfficePlaces(Arc<[KindPlaces]>);

struct KindPlaces {
    working: Arc<FairPlaces>,
    streaming: Arc<SourceShares>,
}

impl Default for OfficePlaces {
    fn default() -> Self {
        Self(OfficeKind::ALL.map(KindPlaces::new).into())
    }
}

impl OfficePlaces {
    fn of(&self, kind: OfficeKind) -> &KindPlaces {
        &self.0[kind as usize]
    }

    /// A kind of work that has had no free place for longer than this.
    #[must_use]
    pub fn full(&self, longer_than: Duration) -> Option<OfficeKind> {
        OfficeKind::ALL.into_iter().find(|&kind| self.full_for(kind) > longer_than)
    }

    /// How long a kind of work has had no free place.
    #[must_use]
    pub fn full_for(&self, kind: OfficeKind) -> Duration {
        self.of(kind).working.full_for()
    }

    /// Whether a kind of work has had no free place and ended no call for longer than this.
    #[must_use]
    pub fn is_stalled(&self, kind: OfficeKind, longer_than: Duration) -> bool {
        self.of(kind).working.stalled_for() > longer_than
    }

    /// Takes every place of a kind.
    #[cfg(test)]
    pub(crate) async fn take_all(&self, kind: OfficeKind) -> Vec<Place> {
        let source = Source::from(std::net::SocketAddr::from(([192, 0, 2, 1], 1)));
        let mut taken = Vec::new();
        for _ in 0..places(kind) {
            taken.push(self.of(kind).working.take(source).await.expect("a place is free"));
        }
        taken
    }
}

impl KindPlaces {
    fn new(kind: OfficeKind) -> Self {
        let occupied = metrics::gauge!("scangate_office_places", "kind" => kind.label());
        let refused = metrics::counter!("scangate_office_refusals_total", "kind" => kind.label());
        Self {
            working: FairPlaces::new(places(kind), WAITERS_MAX, WAIT_MAX, occupied, refused),
            streaming: SourceShares::new(STREAMS_MAX),
        }
    }
}

/// Answers calls until every worker has dropped its sender, and returns when the last call is answered.
pub async fn run(
    mut calls: mpsc::Receiver<OfficeCall>,
    router: Router,
    places: OfficePlaces,
    tables: Arc<Tables>,
) {
    let running = TaskTracker::new();
    while let Some(call) = calls.recv().await {
        running.spawn(answer(call, router.clone(), places.clone(), Arc::clone(&tables)));
    }
    running.close();
    running.wait().await;
}

async fn answer(call: OfficeCall, router: Router, places: OfficePlaces, tables: Arc<Tables>) {
    let OfficeCall { request, kind, source, answer } = call;
    let wants_page = wants_page(request.method(), request.headers());
    let kind = places.of(kind);
    let place = WorkPlace::new(Arc::clone(&kind.working), source);
    let stream = match request.body() {
        CallBody::Streams(_) => kind.streaming.take_one(source).ok_or(Refusal::Overloaded).map(Some),
        CallBody::Whole(..) => Ok(None),
    };
    let response = match stream {
        Ok(stream) => {
            place.clone().scope(handle(request, router, &place)).await.map(|response| (response, stream))
        }
        Err(refusal) => Err(refusal.into()),
    };
    let (response, stream) = response.unwrap_or_else(|error| (error.into_response(), None));
    let response = if wants_page { into_page(response) } else { response };
    let (mut head, body) = name_hotline(response, &tables.policies).into_parts();
    if let Some(length) = body.size_hint().exact() {
        head.headers.entry(CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
    }
    place.leave();
    let (to, from) = mpsc::channel(BODY_PIECES_MAX);
    // If the client has disconnected, the answer is dropped.
    if answer.send(OfficeAnswer { head, body: from }).is_ok() {
        pass_on(body, to).await;
    }
    drop(stream);
}

/// Runs the handler of a call.
async fn handle(
    request: Request<CallBody>,
    router: Router,
    place: &WorkPlace,
) -> Result<Response, OfficeError> {
    let (head, body) = request.into_parts();
    let (body, _budget): (Body, Option<HeldShare>) = match body {
        CallBody::Whole(body, budget) => {
            place.enter().await?;
            (Body::from(body), Some(budget))
        }
        CallBody::Streams(pieces) => (Body::from_stream(StreamedBody(Some(pieces))), None),
    };
    let Ok(response) = router.oneshot(Request::from_parts(head, body)).await;
    Ok(response)
}

/// Passes an answer on, at the pace of its reader. The worker drops the receiver of a reader that takes
/// nothing for too long.
async fn pass_on(body: Body, to: mpsc::Sender<BodyPiece>) {
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        // Without an end, the worker breaks the answer off.
        let Ok(piece) = piece else { return };
        if to.send(BodyPiece::Bytes(piece)).await.is_err() {
            return;
        }
    }
    // A client that is gone needs no end.
    let _ = to.send(BodyPiece::End).await;
}

/// A request's body as a stream.
struct StreamedBody(Option<mpsc::Receiver<BodyPiece>>);

impl futures_util::Stream for StreamedBody {
    type Item = Result<Bytes, AbandonedBody>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(pieces) = &mut self.0 else { return Poll::Ready(None) };
        let piece = std::task::ready!(pieces.poll_recv(context));
        Poll::Ready(match piece {
            Some(BodyPiece::Bytes(bytes)) => Some(Ok(bytes)),
            Some(BodyPiece::End) => {
                self.0 = None;
                None
            }
            Some(BodyPiece::Late) => {
                self.0 = None;
                Some(Err(AbandonedBody::Late))
            }
            None => {
                self.0 = None;
                Some(Err(AbandonedBody::Broken))
            }
        })
    }
}
