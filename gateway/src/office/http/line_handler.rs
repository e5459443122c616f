//! Who takes requests of many lines: each line is read on its own, a group of them is kept as one, and each
//! is answered in the order it came. A line's problem is that line's; the rest goes on.

use super::error::OfficeError;
use super::ndjson::{self, ClientGone, NdjsonLine, NdjsonLines, Sink};
use axum::body::Body;
use axum::response::Response;
use bytes::{BufMut as _, BytesMut};
use serde::Serialize;

/// What became of a group.
pub(in crate::office) type GroupResult<T> = Result<Vec<Result<T, OfficeError>>, OfficeError>;

/// What a kind of line is made of.
pub(in crate::office) trait LineHandler: Send + Sync + 'static {
    /// A line that was read and is not kept yet.
    type Entry: Send;
    /// An entry that is kept.
    type Stored: Send;
    /// Entries kept as one.
    const GROUP_MAX: usize;

    /// Reads a line. **Errors**: the line's own problem.
    fn read(&self, line: &NdjsonLine) -> Result<Self::Entry, OfficeError>;

    /// Keeps a group: what comes back is in the order given, an entry's own problem in its place. **Errors**:
    /// none of them was kept.
    fn store(&self, entries: Vec<Self::Entry>) -> impl Future<Output = GroupResult<Self::Stored>> + Send;

    /// Writes one answer, without a line feed.
    fn answer(&self, kept: Self::Stored, text: &mut BytesMut) -> Result<(), OfficeError>;
}

/// The answer to a request whose lines are the line_handler's.
pub(in crate::office) fn answer(handler: impl LineHandler, body: Body) -> Response {
    ndjson::answer(|sink| take(handler, NdjsonLines::new(body), sink))
}

/// Writes an answer that is JSON.
pub(in crate::office) fn put_json(answer: &impl Serialize, text: &mut BytesMut) {
    serde_json::to_writer(text.writer(), answer).expect("answers hold nothing that JSON cannot");
}

async fn take<H: LineHandler>(
    handler: H,
    mut lines: NdjsonLines,
    mut sink: Sink,
) -> Result<Sink, ClientGone> {
    let mut group = Vec::new();
    let broken = loop {
        match lines.next().await {
            Ok(Some(line)) => group.push((line.number, handler.read(&line))),
            Ok(None) => break None,
            Err(wrong) => break Some(wrong),
        }
        if group.len() >= H::GROUP_MAX || lines.is_waiting() {
            settle(&handler, &mut group, &mut sink).await?;
        }
    };
    settle(&handler, &mut group, &mut sink).await?;
    if let Some(wrong) = broken {
        sink.line(&wrong.line(0)).await?;
    }
    Ok(sink)
}

async fn settle<H: LineHandler>(
    handler: &H,
    group: &mut Vec<(u64, Result<H::Entry, OfficeError>)>,
    sink: &mut Sink,
) -> Result<(), ClientGone> {
    let (mut entries, mut places) = (Vec::new(), Vec::new());
    for (number, read) in group.drain(..) {
        places.push((number, read.map(|entry| entries.push(entry))));
    }
    let mut kept = handler.store(entries).await.map(Vec::into_iter);
    let mut text = BytesMut::new();
    for (number, place) in places {
        text.clear();
        let answered = place.and_then(|()| match &mut kept {
            Ok(kept) => {
                handler.answer(kept.next().expect("each entry has its place in what was kept")?, &mut text)
            }
            Err(wrong) => Err(wrong.clone()),
        });
        match answered {
            Ok(()) => sink.raw(&text).await?,
            Err(wrong) => sink.line(&wrong.line(number)).await?,
        }
    }
    sink.flush().await
}
