//! Verification: every acknowledged check-in is read back through the gateway and must occur exactly once.
//! Each resident reads their own trail, so verification spends no tracer's query quota.

use crate::city::LoadResident;
use crate::client::trails::read_through;
use crate::client::{LoadTarget, Version};
use crate::drive::now;
use crate::limits::CONNECT_MAX;
use crate::sample::AcknowledgedCheckIn;
use crate::watch::RunBoard;
use anyhow::Context as _;
use scangate_core::id::{CheckInId, PersonId};
use scangate_core::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use tokio::time::timeout;

/// Connections that read in parallel.
const READERS: usize = 4;

/// The counts of check-ins that were read back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VerificationResult {
    /// Distinct check-ins that were acknowledged.
    pub acknowledged: u64,
    /// Check-ins that are in the trail once, at the acknowledged time.
    pub found: u64,
    /// Check-ins that are not in the trail.
    pub missing: u64,
    /// Check-ins that are in the trail more than once.
    pub doubled: u64,
    /// Check-ins that are in the trail with a different time.
    pub changed: u64,
}

impl VerificationResult {
    /// Whether every acknowledged check-in was found.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.missing == 0 && self.doubled == 0 && self.changed == 0 && self.found == self.acknowledged
    }

    /// Adds the counts of other check-ins.
    pub(crate) fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.found += other.found;
        self.missing += other.missing;
        self.doubled += other.doubled;
        self.changed += other.changed;
    }
}

#[derive(Deserialize)]
struct PersonReply {
    check_ins: Vec<AcknowledgedCheckIn>,
}

/// Reads back every acknowledged check-in of these residents, without a watch.
pub async fn verify(
    target: &LoadTarget,
    residents: &[LoadResident],
    kept: &HashMap<PersonId, Vec<AcknowledgedCheckIn>>,
) -> anyhow::Result<VerificationResult> {
    verify_watched(target, residents, kept, &RunBoard::default()).await
}

/// Reads back every acknowledged check-in of these residents, and counts them on a run's board.
pub async fn verify_watched(
    target: &LoadTarget,
    residents: &[LoadResident],
    kept: &HashMap<PersonId, Vec<AcknowledgedCheckIn>>,
    board: &RunBoard,
) -> anyhow::Result<VerificationResult> {
    board.begin_reading_back(kept.values().map(|kept| kept.len() as u64).sum());
    let readers: Vec<(&LoadResident, &Vec<AcknowledgedCheckIn>)> =
        residents.iter().filter_map(|resident| Some((resident, kept.get(&resident.person)?))).collect();
    let last = kept.values().flatten().map(|check_in| check_in.at).max().unwrap_or(Timestamp(0));
    let shares = readers.chunks(readers.len().div_ceil(READERS).max(1));
    let readings = shares.map(|share| read_share(target, share, last, board));
    let mut verified = VerificationResult::default();
    for reading in futures_util::future::join_all(readings).await {
        verified.add(&reading?);
    }
    Ok(verified)
}

async fn read_share(
    target: &LoadTarget,
    share: &[(&LoadResident, &Vec<AcknowledgedCheckIn>)],
    last: Timestamp,
    board: &RunBoard,
) -> anyhow::Result<VerificationResult> {
    let connecting = timeout(CONNECT_MAX, target.connect(Version::Http3));
    let mut connection = connecting.await.context("the gateway takes no connection")??;
    let mut verified = VerificationResult::default();
    for (resident, kept) in share {
        let authorization = || resident.authorization(now());
        let trail: PersonReply = read_through(&mut connection, "/v1/people/me", authorization, last).await?;
        verified.add(&compare(kept, &trail.check_ins));
        board.add_read(kept.len() as u64);
    }
    Ok(verified)
}

fn compare(kept: &[AcknowledgedCheckIn], stored: &[AcknowledgedCheckIn]) -> VerificationResult {
    // The gateway acknowledges a repeated request with the same id and time; both are one check-in.
    let acknowledged: HashMap<CheckInId, Timestamp> = kept.iter().map(|one| (one.id, one.at)).collect();
    let mut found: HashMap<CheckInId, Vec<Timestamp>> = HashMap::new();
    for one in stored {
        found.entry(one.id).or_default().push(one.at);
    }
    let mut verified =
        VerificationResult { acknowledged: acknowledged.len() as u64, ..VerificationResult::default() };
    for (id, at) in acknowledged {
        match found.get(&id).map(Vec::as_slice) {
            None => verified.missing += 1,
            Some([stored]) if *stored == at => verified.found += 1,
            Some([_]) => verified.changed += 1,
            Some(_) => verified.doubled += 1,
        }
    }
    verified
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_doubled_or_changed_is_seen() {
        let one = |id: u8, at| AcknowledgedCheckIn { id: CheckInId([id; 16]), at: Timestamp(at) };
        let kept = [one(1, 1), one(1, 1), one(2, 2), one(3, 3), one(4, 4)];
        let stored = [one(1, 1), one(2, 9), one(3, 3), one(3, 3), one(5, 5)];
        let verified = compare(&kept, &stored);
        assert_eq!(
            verified,
            VerificationResult { acknowledged: 4, found: 1, missing: 1, doubled: 1, changed: 1 }
        );
        assert!(!verified.is_ok());
        assert!(compare(&kept[..2], &stored).is_ok());
    }
}
