//! The gate: what every worker and the back office share while the gateway runs. Tables that are read on
//! the scan path and swapped or filled elsewhere; no socket and no thread.

use crate::channels::Channels;
use crate::colours::Colours;
use crate::keyring::Keyring;
use crate::policies::Policies;
use crate::recent::Recent;
use crate::venues::Venues;
use scangate_core::token::TokenKey;

/// What is shared.
pub struct Gate {
    /// Every resident's standing.
    pub colours: Colours,
    /// The venues.
    pub venues: Venues,
    /// The keys.
    pub keyring: Keyring,
    /// The rule packs.
    pub policies: Policies,
    /// The check-ins of the last minute.
    pub recent: Recent,
    /// The ways by which people come.
    pub channels: Channels,
    /// Verifies bearer tokens.
    pub tokens: TokenKey,
}
