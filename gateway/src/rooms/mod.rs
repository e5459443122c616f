//! The rooms a check-in walks: decode, authenticate, colour, admit, journal, answer. Each takes the noun
//! of the one before by value and is the only maker of its own, so that nothing unauthenticated is
//! coloured and nothing is answered that is not on disk: it does not compile.

pub mod admit;
pub mod answer;
pub mod authenticate;
pub mod colour;
pub mod intake;
pub mod journal;
pub mod look_up;
pub mod people;

use crate::tables::Tables;
use authenticate::Terminal;
use journal::{JournalDesk, QueuedCheckIns};
use scangate_core::refusal::Refusal;
use scangate_core::scan::Scan;
use scangate_core::time::Timestamp;

/// Walks one scan to the journal. What comes back is answered when its group is on disk.
pub fn walk(
    body: &[u8],
    terminal: Option<&Terminal>,
    tables: &Tables,
    desk: &mut JournalDesk,
    now: Timestamp,
) -> Result<QueuedCheckIns, Refusal> {
    let scan = Scan::parse(body)?;
    let authentic = authenticate::authenticate(scan, terminal, tables, now)?;
    let coloured = colour::colour(authentic, &tables.colours);
    let admitted = admit::admit(coloured, &tables.policies);
    journal::journal(admitted, &tables.recent, desk)
}
