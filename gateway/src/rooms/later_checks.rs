//! The rooms of a check that staff make after the scan, when its code has ended. The code is verified
//! as of the scan, and the person's colour and the rule pack are those of now. The record has the id and the
//! time of the first one, so the more final outcome counts.

use super::admit::{AdmittedScan, admit};
use super::authenticate::{Terminal, authenticate_late};
use super::colour::colour;
use super::late::JudgedScan;
use crate::tables::Tables;
use scangate_core::id::CheckInId;
use scangate_core::limits::LATER_CHECK_MS_MAX;
use scangate_core::refusal::Refusal;
use scangate_core::scan::Scan;
use scangate_core::time::Timestamp;

/// Decides once more on the check-in of this id, with what the staff have done since.
///
/// **Errors**: as [`authenticate_late`]; `malformed` without a check, or for a check-in that is too old; and
/// `not-found` where the scan is not that of the check-in.
pub fn check(
    body: &[u8],
    id: CheckInId,
    terminal: &Terminal,
    tables: &Tables,
    now: Timestamp,
) -> Result<JudgedScan, Refusal> {
    let scan = Scan::parse(body)?;
    if scan.outcome.is_some() {
        return Err(Refusal::Malformed("outcome is accepted only by /v1/check-ins/batch"));
    }
    if scan.door.is_none() {
        return Err(Refusal::Malformed("temperature, document_shown or full_check is missing"));
    }
    if scan.at.is_some_and(|at| now.since_ms(at) > LATER_CHECK_MS_MAX) {
        return Err(Refusal::ClockOff("the check-in is more than 15 minutes old: scan again"));
    }
    let authentic = authenticate_late(scan, terminal, tables, now)?;
    let AdmittedScan { venue, people } = admit(colour(authentic), &tables.policies);
    if people.holder.check_in.id != id {
        return Err(Refusal::NotFound);
    }
    let new = people.iter().map(|person| (person.step, person.check_in)).collect();
    Ok(JudgedScan { venue, people: people.map(|person| person.check_in), new })
}
