//! The reference data without which a gateway cannot answer: key ids, rule packs, venues, revoked tokens and
//! notices.
//! The registry stores it; a snapshot holds a copy for a start without the registry.

use crate::tables::Tables;
use crate::tables::keyring::Kids;
use crate::tables::policies::{self, Policies};
use anyhow::Context as _;
use scangate_core::certificate::PUBLIC_KEY_BYTES;
use scangate_core::id::{PersonId, TokenId};
use scangate_core::keys::KeyHistory;
use scangate_core::notice::Notice;
use scangate_core::venue::Venue;
use scangate_storage::registry::{Registry, StoredPolicy};
use serde::{Deserialize, Serialize};

/// Key ids, rule packs, venues, revoked tokens and notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceData {
    /// The current and accepted key ids.
    pub kids: Kids,
    /// Every pack that was ever in force, the oldest first.
    pub policies: Vec<StoredPolicy>,
    /// Every venue.
    pub venues: Vec<Venue>,
    /// Every key history, in a snapshot only: `key_states` loads those of the registry.
    #[serde(default)]
    pub key_histories: Vec<(PersonId, KeyHistory)>,
    /// The revoked tokens.
    #[serde(default)]
    pub revoked: Vec<TokenId>,
    /// The authority's notices.
    #[serde(default)]
    pub notices: Vec<Notice>,
}

impl ReferenceData {
    /// Reads the reference data from the registry.
    pub fn read(registry: &Registry) -> anyhow::Result<Self> {
        let mut venues = Vec::new();
        registry.venues(|venue| venues.push(venue))?;
        let (kids, policies) = (kids(registry)?, registry.policies()?);
        let revoked = registry.revoked_tokens()?;
        let notices = registry.notices()?;
        Ok(Self { kids, policies, venues, key_histories: Vec::new(), revoked, notices })
    }

    /// The reference data of a running gateway.
    #[must_use]
    pub fn of(tables: &Tables) -> Self {
        Self {
            kids: tables.keyring.kids(),
            policies: tables.policies.stored(),
            venues: tables.venues.all(),
            key_histories: tables.key_histories.all(),
            revoked: tables.tokens.revoked(),
            notices: tables.notices.all(),
        }
    }

    /// The packs, of which the last is in force. **Errors**: the registry has none; one is not signed with
    /// this key; this version cannot read one.
    pub fn packs(&self, signed_by: [u8; PUBLIC_KEY_BYTES]) -> anyhow::Result<Policies> {
        let mut stored = self.policies.iter();
        let last = stored.next_back().context("no rule pack was ever published")?;
        let policies = Policies::new(policies::read(last, &signed_by)?, signed_by);
        for earlier in stored {
            policies.remember(policies.read(earlier)?);
        }
        Ok(policies)
    }

    /// Updates a running gateway. Returns whether another pack is in force now, in which case every colour is
    /// to be recomputed.
    pub fn apply(self, tables: &Tables) -> anyhow::Result<bool> {
        tables.keyring.swap(self.kids);
        tables.tokens.revoke(self.revoked);
        tables.notices.refresh(|| anyhow::Ok(self.notices))?;
        self.venues.into_iter().for_each(|venue| tables.venues.put(venue));
        follow_policies(&self.policies, &tables.policies)
    }
}

/// Reads the key ids from the registry.
pub fn kids(registry: &Registry) -> anyhow::Result<Kids> {
    parse_kids(registry.kids()?.as_deref())
}

/// Parses the registry's key ids; the default ones if it has none.
pub fn parse_kids(stored: Option<&[u8]>) -> anyhow::Result<Kids> {
    let parsed = stored.map(serde_json::from_slice).transpose();
    Ok(parsed.context("the kids in the registry")?.unwrap_or_default())
}

/// Adds the packs that are not known yet, and brings the last one into force. Returns whether the pack in
/// force changed.
pub fn follow_policies(stored: &[StoredPolicy], policies: &Policies) -> anyhow::Result<bool> {
    for stored in stored.iter().filter(|stored| policies.of(stored.number).is_none()) {
        policies.remember(policies.read(stored)?);
    }
    let Some(last) = stored.last() else { return Ok(false) };
    if last.number <= policies.in_force().number {
        return Ok(false);
    }
    policies.bring_into_force(policies.read(last)?);
    Ok(true)
}
