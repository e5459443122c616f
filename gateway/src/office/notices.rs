//! Notices of the authority: publishing and ending them, and the public list. The list is answered from
//! memory.

use super::http::auth::Authority;
use super::http::error::OfficeError;
use super::http::extract::PathId;
use super::http::idempotency::RequestIds;
use super::http::json::Json;
use super::{Office, blocking};
use crate::clock;
use axum::extract::State;
use http::StatusCode;
use scangate_core::id::NoticeId;
use scangate_core::limits::NOTICE_BYTES_MAX;
use scangate_core::notice::{Notice, notice_text};
use scangate_core::refusal::Refusal;
use scangate_core::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// A notice as the authority sends it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::office) struct NoticeBody {
    zh: String,
    en: String,
    #[serde(default)]
    until: Option<Timestamp>,
}

impl NoticeBody {
    /// **Errors**: a text is empty, too long or not printable, or the notice would have ended already.
    fn checked(&self, id: NoticeId, at: Timestamp) -> Result<Notice, OfficeError> {
        let notice =
            Notice { id, at, zh: text("zh", &self.zh)?, en: text("en", &self.en)?, until: self.until };
        if notice.is_in_force(at) {
            Ok(notice)
        } else {
            Err(OfficeError::Malformed("`until` lies in the past".into()))
        }
    }
}

fn text(field: &str, text: &str) -> Result<String, OfficeError> {
    let bounds = || format!("{field} must have 1 to {NOTICE_BYTES_MAX} bytes and only printable characters");
    notice_text(text).map(str::to_owned).ok_or_else(|| OfficeError::Malformed(bounds().into()))
}

/// `POST /v1/notices`: publishes a notice and answers it with its id and time.
pub(in crate::office) async fn publish(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    RequestIds(ids): RequestIds,
    Json(body): Json<NoticeBody>,
) -> Result<axum::Json<Notice>, OfficeError> {
    blocking(move || {
        let registry = office.registry.making(&ids);
        let notice = body.checked(registry.make_notice_id()?, clock::now())?;
        let detail = json!({"zh": notice.zh, "en": notice.en, "until": notice.until});
        office.audit(&claims, "notice-published", notice.id.to_string(), detail)?;
        let published = registry.add_notice(notice)?.map_err(|_| OfficeError::NoticesFull)?;
        office.refresh_notices()?;
        Ok(axum::Json(published))
    })
    .await?
}

/// `GET /v1/notices`: the notices in force, newest first. Public.
pub(in crate::office) async fn list(State(office): State<Arc<Office>>) -> axum::Json<Value> {
    axum::Json(json!({ "notices": office.tables.notices.in_force(clock::now()) }))
}

/// `DELETE /v1/notices/{notice}`: ends a notice.
pub(in crate::office) async fn end(
    Authority(claims): Authority,
    State(office): State<Arc<Office>>,
    PathId(notice): PathId<NoticeId>,
) -> Result<StatusCode, OfficeError> {
    blocking(move || {
        office.audit(&claims, "notice-ended", notice.to_string(), json!({}))?;
        let has_ended = office.registry.end_notice(notice, clock::now())?;
        office.refresh_notices()?;
        if has_ended { Ok(StatusCode::NO_CONTENT) } else { Err(Refusal::NotFound.into()) }
    })
    .await?
}

impl Office {
    /// Reads the notices of the registry into memory. It blocks.
    pub(in crate::office) fn refresh_notices(&self) -> Result<(), scangate_storage::registry::RegistryError> {
        self.tables.notices.refresh(|| self.registry.notices())
    }
}
