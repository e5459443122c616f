//! The rooms that a check-in walks through: decode, authenticate, colour, admit, journal, answer. Each
//! room consumes the previous room's type and is the only code that can construct the next one. Answering
//! a check-in that is not on disk is therefore a compile error.

pub mod admit;
pub mod answer;
pub mod authenticate;
pub mod colour;
pub mod intake;
pub mod journal;
pub mod late;
pub mod later_checks;
pub mod look_up;
pub mod people;

use crate::tables::Tables;
use authenticate::Terminal;
use journal::{JournalDesk, QueuedCheckIns};
use scangate_core::refusal::Refusal;
use scangate_core::scan::Scan;
use scangate_core::text::without_mark;
use scangate_core::time::Timestamp;

/// Takes one scan as far as the journal. The caller answers the queued check-ins when their group is on disk.
pub fn walk(
    body: &[u8],
    terminal: Option<&Terminal>,
    tables: &Tables,
    desk: &mut JournalDesk,
    now: Timestamp,
) -> Result<QueuedCheckIns, Refusal> {
    let scan = Scan::parse(without_mark(body))?;
    let authentic = authenticate::authenticate(scan, terminal, tables, now)?;
    let coloured = colour::colour(authentic);
    let admitted = admit::admit(coloured, &tables.policies);
    journal::journal(admitted, &tables.recent, desk)
}
