//! What the authority and operators do: facts, feeds, held lists, people one at a time, rule packs, venues, test
//! sites, keys, the audit, and check-ins that come in numbers.

pub(super) mod audit;
pub(super) mod check_ins;
pub(super) mod facts;
pub(super) mod feeds;
pub(super) mod held;
pub(super) mod keys;
pub(super) mod person_records;
pub(super) mod policies;
pub(super) mod test_sites;
pub(super) mod venues;
