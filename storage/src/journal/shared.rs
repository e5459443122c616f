//! The state that the journal's threads, its lanes and its readers share.

use super::DiskFile;
use super::config::JournalConfig;
use super::disk::Disk;
use super::record::{SLOT_BYTES, Sequence};
use super::segment::Segment;
use crossbeam::queue::ArrayQueue;
use crossbeam::utils::CachePadded;
use scangate_core::check_in::CheckIn;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;

/// A callback of a lane's owner. The journal calls it once for each group with records of the lane, and when
/// the journal is poisoned.
pub type WakeLane = Box<dyn Fn() + Send + Sync>;

/// A record was not accepted. Nothing of it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PushRefusal {
    /// The lane is full: the disk is slower than the load. Retry in a moment.
    #[error("the journal's queue is full")]
    Overloaded,
    /// The journal has used its share of the disk, or the disk is full. It heals when the store has drained
    /// the backlog, or when the disk has space again.
    #[error("the journal is full")]
    Full,
    /// A write or fsync failed: nothing is acknowledged any more. Restart to recover.
    #[error("the journal is poisoned")]
    Poisoned,
}

/// The state of a lane that the journal and its worker share.
pub(super) struct LaneQueue {
    pub(super) queue: ArrayQueue<CheckIn>,
    pub(super) durable: CachePadded<AtomicU64>,
    pub(super) wake: WakeLane,
}

/// The shared state of the threads, lanes and readers.
pub(super) struct Shared {
    pub(super) lanes: Vec<LaneQueue>,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) segment_slots: u64,
    pub(super) segments_max: u64,
    pub(super) segments: Mutex<Segments>,
    pub(super) spare_wanted: Condvar,
    pub(super) durable_end: CachePadded<AtomicU64>,
    pub(super) is_parked: CachePadded<AtomicBool>,
    pub(super) is_full: AtomicBool,
    pub(super) is_poisoned: AtomicBool,
    pub(super) is_closing: AtomicBool,
    pub(super) writer: OnceLock<Thread>,
}

/// The journal's segments.
pub(super) struct Segments {
    /// The segments in use, in order. The last one is the active one, if any is.
    pub(super) used: VecDeque<Arc<Segment>>,
    /// The number of the segment being written.
    pub(super) active: Option<u64>,
    /// The spare segment, ready to be written.
    pub(super) spare: Option<(u64, Arc<dyn DiskFile>)>,
    /// The names of freed files, from which spares are made.
    pub(super) free: Vec<String>,
    pub(super) next_number: u64,
    /// Whether a checkpoint frees no segment, because a backup reads them.
    pub(super) is_held: bool,
}

impl Shared {
    pub(super) fn segments(&self) -> MutexGuard<'_, Segments> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The refusal of a push now, if pushes are refused.
    pub(super) fn refusal(&self) -> Option<PushRefusal> {
        if self.is_poisoned.load(Ordering::Acquire) {
            return Some(PushRefusal::Poisoned);
        }
        self.is_full.load(Ordering::Acquire).then_some(PushRefusal::Full)
    }

    /// Wakes the writer if it sleeps waiting for records.
    pub(super) fn wake_writer(&self) {
        // Pairs with the fence of `park`: either this sees the flag or the writer sees the record.
        fence(Ordering::SeqCst);
        if self.is_parked.load(Ordering::Relaxed)
            && self.is_parked.swap(false, Ordering::AcqRel)
            && let Some(writer) = self.writer.get()
        {
            writer.unpark();
        }
    }

    /// The segment that holds a record, or would hold it.
    pub(super) fn segment_of(&self, sequence: Sequence) -> Option<Arc<Segment>> {
        let segments = self.segments();
        let later = segments.used.iter().position(|segment| segment.end() > sequence);
        segments.used.get(later?).cloned()
    }

    /// Whether the segment is closed to writing.
    pub(super) fn is_past(&self, segment: &Segment) -> bool {
        self.segments().active != Some(segment.number)
    }

    /// The segment after this one.
    pub(super) fn segment_after(&self, segment: &Segment) -> Option<Arc<Segment>> {
        self.segments().used.iter().find(|next| next.number > segment.number).cloned()
    }

    /// Stops the journal: it accepts and acknowledges nothing until the next start.
    pub(super) fn poison(&self, error: &dyn std::fmt::Display) {
        tracing::error!(event = "journal-failed", %error, "the journal failed: nothing is acknowledged any more");
        self.is_poisoned.store(true, Ordering::Release);
        self.lanes.iter().for_each(|lane| (lane.wake)());
    }

    /// The capacity of all lanes together, in records: also the largest size of a group.
    pub(super) fn lanes_records(&self) -> usize {
        self.lanes.iter().map(|lane| lane.queue.capacity()).sum()
    }

    /// Whether the records in the lanes and in the group might not fit on the disk.
    pub(super) fn is_short(&self, segments: &Segments) -> bool {
        let active = segments.used.back().filter(|segment| Some(segment.number) == segments.active);
        let left = active
            .map_or(0, |segment| self.segment_slots.saturating_sub(segment.slots.load(Ordering::Relaxed)));
        segments.spare.is_none() && left < slots_pending(self.lanes_records())
    }
}

/// The most slots that pending records can need: a full group, and every record of full lanes in its own
/// group.
pub(super) fn slots_pending(lanes_records: usize) -> u64 {
    3 * lanes_records as u64 + 1
}

/// The capacity of each lane in records: the configured one, or less if a segment cannot hold that.
pub(super) fn lane_records(config: &JournalConfig, lanes: usize) -> Option<usize> {
    let slots = usize::try_from(config.segment_bytes / SLOT_BYTES as u64).ok()?;
    let fitting = slots.checked_sub(3)? / 3 / lanes;
    Some(config.lane_records.min(fitting)).filter(|records| *records > 0)
}
