//! Cases of tracers: trails, co-presence and visits at a venue. An answer needs an open case of the caller's
//! own that covers it, and its audit entry is on disk before it is sent.

mod answer;
mod extensions;
mod open;
mod reads;
mod records;
mod reveal;
mod terms;

pub(in crate::office) use extensions::{approve, ask, pending, read_extension, waiting_extensions};
pub(in crate::office) use open::open;
pub(in crate::office) use reads::{co_presence, trail, visits};
pub(in crate::office) use records::{change, list, read};
pub(in crate::office) use reveal::reveal;
pub(in crate::office) use terms::terms;

use crate::clock;
use crate::office::http::error::OfficeError;
use crate::office::{Office, blocking};
use scangate_core::id::CaseId;
use scangate_core::refusal::Refusal;
use scangate_core::text::label;
use scangate_core::time::{DAY_MS, Timestamp};
use scangate_core::token::Claims;
use scangate_core::visit::Window;
use scangate_storage::registry::Case;
use std::sync::Arc;

/// The longest note or reason. **Units**: bytes.
const TEXT_BYTES_MAX: usize = 1_000;
/// The notes, and the extensions, that a case may have. A case is one row, which each change rewrites.
const ENTRIES_MAX: usize = 100;

/// Returns the caller's own case. Another tracer's case answers 404.
async fn own(office: &Arc<Office>, claims: &Claims, id: CaseId) -> Result<Case, OfficeError> {
    let registry = office.registry.clone();
    let case = blocking(move || registry.case(id)).await?;
    let case = case.map_err(|error| OfficeError::from(error).complete_through(office.complete_so_far()))?;
    case.filter(|case| case.tracer == claims.subject).ok_or(Refusal::NotFound.into())
}

/// Returns the caller's own case if it is open.
async fn own_open(office: &Arc<Office>, claims: &Claims, id: CaseId) -> Result<Case, OfficeError> {
    let case = own(office, claims, id).await?;
    ensure_own_open(&case, claims)?;
    Ok(case)
}

/// Checks that a case is the caller's, and open. The handlers check again when they change the case.
fn ensure_own_open(case: &Case, claims: &Claims) -> Result<(), OfficeError> {
    if case.tracer != claims.subject {
        return Err(Refusal::NotFound.into());
    }
    if case.closed.is_some() { Err(OfficeError::CaseClosed) } else { Ok(()) }
}

/// Changes the case and returns the new state. **Errors**: those of `change`, and 404 if no case has this id.
fn change_case(
    office: &Office,
    id: CaseId,
    change: impl Fn(&mut Case) -> Result<(), OfficeError>,
) -> Result<Case, OfficeError> {
    office.registry.change_case(id, change)?.ok_or(Refusal::NotFound)?
}

/// Checks a window. **Errors**: it ends before it begins, or is longer than the retention.
fn window(office: &Office, from: Timestamp, to: Timestamp) -> Result<Window, OfficeError> {
    if from >= to {
        return Err(OfficeError::Malformed("from must be before to".into()));
    }
    let days = office.settings.retention_days;
    if to.since_ms(from) > u64::from(days) * DAY_MS {
        return Err(OfficeError::Malformed(format!("from and to may lie {days} days apart at most").into()));
    }
    Ok(Window { from, to })
}

/// The start of the days whose trails are kept. The batcher drops the days before it.
fn kept_from(office: &Office) -> Timestamp {
    let day = clock::now().utc_day().saturating_sub(office.settings.retention_days.into());
    Timestamp(u64::from(day) * DAY_MS)
}

/// The start of the days whose trails are kept, if the window begins before it.
fn kept_from_within(office: &Office, window: Window) -> Option<Timestamp> {
    let kept_from = kept_from(office);
    (window.from < kept_from).then_some(kept_from)
}

/// Checks a tracer's text: not empty and not too long.
fn checked_text(text: &str, field: &str, bytes_max: usize) -> Result<String, OfficeError> {
    let text = text.trim();
    if (1..=bytes_max).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err(OfficeError::Malformed(format!("{field} must have 1 to {bytes_max} bytes").into()))
    }
}

/// Checks a short text, such as a purpose or a tracer's name.
fn checked_word(text: &str, field: &str) -> Result<String, OfficeError> {
    label(text).map(str::to_owned).ok_or_else(|| OfficeError::unprintable(field))
}

/// The account of the cases that a tracer opens in a day.
fn cases_account(claims: &Claims) -> String {
    format!("cases/{}", claims.subject)
}

/// The account of the persons in a tracer's answers in a day.
fn persons_account(claims: &Claims) -> String {
    format!("persons/{}", claims.subject)
}
