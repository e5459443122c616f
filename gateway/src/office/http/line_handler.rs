//! Who takes requests of many lines: each line is read on its own, a group of them is kept as one, and each
//! is answered in the order it came. A line's problem is that line's; the rest goes on.

use super::error::OfficeError;
use super::ndjson::{self, Gone, Line, Lines, Sink};
use axum::body::Body;
use axum::response::Response;
use bytes::{BufMut as _, BytesMut};
use serde::Serialize;

/// What became of a group.
pub(in crate::office) type Keeping<T> = Result<Vec<Result<T, OfficeError>>, OfficeError>;

/// What a kind of line is made of.
pub(in crate::office) trait Clerk: Send + Sync + 'static {
    /// A line that was read and is not kept yet.
    type Entry: Send;
    /// An entry that is kept.
    type Kept: Send;
    /// Entries kept as one.
    const GROUP_MAX: usize;

    /// Reads a line. **Errors**: the line's own problem.
    fn read(&self, line: &Line) -> Result<Self::Entry, OfficeError>;

    /// Keeps a group: what comes back is in the order given, an entry's own problem in its place. **Errors**:
    /// none of them was kept.
    fn keep(&self, entries: Vec<Self::Entry>) -> impl Future<Output = Keeping<Self::Kept>> + Send;

    /// Writes one answer, without a line feed.
    fn answer(&self, kept: Self::Kept, text: &mut BytesMut) -> Result<(), OfficeError>;
}

/// The answer to a request whose lines are the line_handler's.
pub(in crate::office) fn answer(line_handler: impl Clerk, body: Body) -> Response {
    ndjson::answer(|sink| take(line_handler, Lines::new(body), sink))
}

/// Writes an answer that is JSON.
pub(in crate::office) fn put_json(answer: &impl Serialize, text: &mut BytesMut) {
    serde_json::to_writer(text.writer(), answer).expect("answers hold nothing that JSON cannot");
}

async fn take<C: Clerk>(line_handler: C, mut lines: Lines, mut sink: Sink) -> Result<Sink, Gone> {
    let mut group = Vec::new();
    let broken = loop {
        match lines.next().await {
            Ok(Some(line)) => group.push((line.number, line_handler.read(&line))),
            Ok(None) => break None,
            Err(wrong) => break Some(wrong),
        }
        if group.len() >= C::GROUP_MAX || lines.is_waiting() {
            settle(&line_handler, &mut group, &mut sink).await?;
        }
    };
    settle(&line_handler, &mut group, &mut sink).await?;
    if let Some(wrong) = broken {
        sink.line(&wrong.line(0)).await?;
    }
    Ok(sink)
}

async fn settle<C: Clerk>(
    line_handler: &C,
    group: &mut Vec<(u64, Result<C::Entry, OfficeError>)>,
    sink: &mut Sink,
) -> Result<(), Gone> {
    let (mut entries, mut places) = (Vec::new(), Vec::new());
    for (number, read) in group.drain(..) {
        places.push((number, read.map(|entry| entries.push(entry))));
    }
    let mut kept = line_handler.keep(entries).await.map(Vec::into_iter);
    let mut text = BytesMut::new();
    for (number, place) in places {
        text.clear();
        let answered = place.and_then(|()| match &mut kept {
            Ok(kept) => line_handler
                .answer(kept.next().expect("each entry has its place in what was kept")?, &mut text),
            Err(wrong) => Err(wrong.clone()),
        });
        match answered {
            Ok(()) => sink.raw(&text).await?,
            Err(wrong) => sink.line(&wrong.line(number)).await?,
        }
    }
    sink.flush().await
}
