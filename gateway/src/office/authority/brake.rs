//! The brake on worsening facts: beyond these limits a list waits for a second approver. The limits hold for
//! any 60 minutes, by sender and by source, and all gateways of a city count together.

use crate::clock;
use crate::office::Office;
use crate::office::http::error::OfficeError;
use scangate_core::token::Claims;
use std::collections::BTreeMap;

/// The worsening facts in 60 minutes from one source, or from one sender, without a second approver.
pub(super) const WINDOW_WORSENING_MAX: u64 = 1_000;

/// Spends worsening facts of each source against the windows of the sources and of the sender, who may name
/// any source. Returns whether the list stays within all windows; otherwise nothing is spent.
pub(super) fn spend(
    office: &Office,
    claims: &Claims,
    by_source: BTreeMap<String, u64>,
) -> Result<bool, OfficeError> {
    let all = by_source.values().sum();
    let sources = by_source.into_iter().map(|(source, count)| (format!("facts/{source}"), count));
    let mut amounts: BTreeMap<String, u64> = sources.collect();
    if all > 0 {
        amounts.insert(format!("facts-by/{}", claims.subject), all);
    }
    Ok(office.registry.spend_windows(&amounts, clock::now(), WINDOW_WORSENING_MAX)?)
}
