//! The audit for operators: the entries in order, each with its own hash and the previous entry's.

use crate::office::http::auth::Operator;
use crate::office::http::error::OfficeError;
use crate::office::http::extract::{Parameters, StrictQuery};
use crate::office::http::line_handler::put_json;
use crate::office::{Office, blocking};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::{BufMut as _, BytesMut};
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use std::sync::Arc;

/// The entries in one answer; the next request continues after the last one.
const ENTRIES_MAX: u64 = 1_000;

/// The number of the first entry that is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct AuditQuery {
    #[serde(default = "first")]
    from: u64,
}

const fn first() -> u64 {
    1
}

impl Parameters for AuditQuery {
    const EXPECTED: &'static str = "the query takes `from`, a number";
}

/// `GET /v1/audit?from=N`: NDJSON, one entry per line. No entry has a person's name or document.
pub(in crate::office) async fn read(
    Operator(_): Operator,
    State(office): State<Arc<Office>>,
    StrictQuery(AuditQuery { from }): StrictQuery<AuditQuery>,
) -> Result<Response, OfficeError> {
    let entries = blocking(move || office.registry.audited(from, ENTRIES_MAX)).await??;
    let mut text = BytesMut::new();
    for entry in &entries {
        put_json(entry, &mut text);
        text.put_u8(b'\n');
    }
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], text.freeze()).into_response())
}
