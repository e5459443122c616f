//! The journal's owner interface: open, query, checkpoint, close.

use super::config::JournalConfig;
use super::disk::Disk;
use super::files::checkpoint;
use super::lane::{Durability, Lane};
use super::reader::Reader;
use super::record::{SLOT_BYTES, Sequence};
use super::recover::RecoveryReport;
use super::reopen::reopen;
use super::shared::{LaneQueue, Shared, WakeLane, lane_records};
use super::writer::Writer;
use super::{JournalError, segment, spare};
use crossbeam::queue::ArrayQueue;
use crossbeam::utils::CachePadded;
use scangate_core::limits::STEP_VALID_MS;
use scangate_core::time::Timestamp;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The journal.
pub struct Journal {
    pub(super) shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Journal {
    /// Opens the journal on a disk, recovers its content, and starts its threads. There is one lane for each
    /// callback. **Errors**: the disk cannot be read, or a segment has a later format.
    pub fn open(
        config: &JournalConfig,
        disk: Arc<dyn Disk>,
        wakes: Vec<WakeLane>,
    ) -> Result<(Self, Vec<Lane>, RecoveryReport), JournalError> {
        let lane_records = lane_records(config, wakes.len()).ok_or_else(|| {
            std::io::Error::new(std::io::ErrorKind::InvalidInput, "a segment is too small for so many lanes")
        })?;
        let (segments, recovered) = reopen(config, &*disk)?;
        let lane = |wake| LaneQueue {
            queue: ArrayQueue::new(lane_records),
            durable: CachePadded::new(AtomicU64::new(0)),
            wake,
        };
        let shared = Arc::new(Shared {
            lanes: wakes.into_iter().map(lane).collect(),
            disk,
            segment_slots: config.segment_bytes / SLOT_BYTES as u64,
            segments_max: config.disk_bytes_max / config.segment_bytes,
            segments: Mutex::new(segments),
            spare_wanted: Condvar::new(),
            durable_end: CachePadded::new(AtomicU64::new(recovered.end.0)),
            is_parked: CachePadded::new(AtomicBool::new(false)),
            is_full: AtomicBool::new(false),
            is_poisoned: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
            writer: OnceLock::new(),
        });
        let is_short = shared.is_short(&shared.segments());
        shared.is_full.store(is_short, Ordering::Release);
        let spare = {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name("journal-spare".into()).spawn(move || spare::keep(&shared))?
        };
        wait_for_first(&shared);
        let writer = {
            let shared = Arc::clone(&shared);
            let next = recovered.end;
            thread::Builder::new().name("journal".into()).spawn(move || Writer::new(shared, next).run())?
        };
        // The writer thread has received no record yet.
        let _ = shared.writer.set(writer.thread().clone());
        let lanes = (0..shared.lanes.len()).map(|number| Lane::new(number, Arc::clone(&shared))).collect();
        Ok((Self { shared, threads: vec![writer, spare] }, lanes, recovered))
    }

    /// A handle that tells which records of each lane are durable.
    #[must_use]
    pub fn durability(&self) -> Durability {
        Durability(Arc::clone(&self.shared))
    }

    /// The sequence after the last durable record.
    #[must_use]
    pub fn durable_end(&self) -> Sequence {
        Sequence(self.shared.durable_end.load(Ordering::Acquire))
    }

    /// Whether a write or fsync has failed: nothing is acknowledged any more.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.shared.is_poisoned.load(Ordering::Acquire)
    }

    /// Whether pushes are refused because the disk, or its share of it, is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.shared.is_full.load(Ordering::Acquire)
    }

    /// How many records fit until the bound on the disk is reached.
    #[must_use]
    pub fn space_left(&self) -> u64 {
        let segments = self.shared.segments();
        let used: u64 = segments.used.iter().map(|segment| segment.slots.load(Ordering::Relaxed)).sum();
        let past = segments.used.len() as u64 * self.shared.segment_slots;
        let active = segments.active.map_or(0, |_| past.saturating_sub(used).min(self.shared.segment_slots));
        let left = self.shared.segments_max.saturating_sub(segments.used.len() as u64);
        active + left * self.shared.segment_slots
    }

    /// The bound on the disk. **Units**: bytes.
    #[must_use]
    pub fn bytes_max(&self) -> u64 {
        self.shared.segments_max * self.shared.segment_slots * SLOT_BYTES as u64
    }

    /// The space until the bound on the disk is reached. **Units**: bytes.
    #[must_use]
    pub fn bytes_left(&self) -> u64 {
        self.space_left() * SLOT_BYTES as u64
    }

    /// A reader that follows the journal from a sequence on.
    #[must_use]
    pub fn reader(&self, from: Sequence) -> Reader {
        Reader::new(Arc::clone(&self.shared), from)
    }

    /// Records that the store has everything before `sequence`, and frees the segments that hold nothing
    /// else. A segment is kept while a repeated scan may still ask for its check-ins at `now`, and while a
    /// [`JournalHold`] lasts.
    pub fn checkpoint(&self, sequence: Sequence, now: Timestamp) -> Result<(), JournalError> {
        checkpoint::write(&*self.shared.disk, sequence)?;
        let mut segments = self.shared.segments();
        segments.is_held &= (segments.used.len() as u64) < self.shared.segments_max / 2;
        while let Some(first) = segments.used.front().filter(|_| !segments.is_held) {
            let is_recent = first.latest().plus_ms(2 * STEP_VALID_MS) > now;
            if segments.active == Some(first.number) || first.end() > sequence || is_recent {
                break;
            }
            let name = segment::name(first.number);
            segments.free.push(name);
            segments.used.pop_front();
        }
        drop(segments);
        self.shared.spare_wanted.notify_all();
        Ok(())
    }

    /// Keeps every segment in use from now on, so that a backup can read it. Returns `None` while another
    /// hold lasts.
    #[must_use]
    pub fn hold(&self) -> Option<JournalHold> {
        let mut segments = self.shared.segments();
        let is_free = !std::mem::replace(&mut segments.is_held, true);
        is_free.then(|| JournalHold(Arc::clone(&self.shared)))
    }

    /// Writes what the lanes still hold, seals the last segment and ends the threads. All pushing must have
    /// stopped.
    pub fn close(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shared.is_closing.store(true, Ordering::Release);
        if let Some(writer) = self.shared.writer.get() {
            writer.unpark();
        }
        self.shared.spare_wanted.notify_all();
        for thread in self.threads.drain(..) {
            // A panic of the writer has poisoned the journal. A panic of the spare thread leaves it without a
            // spare segment.
            let _ = thread.join();
        }
    }
}

/// A hold on the segments in use, which ends when it is dropped. It gives way once the journal has used half
/// of its space: a backup may fail, and a scan may not be refused because of one.
pub struct JournalHold(Arc<Shared>);

impl JournalHold {
    /// Whether no segment was freed since the hold began.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.0.segments().is_held
    }
}

impl Drop for JournalHold {
    fn drop(&mut self) {
        self.0.segments().is_held = false;
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits until the first segment is ready or is known to be unavailable: the disk may be full at the start.
fn wait_for_first(shared: &Shared) {
    let segments = shared.segments();
    let waited = shared.spare_wanted.wait_timeout_while(segments, Duration::from_secs(10), |segments| {
        segments.spare.is_none() && shared.is_full.load(Ordering::Acquire)
    });
    drop(waited);
}
