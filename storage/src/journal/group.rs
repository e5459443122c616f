//! When a group goes to disk: a state machine without a clock. An `fdatasync` costs the same CPU whatever it
//! carries, so under load the journal waits a little for a fuller group; with few check-ins it does not wait.

use std::time::{Duration, Instant};

/// Under load a group waits at least this long: below it groups are too small to pay for their fsync.
const WAIT_MIN: Duration = Duration::from_micros(200);
/// No group waits longer than this: at 1,000 us with an aim of 128, 256x1 saved 0.7 us and 8x32 lost a fifth of
/// its rate (`benches gate`).
const WAIT_MAX: Duration = Duration::from_micros(600);
/// A group of this many shares the cost of its fsync to about a microsecond each.
const RECORDS_AIM: u32 = 64;
/// Fewer than this in the longest wait is no load: then nobody waits for company.
const RECORDS_LOAD: f64 = 8.0;
/// Records of the largest group: one write of a mebibyte.
const RECORDS_MAX: usize = 16_384;

/// What the journal does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupAction {
    /// Nothing is gathered.
    Idle,
    /// Gather until then.
    Wait(Instant),
    /// Write what is gathered.
    Commit,
}

/// The group that is being gathered.
#[derive(Debug)]
pub(super) struct Group {
    count: usize,
    /// It holds no more than this.
    max: usize,
    due: Option<Instant>,
    /// Records a second, smoothed over the last groups.
    rate: f64,
    last_commit: Option<Instant>,
}

impl Group {
    /// Groups of at most so many records, if that is less than [`RECORDS_MAX`].
    pub(super) fn new(max: usize) -> Self {
        Self { count: 0, max: max.min(RECORDS_MAX), due: None, rate: 0.0, last_commit: None }
    }

    /// Records that may still be gathered.
    pub(super) fn space_left(&self) -> usize {
        self.max - self.count
    }

    /// Takes word of records that were gathered.
    pub(super) fn handle_records(&mut self, count: usize, now: Instant) {
        if count == 0 {
            return;
        }
        self.count += count;
        if self.due.is_none() {
            self.due = Some(now + self.wait());
        }
    }

    /// Says what to do now.
    pub(super) fn poll(&self, now: Instant) -> GroupAction {
        match self.due {
            None => GroupAction::Idle,
            Some(due) if now >= due || self.space_left() == 0 => GroupAction::Commit,
            Some(due) => GroupAction::Wait(due),
        }
    }

    /// Takes word that the group was written, and how long since the one before.
    pub(super) fn handle_commit(&mut self, now: Instant) {
        if let Some(before) = self.last_commit {
            let seconds = now.saturating_duration_since(before).as_secs_f64().max(1e-6);
            #[expect(clippy::cast_precision_loss, reason = "a group has at most thousands of records")]
            let rate = self.count as f64 / seconds;
            self.rate += (rate - self.rate) / 4.0;
        }
        self.last_commit = Some(now);
        self.count = 0;
        self.due = None;
    }

    fn wait(&self) -> Duration {
        if self.rate * WAIT_MAX.as_secs_f64() < RECORDS_LOAD {
            return Duration::ZERO;
        }
        Duration::from_secs_f64(f64::from(RECORDS_AIM) / self.rate).clamp(WAIT_MIN, WAIT_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(records: usize, apart: Duration) -> (Group, Instant) {
        let mut now = Instant::now();
        let mut group = Group::new(RECORDS_MAX);
        for _ in 0..40 {
            group.handle_records(records, now);
            group.handle_commit(now);
            now += apart;
        }
        (group, now)
    }

    #[test]
    fn a_lone_check_in_waits_for_nobody() {
        let (mut group, now) = loaded(1, Duration::from_millis(10));
        assert_eq!(group.poll(now), GroupAction::Idle);
        group.handle_records(1, now);
        assert_eq!(group.poll(now), GroupAction::Commit);
    }

    #[test]
    fn under_load_a_group_waits_within_its_bounds() {
        for (records, apart) in [(20, 1_000), (60, 1_000), (400, 1_000), (2_000, 1_000)] {
            let (mut group, now) = loaded(records, Duration::from_micros(apart));
            group.handle_records(1, now);
            let GroupAction::Wait(until) = group.poll(now) else { panic!("{records} a ms is load") };
            assert!((WAIT_MIN..=WAIT_MAX).contains(&(until - now)), "{:?}", until - now);
            assert_eq!(group.poll(until), GroupAction::Commit);
        }
    }

    #[test]
    fn a_full_group_goes_at_once() {
        let (mut group, now) = loaded(2_000, Duration::from_millis(1));
        group.handle_records(RECORDS_MAX, now);
        assert_eq!((group.space_left(), group.poll(now)), (0, GroupAction::Commit));
    }

    #[test]
    fn a_group_is_no_larger_than_all_lanes() {
        let now = Instant::now();
        let mut group = Group::new(48);
        group.handle_records(48, now);
        assert_eq!((group.space_left(), group.poll(now)), (0, GroupAction::Commit));
        group.handle_commit(now);
        assert_eq!(group.space_left(), 48);
    }
}
