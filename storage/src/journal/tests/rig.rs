//! A journal on the faulty disk, with one lane and a bell.

use super::super::record::{SLOT_BYTES, Sequence};
use super::super::{Journal, JournalConfig, JournalError, Lane, PushRefusal, RecoveryReport};
use super::disk::{FaultyDisk, SyncGate};
use scangate_core::check_in::{CheckIn, Direction, Mode, Outcome, PolicyNumber};
use scangate_core::colour::{Checks, Colour, Reasons, Verdict};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::time::Timestamp;
use std::io;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

pub(in crate::journal) const LANE: usize = 16;
pub(super) const SEGMENT: u64 = 160 * SLOT_BYTES as u64;

pub(in crate::journal) fn check_in(number: u64) -> CheckIn {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    CheckIn {
        id: CheckInId(id),
        person: PersonId(number),
        venue: VenueId(number % 7),
        at: Timestamp(1_000 + number),
        direction: if number.is_multiple_of(5) { Direction::Out } else { Direction::In },
        mode: Mode::Door,
        outcome: (!number.is_multiple_of(3)).then_some(Outcome {
            colour: Colour::Yellow,
            verdict: Verdict::Check,
            checks: Checks::FULL,
            reasons: Reasons::rule(4).and(Reasons::FEVER),
            policy: PolicyNumber(9),
        }),
    }
}

/// Opens the gate when a test ends, so that its journal does not wait there forever.
pub(super) struct GateOpener(Arc<SyncGate>);

impl Drop for GateOpener {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

/// A journal with one lane and a bell that signals progress.
pub(super) struct JournalRig {
    // Fields are dropped in their order: the gate opens before the journal is closed.
    pub(super) _opens_gate: GateOpener,
    pub(super) journal: Journal,
    pub(super) lane: Lane,
    pub(super) recovered: RecoveryReport,
    pub(super) bell: Arc<(Mutex<u64>, Condvar)>,
}

pub(in crate::journal) fn config() -> JournalConfig {
    JournalConfig {
        segment_bytes: SEGMENT,
        disk_bytes_max: 64 * SEGMENT,
        lane_records: LANE,
        recent_since: Timestamp(0),
    }
}

pub(super) fn open(disk: &Arc<FaultyDisk>, config: &JournalConfig) -> Result<JournalRig, JournalError> {
    let bell = Arc::new((Mutex::new(0), Condvar::new()));
    let ring = Arc::clone(&bell);
    let wake = Box::new(move || {
        *ring.0.lock().unwrap() += 1;
        ring.1.notify_all();
    });
    let (journal, mut lanes, recovered) = Journal::open(config, Arc::clone(disk) as _, vec![wake])?;
    Ok(JournalRig {
        _opens_gate: GateOpener(Arc::clone(&disk.gate)),
        journal,
        lane: lanes.remove(0),
        recovered,
        bell,
    })
}

impl JournalRig {
    /// Waits until this many records are durable. Returns false if the journal is poisoned first, or after 20
    /// s.
    pub(super) fn wait(&self, durable: u64) -> bool {
        let guard = self.bell.0.lock().unwrap();
        let is_waiting = |_: &mut u64| self.lane.durable() < durable && !self.journal.is_poisoned();
        drop(self.bell.1.wait_timeout_while(guard, Duration::from_secs(20), is_waiting).unwrap());
        self.lane.durable() >= durable
    }

    /// Pushes a check-in, retrying while the lane is full.
    pub(super) fn push(&mut self, number: u64) {
        let patience = Instant::now() + Duration::from_secs(20);
        while let Err(refusal) = self.lane.push(check_in(number)) {
            assert!(refusal != PushRefusal::Poisoned && Instant::now() < patience, "{refusal:?}");
            std::thread::yield_now();
        }
    }

    /// Ends like a killed process: nothing more reaches the disk.
    pub(super) fn kill(self, disk: &FaultyDisk) {
        *disk.fuse.left.lock().unwrap() = Some((0, io::ErrorKind::Other));
        drop(self);
        *disk.fuse.left.lock().unwrap() = None;
    }

    pub(super) fn everything(&self) -> Vec<CheckIn> {
        let mut all = Vec::new();
        self.journal.reader(Sequence(0)).read(usize::MAX, &mut all).unwrap();
        all
    }
}
