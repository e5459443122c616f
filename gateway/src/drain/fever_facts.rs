//! Records fevers measured at doors as facts, if the rule pack that decided the check-in asks for it. The
//! batcher passes the drained check-ins, so the scan path does not wait. A repeated drain records the same
//! facts again, which changes nothing.

use crate::tables::Tables;
use scangate_core::check_in::CheckIn;
use scangate_core::colour::Reasons;
use scangate_core::fact::{Fact, FactKind, Force, Symptom};
use scangate_core::id::{FactId, PersonId};
use scangate_storage::registry::{Registry, RegistryError};
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// The queue's bound: lists of people whose colours are to be recomputed.
const LISTS_MAX: usize = 64;
/// The source of the facts.
const SOURCE: &str = "door";

/// Records fevers as facts.
pub struct FeverRecorder {
    tables: Arc<Tables>,
    registry: Registry,
    feverish: Sender<Vec<PersonId>>,
}

impl FeverRecorder {
    /// Makes the recorder, and the queue of people whose colours are to be recomputed.
    #[must_use]
    pub fn new(tables: Arc<Tables>, registry: Registry) -> (Self, Receiver<Vec<PersonId>>) {
        let (feverish, people) = channel(LISTS_MAX);
        (Self { tables, registry, feverish }, people)
    }

    /// Records the fevers among these check-ins. Blocks while the queue is full.
    pub fn record(&self, check_ins: &[CheckIn]) -> Result<(), RegistryError> {
        let facts: Vec<Fact> = check_ins.iter().filter_map(|check_in| self.fact(check_in)).collect();
        if facts.is_empty() {
            return Ok(());
        }
        let people: Vec<PersonId> = facts.iter().map(|fact| fact.person).collect();
        let registered = self.registry.are_registered(&people)?;
        let facts = facts.into_iter().zip(registered);
        let facts: Vec<Fact> = facts.filter_map(|(fact, is_known)| is_known.then_some(fact)).collect();
        self.registry.record_facts(&facts)?;
        // Without a receiver the gateway is stopping: the next start computes every colour.
        let _ = self.feverish.blocking_send(facts.into_iter().map(|fact| fact.person).collect());
        Ok(())
    }

    fn fact(&self, check_in: &CheckIn) -> Option<Fact> {
        let outcome = check_in.outcome.filter(|outcome| outcome.reasons.has(Reasons::FEVER))?;
        let published = self.tables.policies.of(outcome.policy)?;
        if !published.policy.terms().records_door_fever {
            return None;
        }
        let fact = Fact {
            id: FactId(0),
            person: check_in.person,
            kind: FactKind::Symptoms { which: vec![Symptom::Fever] },
            at: check_in.at,
            until: None,
            recorded: check_in.at,
            source: SOURCE.to_owned(),
            reference: Some(check_in.id.to_string()),
            force: Force::InForce,
        };
        // The reference is the check-in, so recording a fever twice is idempotent.
        Some(fact.identified())
    }
}
