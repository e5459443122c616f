//! The journal's writer thread: it collects groups from the lanes, writes and syncs each once, and publishes
//! how much of every lane is durable.

use super::group::{Group, GroupAction};
use super::record::{self, RecordSlot, SLOT_BYTES, Sequence};
use super::segment::{self, Header, HeaderKind, Segment};
use super::shared::Shared;
use super::spare;
use metrics::Histogram;
use scangate_core::check_in::CheckIn;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::thread;
use std::time::Instant;

/// The result of committing a group.
enum CommitResult {
    Written,
    /// No segment is available: the group stays collected and unacknowledged.
    NoSegment,
}

/// The writer thread.
pub(super) struct Writer {
    shared: Arc<Shared>,
    group: Group,
    next: Sequence,
    active: Option<Arc<Segment>>,
    gathered: Vec<CheckIn>,
    counts: Vec<u64>,
    bytes: Vec<u8>,
    sync_time: Histogram,
    group_size: Histogram,
}

impl Writer {
    /// Continues at `next`, in the segment that recovery left open, if there is one.
    pub(super) fn new(shared: Arc<Shared>, next: Sequence) -> Self {
        let counts = vec![0; shared.lanes.len()];
        let group = Group::new(shared.lanes_records());
        let active = {
            let segments = shared.segments();
            segments.used.back().filter(|segment| Some(segment.number) == segments.active).cloned()
        };
        Self {
            shared,
            group,
            next,
            active,
            gathered: Vec::new(),
            counts,
            bytes: Vec::new(),
            sync_time: metrics::histogram!("scangate_journal_fsync_seconds"),
            group_size: metrics::histogram!("scangate_journal_group_records"),
        }
    }

    /// Writes until the journal is closed or fails. A panic counts as a failure.
    pub(super) fn run(self) {
        let shared = Arc::clone(&self.shared);
        let ended = catch_unwind(AssertUnwindSafe(|| self.write_groups()));
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => shared.poison(&error),
            Err(_) => shared.poison(&"its thread panicked"),
        }
    }

    fn write_groups(mut self) -> io::Result<()> {
        self.refill();
        loop {
            let now = Instant::now();
            self.gather_more(now);
            match self.group.poll(now) {
                GroupAction::Wait(until) if !self.is_closing() => thread::park_timeout(until - now),
                GroupAction::Wait(_) | GroupAction::Commit => match self.commit()? {
                    CommitResult::Written => {}
                    // Closing on a full disk: the remaining records were never acknowledged.
                    CommitResult::NoSegment if self.is_closing() => return Ok(()),
                    CommitResult::NoSegment => thread::park_timeout(spare::RETRY),
                },
                GroupAction::Idle if self.is_closing() => return self.seal(),
                GroupAction::Idle => self.park(),
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

    /// Takes records from the lanes until the group is full.
    pub(super) fn gather_more(&mut self, now: Instant) {
        let before = self.gathered.len();
        let end = before + self.group.space_left();
        for (lane, count) in self.shared.lanes.iter().zip(&mut self.counts) {
            while self.gathered.len() < end
                && let Some(check_in) = lane.queue.pop()
            {
                self.gathered.push(check_in);
                *count += 1;
            }
        }
        self.group.handle_records(self.gathered.len() - before, now);
    }

    /// Writes and syncs the group, and only then acknowledges it.
    fn commit(&mut self) -> io::Result<CommitResult> {
        let Some(segment) = self.segment_for(self.gathered.len() as u64 + 1) else {
            return Ok(CommitResult::NoSegment);
        };
        let at = segment.slots.load(Ordering::Relaxed);
        self.encode(&segment, at);
        let offset = if at == 1 { 0 } else { at * SLOT_BYTES as u64 };
        segment.file.write_at(&self.bytes, offset)?;
        let began = Instant::now();
        segment.file.sync_data()?;
        self.sync_time.record(began.elapsed());
        #[expect(clippy::cast_precision_loss, reason = "a group has at most thousands of records")]
        self.group_size.record(self.gathered.len() as f64);
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
        Ok(CommitResult::Written)
    }

    fn acknowledge(&mut self) {
        for (lane, count) in self.shared.lanes.iter().zip(&mut self.counts) {
            if *count > 0 {
                lane.durable.fetch_add(std::mem::take(count), Ordering::Release);
                (lane.wake)();
            }
        }
    }

    /// Encodes the group for the disk. A segment's first group is preceded by the segment header. Every group
    /// is followed by a slot of zeros, unless the segment ends there.
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

    /// The active segment if it can hold this many slots, or else the spare.
    fn segment_for(&mut self, slots: u64) -> Option<Arc<Segment>> {
        let has_space = |segment: &Arc<Segment>| {
            segment.slots.load(Ordering::Relaxed) + slots <= self.shared.segment_slots
        };
        if !self.active.as_ref().is_some_and(has_space) {
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

    /// Closes the lanes while their records might not fit on the disk, and reopens them when they do.
    fn refill(&self) {
        let segments = self.shared.segments();
        self.shared.is_full.store(self.shared.is_short(&segments), Ordering::Release);
    }

    /// Seals the segment.
    fn seal(&self) -> io::Result<()> {
        let Some(segment) = &self.active else { return Ok(()) };
        let at = segment.slots.load(Ordering::Relaxed);
        if at < self.shared.segment_slots {
            let header = Header { segment: segment.number, first: self.next, count: 0 };
            let slot: RecordSlot = segment::encode(HeaderKind::Group, header);
            segment.file.write_at(&slot, at * SLOT_BYTES as u64)?;
            segment.file.sync_data()?;
        }
        Ok(())
    }
}
