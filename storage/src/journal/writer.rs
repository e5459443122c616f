//! The journal's own thread: gathers groups from the lanes, writes each once and syncs it once, and says
//! how far every lane is on disk. A second thread keeps a spare segment ready, so that no group waits for
//! the allocation of a file.

use super::disk::Disk;
use super::group::{Group, Next, RECORDS_MAX};
use super::lane::{Durability, Lane, LaneQueue, PushRefusal};
use super::reader::Reader;
use super::record::{self, SLOT_BYTES, Sequence, Slot};
use super::recover::{Damage, Recovered, scan_segment};
use super::segment::{self, FORMAT, Header, HeaderKind, Segment};
use super::{DiskFile, JournalError};
use crossbeam::queue::ArrayQueue;
use crossbeam::utils::CachePadded;
use scangate_core::check_in::CheckIn;
use scangate_core::limits::STEP_VALID_MS;
use scangate_core::time::Timestamp;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

/// How long the spare thread waits before it tries again to get room.
const SPARE_RETRY: Duration = Duration::from_millis(250);

/// The journal's settings.
#[derive(Debug, Clone)]
pub struct JournalConfig {
    /// One segment. **Units**: bytes, a multiple of 64.
    pub segment_bytes: u64,
    /// All segments together. **Units**: bytes.
    pub disk_bytes_max: u64,
    /// Records that a lane holds on their way to the disk.
    pub lane_records: usize,
    /// Check-ins from this time on are given back by recovery.
    pub recent_since: Timestamp,
}

/// A callback of a lane's holder: called once a group that held records of the lane, and when the journal
/// is poisoned.
pub type WakeLane = Box<dyn Fn() + Send + Sync>;

/// What threads, lanes and readers share.
pub(super) struct Shared {
    pub(super) lanes: Vec<LaneQueue>,
    disk: Arc<dyn Disk>,
    segment_slots: u64,
    segments_max: u64,
    segments: Mutex<Segments>,
    spare_wanted: Condvar,
    durable_end: CachePadded<AtomicU64>,
    is_parked: CachePadded<AtomicBool>,
    is_full: AtomicBool,
    is_poisoned: AtomicBool,
    is_closing: AtomicBool,
    writer: OnceLock<Thread>,
}

struct Segments {
    /// In order; the last is the one being written, if any is.
    used: VecDeque<Arc<Segment>>,
    active: Option<u64>,
    spare: Option<(u64, Arc<dyn DiskFile>)>,
    free: Vec<String>,
    next_number: u64,
}

impl Shared {
    fn segments(&self) -> MutexGuard<'_, Segments> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why nothing is taken now, if so.
    pub(super) fn refusal(&self) -> Option<PushRefusal> {
        if self.is_poisoned.load(Ordering::Acquire) {
            return Some(PushRefusal::Poisoned);
        }
        self.is_full.load(Ordering::Acquire).then_some(PushRefusal::Full)
    }

    /// Wakes the writer if it sleeps for want of records.
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

    /// The segment that holds a record, or would.
    pub(super) fn holding(&self, sequence: Sequence) -> Option<Arc<Segment>> {
        let segments = self.segments();
        let later = segments.used.iter().position(|segment| segment.end() > sequence);
        segments.used.get(later?).cloned()
    }

    /// Whether nothing is written to a segment any more.
    pub(super) fn is_past(&self, segment: &Segment) -> bool {
        self.segments().active != Some(segment.number)
    }

    /// The segment after one.
    pub(super) fn after(&self, segment: &Segment) -> Option<Arc<Segment>> {
        self.segments().used.iter().find(|next| next.number > segment.number).cloned()
    }

    fn poison(&self, error: &std::io::Error) {
        tracing::error!(%error, "the journal's disk failed: nothing is acknowledged any more");
        self.is_poisoned.store(true, Ordering::Release);
        self.lanes.iter().for_each(|lane| (lane.wake)());
    }

    /// Slots that all lanes together may still bring, each in a group of its own at worst.
    fn lanes_slots(&self) -> u64 {
        self.lanes.iter().map(|lane| 2 * lane.queue.capacity() as u64).sum()
    }
}

/// The journal.
pub struct Journal {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Journal {
    /// Opens the journal on a disk, recovers what is there, and starts its threads. There is a lane for
    /// each callback. **Errors**: where the disk cannot be read, or a segment is of a later format.
    pub fn open(
        config: &JournalConfig,
        disk: Arc<dyn Disk>,
        wakes: Vec<WakeLane>,
    ) -> Result<(Self, Vec<Lane>, Recovered), JournalError> {
        let group_slots = 2 * (wakes.len() * config.lane_records) as u64;
        if config.segment_bytes / (SLOT_BYTES as u64) < 2 * group_slots + 4 {
            let message = "a segment must hold twice what all lanes hold";
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, message).into());
        }
        let (segments, recovered) = recover(config, &*disk)?;
        let lane = |wake| LaneQueue {
            queue: ArrayQueue::new(config.lane_records),
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
            // Until the first segment is there.
            is_full: AtomicBool::new(true),
            is_poisoned: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
            writer: OnceLock::new(),
        });
        let spare = {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name("journal-spare".into()).spawn(move || keep_spare(&shared))?
        };
        wait_for_first(&shared);
        let writer = {
            let shared = Arc::clone(&shared);
            let next = recovered.end;
            thread::Builder::new().name("journal".into()).spawn(move || Writer::new(shared, next).run())?
        };
        // The thread has not been told of any record yet.
        let _ = shared.writer.set(writer.thread().clone());
        let lanes = (0..shared.lanes.len()).map(|number| Lane::new(number, Arc::clone(&shared))).collect();
        Ok((Self { shared, threads: vec![writer, spare] }, lanes, recovered))
    }

    /// How far every lane is on disk.
    #[must_use]
    pub fn durability(&self) -> Durability {
        Durability(Arc::clone(&self.shared))
    }

    /// The sequence after the last record on disk.
    #[must_use]
    pub fn durable_end(&self) -> Sequence {
        Sequence(self.shared.durable_end.load(Ordering::Acquire))
    }

    /// Whether a write or fsync has failed: nothing is acknowledged any more.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.shared.is_poisoned.load(Ordering::Acquire)
    }

    /// Whether pushes are refused for want of room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.shared.is_full.load(Ordering::Acquire)
    }

    /// Records that fit until the bound on the disk is reached.
    #[must_use]
    pub fn room(&self) -> u64 {
        let segments = self.shared.segments();
        let used: u64 = segments.used.iter().map(|segment| segment.slots.load(Ordering::Relaxed)).sum();
        let past = segments.used.len() as u64 * self.shared.segment_slots;
        let active = segments.active.map_or(0, |_| past.saturating_sub(used).min(self.shared.segment_slots));
        let left = self.shared.segments_max.saturating_sub(segments.used.len() as u64);
        active + left * self.shared.segment_slots
    }

    /// Follows the journal from a place on.
    #[must_use]
    pub fn reader(&self, from: Sequence) -> Reader {
        Reader::new(Arc::clone(&self.shared), from)
    }

    /// Says that the store has everything before `sequence`: remembers it, and frees the segments that hold
    /// nothing else and nothing that a repeated scan may still ask for at `now`.
    pub fn checkpoint(&self, sequence: Sequence, now: Timestamp) -> Result<(), JournalError> {
        write_checkpoint(&*self.shared.disk, sequence)?;
        let mut segments = self.shared.segments();
        while let Some(first) = segments.used.front() {
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

    /// Writes what the lanes still hold, seals the last segment and ends the threads. Whoever pushes must
    /// have stopped.
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
            // A thread that panicked has poisoned nothing that is on disk.
            let _ = thread.join();
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits until the first segment is ready or cannot be had: the disk may be full at the start.
fn wait_for_first(shared: &Shared) {
    let segments = shared.segments();
    let waited = shared.spare_wanted.wait_timeout_while(segments, Duration::from_secs(10), |segments| {
        segments.spare.is_none() && shared.is_full.load(Ordering::Acquire)
    });
    drop(waited);
}

/// Whether a group went to disk.
enum Committed {
    Yes,
    /// There is no segment to write to: the group stays gathered, unacknowledged.
    NoRoom,
}

struct Writer {
    shared: Arc<Shared>,
    group: Group,
    next: Sequence,
    active: Option<Arc<Segment>>,
    gathered: Vec<CheckIn>,
    counts: Vec<u64>,
    bytes: Vec<u8>,
}

impl Writer {
    fn new(shared: Arc<Shared>, next: Sequence) -> Self {
        let counts = vec![0; shared.lanes.len()];
        Self {
            shared,
            group: Group::new(),
            next,
            active: None,
            gathered: Vec::new(),
            counts,
            bytes: Vec::new(),
        }
    }

    fn run(mut self) {
        self.refill();
        loop {
            let now = Instant::now();
            let gathered = self.gather();
            self.group.handle_records(gathered, now);
            match self.group.poll(now) {
                Next::Wait(until) if !self.is_closing() => thread::park_timeout(until - now),
                Next::Wait(_) | Next::Commit => match self.commit() {
                    Ok(Committed::Yes) => {}
                    // Closing on a full disk: what is left was promised to nobody.
                    Ok(Committed::NoRoom) if self.is_closing() => return,
                    Ok(Committed::NoRoom) => thread::park_timeout(SPARE_RETRY),
                    Err(error) => return self.shared.poison(&error),
                },
                Next::Idle if self.is_closing() => {
                    return self.seal().unwrap_or_else(|error| self.shared.poison(&error));
                }
                Next::Idle => self.park(),
            }
        }
    }

    fn is_closing(&self) -> bool {
        self.shared.is_closing.load(Ordering::Acquire)
    }

    /// Sleeps until a record is pushed. The fence pairs with that of `wake_writer`.
    fn park(&self) {
        self.shared.is_parked.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if self.shared.lanes.iter().all(|lane| lane.queue.is_empty()) && !self.is_closing() {
            thread::park();
        }
        self.shared.is_parked.store(false, Ordering::Relaxed);
    }

    fn gather(&mut self) -> usize {
        let before = self.gathered.len();
        for (lane, count) in self.shared.lanes.iter().zip(&mut self.counts) {
            while self.gathered.len() < RECORDS_MAX
                && let Some(check_in) = lane.queue.pop()
            {
                self.gathered.push(check_in);
                *count += 1;
            }
        }
        self.gathered.len() - before
    }

    /// Writes the group, syncs it, and only then says so.
    fn commit(&mut self) -> std::io::Result<Committed> {
        let Some(segment) = self.segment_for(self.gathered.len() as u64 + 1) else {
            return Ok(Committed::NoRoom);
        };
        let at = segment.slots.load(Ordering::Relaxed);
        self.encode(&segment, at);
        let offset = if at == 1 { 0 } else { at * SLOT_BYTES as u64 };
        segment.file.write_at(&self.bytes, offset)?;
        segment.file.sync_data()?;
        self.next = self.next.plus(self.gathered.len() as u64);
        let latest = self.gathered.iter().map(|check_in| check_in.at.0).max().unwrap_or(0);
        segment.latest.fetch_max(latest, Ordering::AcqRel);
        segment.end.store(self.next.0, Ordering::Release);
        segment.slots.store(at + 1 + self.gathered.len() as u64, Ordering::Release);
        self.shared.durable_end.store(self.next.0, Ordering::Release);
        self.gathered.clear();
        self.group.handle_commit(Instant::now());
        self.acknowledge();
        self.refill();
        Ok(Committed::Yes)
    }

    fn acknowledge(&mut self) {
        for (lane, count) in self.shared.lanes.iter().zip(&mut self.counts) {
            if *count > 0 {
                lane.durable.fetch_add(std::mem::take(count), Ordering::Release);
                (lane.wake)();
            }
        }
    }

    /// The group as it goes to disk: before a segment's first one its header, after every one a slot of
    /// zeros, unless the segment ends there.
    fn encode(&mut self, segment: &Segment, at: u64) {
        self.bytes.clear();
        if at == 1 {
            let header = Header { segment: segment.number, first: segment.first, count: 0 };
            self.bytes.extend_from_slice(&segment::encode(HeaderKind::Segment, header));
        }
        let count = u32::try_from(self.gathered.len()).expect("a group is bounded");
        let header = Header { segment: segment.number, first: self.next, count };
        self.bytes.extend_from_slice(&segment::encode(HeaderKind::Group, header));
        let mut sequence = self.next;
        for check_in in &self.gathered {
            self.bytes.extend_from_slice(&record::encode(check_in, sequence));
            sequence = sequence.plus(1);
        }
        if at + 1 + u64::from(count) < self.shared.segment_slots {
            self.bytes.extend_from_slice(&[0; SLOT_BYTES]);
        }
    }

    /// The segment that has room for so many slots.
    fn segment_for(&mut self, slots: u64) -> Option<Arc<Segment>> {
        let has_room = |segment: &Arc<Segment>| {
            segment.slots.load(Ordering::Relaxed) + slots <= self.shared.segment_slots
        };
        if !self.active.as_ref().is_some_and(has_room) {
            let mut segments = self.shared.segments();
            let (number, file) = segments.spare.take()?;
            let segment = Arc::new(Segment {
                number,
                first: self.next,
                file,
                slots: AtomicU64::new(1),
                end: AtomicU64::new(self.next.0),
                latest: AtomicU64::new(0),
            });
            segments.used.push_back(Arc::clone(&segment));
            segments.active = Some(number);
            self.active = Some(segment);
            drop(segments);
            self.shared.spare_wanted.notify_all();
        }
        self.active.clone()
    }

    /// Closes the lanes while what they hold might not fit, and opens them when it does.
    fn refill(&self) {
        let left = self
            .active
            .as_ref()
            .map_or(0, |segment| self.shared.segment_slots - segment.slots.load(Ordering::Relaxed));
        let segments = self.shared.segments();
        let is_full = left < self.shared.lanes_slots() && segments.spare.is_none();
        self.shared.is_full.store(is_full, Ordering::Release);
    }

    /// Marks the segment as closed in order.
    fn seal(&self) -> std::io::Result<()> {
        let Some(segment) = &self.active else { return Ok(()) };
        let at = segment.slots.load(Ordering::Relaxed);
        if at < self.shared.segment_slots {
            let header = Header { segment: segment.number, first: self.next, count: 0 };
            let slot: Slot = segment::encode(HeaderKind::Group, header);
            segment.file.write_at(&slot, at * SLOT_BYTES as u64)?;
            segment.file.sync_data()?;
        }
        Ok(())
    }
}

/// The spare thread: whenever there is no spare segment, recycles a freed one or makes one, within the
/// bound. Where the disk has no room it tries again, and the journal heals.
fn keep_spare(shared: &Shared) {
    while !shared.is_closing.load(Ordering::Acquire) {
        let mut segments = shared.segments();
        if segments.spare.is_some() {
            // Woken by whoever takes it, by a checkpoint, or by the end.
            let waited = shared.spare_wanted.wait_timeout(segments, SPARE_RETRY);
            drop(waited);
            continue;
        }
        let free = segments.free.pop();
        let has_room = (segments.used.len() as u64) < shared.segments_max;
        if free.is_none() && !has_room {
            let waited = shared.spare_wanted.wait_timeout(segments, SPARE_RETRY);
            drop(waited);
            continue;
        }
        let number = segments.next_number;
        segments.next_number += 1;
        drop(segments);
        match spare(shared, number, free.as_deref()) {
            Ok(file) => {
                shared.segments().spare = Some((number, file));
                shared.is_full.store(false, Ordering::Release);
                shared.spare_wanted.notify_all();
            }
            Err(error) => {
                tracing::warn!(%error, "no room for another journal segment; trying again");
                if let Some(free) = free {
                    shared.segments().free.push(free);
                }
                shared.spare_wanted.notify_all();
                thread::sleep(SPARE_RETRY);
            }
        }
    }
}

fn spare(shared: &Shared, number: u64, free: Option<&str>) -> std::io::Result<Arc<dyn DiskFile>> {
    let Some(free) = free else { return segment::create(&*shared.disk, number, shared.segment_slots) };
    let name = segment::name(number);
    shared.disk.rename(free, &name)?;
    shared.disk.sync_folder()?;
    shared.disk.open(&name)
}

const CHECKPOINT: &str = "checkpoint";

fn write_checkpoint(disk: &dyn Disk, sequence: Sequence) -> std::io::Result<()> {
    let unfinished = "checkpoint.unfinished";
    let file = disk.create(unfinished)?;
    let header = Header { segment: 0, first: sequence, count: 0 };
    file.write_at(&segment::encode(HeaderKind::Segment, header), 0)?;
    file.sync_data()?;
    disk.rename(unfinished, CHECKPOINT)?;
    disk.sync_folder()
}

/// The checkpoint, or the beginning where there is none that can be read: draining again costs time only.
fn read_checkpoint(disk: &dyn Disk) -> Sequence {
    let read = || -> Option<Sequence> {
        let mut slot = [0; SLOT_BYTES];
        disk.open(CHECKPOINT).ok()?.read_at(&mut slot, 0).ok()?;
        segment::decode(HeaderKind::Segment, &slot).map(|header| header.first)
    };
    read().unwrap_or_default()
}

/// Reads every segment back.
fn recover(config: &JournalConfig, disk: &dyn Disk) -> Result<(Segments, Recovered), JournalError> {
    let mut numbers: Vec<u64> = disk.list()?.iter().filter_map(|name| segment::number(name)).collect();
    numbers.sort_unstable();
    let checkpoint = read_checkpoint(disk);
    let mut recovered = Recovered { checkpoint, end: checkpoint, ..Recovered::default() };
    let mut segments = Segments {
        used: VecDeque::new(),
        active: None,
        spare: None,
        free: Vec::new(),
        next_number: numbers.last().map_or(1, |last| last + 1),
    };
    let mut expected = Sequence::default();
    for number in numbers {
        let file = disk.open(&segment::name(number))?;
        let mut bytes = vec![0; usize::try_from(file.size()?).map_err(std::io::Error::other)?];
        file.read_at(&mut bytes, 0)?;
        if let Some(version) = bytes.first_chunk().and_then(segment::format_of)
            && version > FORMAT
        {
            return Err(JournalError::Format { segment: number, version });
        }
        let mut latest = 0;
        let scan = scan_segment(&bytes, number, expected, |check_in| {
            latest = latest.max(check_in.at.0);
            if check_in.at >= config.recent_since {
                recovered.recent.push(check_in);
            }
        });
        if scan.slots == 0 {
            // Made ready and never used, or freed before the crash.
            segments.free.push(segment::name(number));
            continue;
        }
        let damage = |slot| Damage { segment: number, slot };
        // The segment before ends earlier than this one begins: its end is lost, and was no torn tail.
        if !segments.used.is_empty() && scan.first > expected {
            recovered.damaged.extend(recovered.torn_tail);
        }
        expected = scan.end;
        recovered.damaged.extend(scan.damaged.into_iter().map(damage));
        recovered.torn_tail = scan.torn.map(damage);
        recovered.end = recovered.end.max(scan.end);
        segments.used.push_back(Arc::new(Segment {
            number,
            first: scan.first,
            file,
            slots: AtomicU64::new(scan.slots),
            end: AtomicU64::new(scan.end.0),
            latest: AtomicU64::new(latest),
        }));
    }
    Ok((segments, recovered))
}
