//! People who pass a gate of the city. A check-in there closes the arrival that the person announced. If
//! the rule pack in force has the duty to report, a check-in begins it, and a check-out ends it. The
//! batcher passes the drained check-ins, so the scan path does not wait. A repeated drain finds what the
//! first one did, and changes nothing.

use crate::tables::Tables;
use crate::tables::announced::AnnouncedArrival;
use scangate_core::check_in::{CheckIn, Direction};
use scangate_core::colour::Colour;
use scangate_core::id::PersonId;
use scangate_core::paper::{Arrival, DutyRule, FiledPaper, Paper, opened_paper};
use scangate_storage::registry::{Registry, RegistryError};
use std::sync::Arc;

/// Closes announced arrivals, and begins and ends the duty, at the gates.
pub struct GateRecorder {
    tables: Arc<Tables>,
    registry: Registry,
}

impl GateRecorder {
    /// Makes the recorder.
    #[must_use]
    pub fn new(tables: Arc<Tables>, registry: Registry) -> Self {
        Self { tables, registry }
    }

    /// Records what follows from these check-ins. **Cost**: a read of the papers of each person with the duty
    /// at a gate.
    pub fn record(&self, check_ins: &[CheckIn]) -> Result<(), RegistryError> {
        self.close(check_ins)?;
        let published = self.tables.policies.in_force();
        let Some(rule) = DutyRule::of(&published.policy) else { return Ok(()) };
        let bound = check_ins.iter().filter_map(|check_in| {
            let colour = check_in.outcome?.colour;
            (rule.binds(colour) && self.tables.venues.is_gate(check_in.venue)).then_some((check_in, colour))
        });
        let bound: Vec<(&CheckIn, Colour)> = bound.collect();
        let people: Vec<PersonId> = bound.iter().map(|(check_in, _)| check_in.person).collect();
        let registered = self.registry.are_registered(&people)?;
        for ((check_in, colour), is_registered) in bound.into_iter().zip(registered) {
            match check_in.direction {
                _ if !is_registered => {}
                Direction::In => self.enter(rule, check_in, colour)?,
                Direction::Out => self.leave(rule, check_in)?,
            }
        }
        Ok(())
    }

    /// Closes the announced arrivals that these check-ins are.
    fn close(&self, check_ins: &[CheckIn]) -> Result<(), RegistryError> {
        // After a start the journal's check-ins may be drained before the arrivals are loaded.
        let is_loaded = self.tables.announced.is_loaded();
        let is_at_gate = |check_in: &&CheckIn| {
            let may_be_expected = !is_loaded || self.tables.announced.expects(check_in);
            may_be_expected && self.tables.venues.is_gate(check_in.venue)
        };
        for check_in in check_ins.iter().filter(is_at_gate) {
            for AnnouncedArrival { paper, .. } in self.met_by(check_in, is_loaded)? {
                let close = |arrival: &mut Arrival| {
                    arrival.passed.get_or_insert(check_in.id);
                };
                self.registry.change_arrival(check_in.person, paper, close)?;
            }
            self.tables.announced.close(check_in);
        }
        Ok(())
    }

    /// The announced arrivals that a check-in at a gate is.
    fn met_by(&self, check_in: &CheckIn, is_loaded: bool) -> Result<Vec<AnnouncedArrival>, RegistryError> {
        if is_loaded {
            return Ok(self.tables.announced.met_by(check_in));
        }
        let (filed, published) = (self.registry.papers_of(check_in.person)?, self.tables.policies.in_force());
        let announced =
            filed.iter().filter_map(|filed| AnnouncedArrival::of(filed, published.policy.calendar()));
        Ok(announced.filter(|arrival| arrival.is_met_by(check_in)).collect())
    }

    fn enter(&self, rule: DutyRule<'_>, check_in: &CheckIn, colour: Colour) -> Result<(), RegistryError> {
        let mut is_handled = false;
        for mut filed in self.registry.papers_of(check_in.person)? {
            let arrival = filed.paper.arrival();
            let Some(arrival) = arrival.filter(|arrival| arrival.withdrawn.is_none()) else { continue };
            let before = arrival.clone();
            is_handled |= rule.check_in(arrival, colour, check_in);
            if *arrival != before {
                self.change(&filed, |arrival| {
                    rule.check_in(arrival, colour, check_in);
                })?;
            }
        }
        let opened = rule.open(colour, check_in).filter(|_| !is_handled);
        if let Some(opened) = opened {
            let (id, person) = (opened_paper(check_in.id), check_in.person);
            self.registry.file_once(&FiledPaper { id, person, paper: Paper::Arrival(opened) })?;
        }
        Ok(())
    }

    fn leave(&self, rule: DutyRule<'_>, check_in: &CheckIn) -> Result<(), RegistryError> {
        for mut filed in self.registry.papers_of(check_in.person)? {
            let Some(arrival) = filed.paper.arrival() else { continue };
            let before = arrival.clone();
            rule.leave(arrival, check_in.at);
            if *arrival != before {
                self.change(&filed, |arrival| rule.leave(arrival, check_in.at))?;
            }
        }
        Ok(())
    }

    fn change(&self, filed: &FiledPaper, change: impl Fn(&mut Arrival)) -> Result<(), RegistryError> {
        self.registry.change_arrival(filed.person, filed.id, change).map(drop)
    }
}
