//! Requests with one entry per line. Each line is parsed on its own, a group of lines is stored together, and
//! the answers come in the order of the lines. A line's problem does not stop the rest.

use super::error::OfficeError;
use super::ndjson::{self, ClientGone, NdjsonLine, NdjsonLines, Sink};
use super::work_place;
use axum::body::Body;
use axum::response::Response;
use bytes::{BufMut as _, BytesMut};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde::Serialize;

/// The result of a group: one result per entry, or the error of all of them.
pub(in crate::office) type GroupResult<T> = Result<Vec<Result<T, OfficeError>>, OfficeError>;

/// A handler of one kind of line.
pub(in crate::office) trait LineHandler: Send + Sync + 'static {
    /// A line that is parsed and not stored yet.
    type Entry: Send;
    /// A stored entry.
    type Stored: Send;
    /// The number of entries that are stored together.
    const GROUP_MAX: usize;
    /// The media type of the answer.
    const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/x-ndjson");

    /// Parses a line. **Errors**: the line's own problem.
    fn read(&self, line: &NdjsonLine) -> Result<Self::Entry, OfficeError>;

    /// Stores a group, and returns a result per entry in the same order. **Errors**: none of the entries was
    /// stored.
    fn store(&self, entries: Vec<Self::Entry>) -> impl Future<Output = GroupResult<Self::Stored>> + Send;

    /// Writes one answer without a line feed.
    fn answer(&self, kept: Self::Stored, text: &mut BytesMut) -> Result<(), OfficeError>;

    /// Writes what stands before the first answer.
    fn begin(&mut self, _text: &mut BytesMut) {}

    /// Writes the answer to a line that is refused, or keeps it for [`Self::end`].
    fn refuse(&mut self, number: u64, wrong: &OfficeError, text: &mut BytesMut) {
        put_json(&wrong.line(number), text);
    }

    /// Writes what stands behind the last answer.
    fn end(&mut self, _text: &mut BytesMut) {}
}

/// Returns the answer to a request whose lines this handler reads.
pub(in crate::office) fn answer<H: LineHandler>(handler: H, body: Body) -> Response {
    let mut answer = ndjson::answer(|sink| take(handler, NdjsonLines::new(body), sink));
    answer.headers_mut().insert(CONTENT_TYPE, H::MEDIA_TYPE);
    answer
}

/// Writes an answer as JSON.
pub(in crate::office) fn put_json(answer: &impl Serialize, text: &mut BytesMut) {
    serde_json::to_writer(text.writer(), answer).expect("answers hold nothing that JSON cannot");
}

async fn take<H: LineHandler>(
    mut handler: H,
    mut lines: NdjsonLines,
    mut sink: Sink,
) -> Result<Sink, ClientGone> {
    let (mut group, mut text) = (Vec::new(), BytesMut::new());
    handler.begin(&mut text);
    put_line(&mut text, &mut sink).await?;
    let broken = loop {
        if lines.is_waiting() {
            work_place::leave();
        }
        match lines.next().await {
            Ok(Some(line)) => group.push((line.number, handler.read(&line))),
            Ok(None) => break None,
            Err(wrong) => break Some(wrong),
        }
        if group.len() >= H::GROUP_MAX || lines.is_waiting() {
            settle(&mut handler, &mut group, &mut sink).await?;
        }
    };
    settle(&mut handler, &mut group, &mut sink).await?;
    if let Some(wrong) = broken {
        handler.refuse(0, &wrong, &mut text);
        put_line(&mut text, &mut sink).await?;
    }
    handler.end(&mut text);
    put_line(&mut text, &mut sink).await?;
    Ok(sink)
}

/// Sends a text as a line, unless it is empty.
async fn put_line(text: &mut BytesMut, sink: &mut Sink) -> Result<(), ClientGone> {
    if !text.is_empty() {
        sink.raw(text).await?;
        text.clear();
    }
    Ok(())
}

async fn settle<H: LineHandler>(
    handler: &mut H,
    group: &mut Vec<(u64, Result<H::Entry, OfficeError>)>,
    sink: &mut Sink,
) -> Result<(), ClientGone> {
    let (mut entries, mut places) = (Vec::new(), Vec::new());
    for (number, read) in group.drain(..) {
        places.push((number, read.map(|entry| entries.push(entry))));
    }
    let kept = match work_place::enter().await {
        Ok(()) => handler.store(entries).await,
        Err(overloaded) => Err(overloaded),
    };
    let mut kept = kept.map(Vec::into_iter);
    let mut text = BytesMut::new();
    for (number, place) in places {
        let answered = place.and_then(|()| match &mut kept {
            Ok(kept) => {
                handler.answer(kept.next().expect("a stored group has one result per entry")?, &mut text)
            }
            Err(wrong) => Err(wrong.clone()),
        });
        if let Err(wrong) = answered {
            text.clear();
            handler.refuse(number, &wrong, &mut text);
        }
        put_line(&mut text, sink).await?;
    }
    sink.flush().await
}
