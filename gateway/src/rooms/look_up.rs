//! A terminal's look-up of a colour. It uses the rooms of a check-in, authenticate, colour and admit, for one
//! person, and journals nothing.

use super::answer;
use super::authenticate::{Terminal, authenticate_look_up};
use super::{admit, colour};
use crate::tables::Tables;
use bytes::{BufMut, BytesMut};
use scangate_core::code::PersonCode;
use scangate_core::refusal::Refusal;
use scangate_core::scan::DoorWork;
use scangate_core::time::Timestamp;

/// Writes the answer to `GET /v1/colours/{person code}`.
///
/// **Errors**: in this order, the token, the code's shape, its seal, its step, the venue. The venue may
/// be closed.
pub fn look_up(
    code: &[u8],
    terminal: Option<&Terminal>,
    tables: &Tables,
    now: Timestamp,
    out: &mut BytesMut,
) -> Result<(), Refusal> {
    let terminal = terminal.ok_or(Refusal::TokenInvalid)?;
    let code = PersonCode::parse(code).map_err(|_| Refusal::PersonCodeInvalid)?;
    let (authentic, venue) = authenticate_look_up(&code, terminal, tables, now)?;
    let person = colour::colour_person(authentic);
    let outcome = admit::decide(&person, &tables.policies.in_force(), &venue.venue, DoorWork::default());
    let holder = tables.colours.holder(code.person());
    out.put_slice(b"{");
    answer::outcome(&outcome, holder.map(|holder| holder.class), &tables.policies, out);
    if let Some(holder) = holder {
        out.put_slice(b",");
        answer::masked(holder, out);
    }
    out.put_slice(b",\"at\":\"");
    out.put_slice(&now.text());
    out.put_slice(b"\"}");
    Ok(())
}
