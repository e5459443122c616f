//! A terminal's look at a colour: decode, authenticate, colour and admit as for a check-in, and nothing is
//! kept.

use super::answer;
use super::authenticate::Terminal;
use crate::tables::Tables;
use bytes::{BufMut, BytesMut};
use scangate_core::check_in::Outcome;
use scangate_core::code::PersonCode;
use scangate_core::policy::Place;
use scangate_core::refusal::Refusal;
use scangate_core::scan::DoorWork;
use scangate_core::time::Timestamp;

/// Writes the answer to `GET /v1/colours/{person code}`.
pub fn look_up(
    code: &[u8],
    terminal: Option<&Terminal>,
    tables: &Tables,
    now: Timestamp,
    out: &mut BytesMut,
) -> Result<(), Refusal> {
    let terminal = terminal.ok_or(Refusal::TokenInvalid)?;
    let code = PersonCode::parse(code).map_err(|_| Refusal::PersonCodeInvalid)?;
    if !tables.keyring.has_sealed(&code) {
        return Err(Refusal::PersonCodeInvalid);
    }
    if !code.step().is_valid_at(now) {
        return Err(Refusal::PersonCodeExpired);
    }
    let venue = tables.venues.get(terminal.venue).ok_or(Refusal::VenueCodeInvalid)?;
    let standing = tables.colours.standing(code.person());
    let published = tables.policies.in_force();
    let admission = published.policy.admit(standing, Place::of(&venue.venue), DoorWork::default());
    let said = Outcome {
        colour: standing.colour,
        verdict: admission.verdict,
        checks: admission.checks,
        reasons: admission.reasons,
        policy: published.number,
    };
    out.put_slice(b"{");
    answer::outcome(&said, &tables.policies, out);
    out.put_slice(b",\"at\":\"");
    out.put_slice(&now.text());
    out.put_slice(b"\"}");
    Ok(())
}
