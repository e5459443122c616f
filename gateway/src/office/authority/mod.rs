//! Endpoints of the authority and the operators: facts, feeds, held lists, person records, rule packs,
//! venues, test sites, keys, tokens, the audit, and check-ins in bulk.

pub(super) mod audit;
mod brake;
pub(super) mod check_ins;
pub(super) mod facts;
pub(super) mod feeds;
pub(super) mod held;
mod held_view;
pub(super) mod keys;
pub(super) mod person_keys;
pub(super) mod person_records;
pub(super) mod policies;
pub(super) mod test_sites;
pub(super) mod tokens;
pub(super) mod venues;
