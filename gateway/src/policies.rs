//! The published rule packs: the one in force, and those that decided earlier check-ins. Swapped as a
//! whole; old decisions keep the number of the pack that made them.

use arc_swap::ArcSwap;
use dashmap::DashMap;
use scangate_core::check_in::PolicyNumber;
use scangate_core::policy::Policy;
use scangate_storage::registry::StoredPolicy;
use std::sync::Arc;

/// A pack with the number under which the registry keeps it.
pub struct Published {
    /// Its number.
    pub number: PolicyNumber,
    /// The pack.
    pub policy: Policy,
    /// Its text.
    pub text: String,
}

/// All packs of a running gateway.
pub struct Policies {
    in_force: ArcSwap<Published>,
    all: DashMap<PolicyNumber, Arc<Published>>,
}

impl Policies {
    /// Begins with the pack in force.
    #[must_use]
    pub fn new(in_force: Published) -> Self {
        let in_force = Arc::new(in_force);
        let all = DashMap::new();
        all.insert(in_force.number, Arc::clone(&in_force));
        Self { in_force: ArcSwap::new(in_force), all }
    }

    /// The pack in force.
    #[must_use]
    pub fn in_force(&self) -> arc_swap::Guard<Arc<Published>> {
        self.in_force.load()
    }

    /// Brings a pack into force; the one before stays known.
    pub fn bring_into_force(&self, published: Published) {
        let published = Arc::new(published);
        self.all.insert(published.number, Arc::clone(&published));
        self.in_force.store(published);
    }

    /// Remembers an earlier pack, so that its decisions can be named.
    pub fn remember(&self, published: Published) {
        self.all.insert(published.number, Arc::new(published));
    }

    /// Every pack as the registry keeps it, the oldest first.
    #[must_use]
    pub fn stored(&self) -> Vec<StoredPolicy> {
        let stored = |published: &Published| StoredPolicy {
            number: published.number,
            label: published.policy.label().to_owned(),
            text: published.text.clone(),
        };
        let mut all: Vec<StoredPolicy> = self.all.iter().map(|published| stored(&published)).collect();
        all.sort_unstable_by_key(|stored| stored.number);
        all
    }

    /// The pack of a number.
    #[must_use]
    pub fn of(&self, number: PolicyNumber) -> Option<Arc<Published>> {
        let in_force = self.in_force.load();
        if in_force.number == number {
            return Some(Arc::clone(&in_force));
        }
        self.all.get(&number).map(|published| Arc::clone(&published))
    }
}
