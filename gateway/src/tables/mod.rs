//! The tables that every worker and the back office share while the gateway runs. The scan path reads
//! them; the back office and the recovery fill and swap them. No socket and no thread is here.

pub mod announced;
pub mod channels;
pub mod check_in_counts;
pub mod colours;
pub mod districts;
pub mod key_histories;
pub mod keyring;
pub mod notices;
pub mod policies;
pub mod published_areas;
pub mod recent;
pub mod tokens;
pub mod venues;

use announced::AnnouncedArrivals;
use channels::Channels;
use colours::ColourTable;
use districts::DistrictQueues;
use key_histories::KeyHistories;
use keyring::Keyring;
use notices::Notices;
use policies::Policies;
use recent::RecentCheckIns;
use tokens::Tokens;
use venues::Venues;

/// The shared tables.
pub struct Tables {
    /// Every resident's standing, with the generation of their keys.
    pub colours: ColourTable,
    /// The red and yellow people of each district.
    pub districts: DistrictQueues,
    /// When keys were renewed and paper passes revoked.
    pub key_histories: KeyHistories,
    /// The announced arrivals of people who are expected at the gates.
    pub announced: AnnouncedArrivals,
    /// The venues.
    pub venues: Venues,
    /// The keys.
    pub keyring: Keyring,
    /// The rule packs.
    pub policies: Policies,
    /// The authority's notices.
    pub notices: Notices,
    /// The check-ins of the last minute.
    pub recent: RecentCheckIns,
    /// The channels and their quotas.
    pub channels: Channels,
    /// Verifies bearer tokens.
    pub tokens: Tokens,
}
