//! The tables: what every worker and the back office share while the gateway runs. Tables that are read on
//! the scan path and swapped or filled elsewhere; no socket and no thread.

pub mod channels;
pub mod check_in_counts;
pub mod colours;
pub mod keyring;
pub mod policies;
pub mod recent;
pub mod venues;

use channels::Channels;
use colours::ColourTable;
use keyring::Keyring;
use policies::Policies;
use recent::RecentCheckIns;
use scangate_core::token::TokenKey;
use venues::Venues;

/// What is shared.
pub struct Tables {
    /// Every resident's standing.
    pub colours: ColourTable,
    /// The venues.
    pub venues: Venues,
    /// The keys.
    pub keyring: Keyring,
    /// The rule packs.
    pub policies: Policies,
    /// The check-ins of the last minute.
    pub recent: RecentCheckIns,
    /// The ways by which people come.
    pub channels: Channels,
    /// Verifies bearer tokens.
    pub tokens: TokenKey,
}
