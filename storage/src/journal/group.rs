//! The timing of groups: a state machine without a clock. An `fdatasync` costs the same CPU whatever it
//! carries, so under load the journal waits a little for a fuller group. With few check-ins it does not wait.

use std::time::{Duration, Instant};

/// The shortest wait of a group under load: below it groups are too small to pay for their fsync.
const WAIT_MIN: Duration = Duration::from_micros(200);
/// The longest wait of a group: at 1,000 us with an aim of 128, 256x1 saved 0.7 us and 8x32 lost a fifth of
/// its rate (`benches gate`).
const WAIT_MAX: Duration = Duration::from_micros(600);
/// The aimed group size: at this size each record's share of the fsync is about a microsecond.
const RECORDS_AIM: u32 = 64;
/// Fewer records than this in the longest wait are no load: a group then goes to disk immediately. Beyond it
/// a wait saves at least every second fsync.
const RECORDS_LOAD: f64 = 2.0;
/// The largest group in records: one write of a mebibyte.
const RECORDS_MAX: usize = 16_384;

/// The journal's next action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupAction {
    /// The group is empty.
    Idle,
    /// Collect records until this time.
    Wait(Instant),
    /// Write the group.
    Commit,
}

/// The group that is being collected.
#[derive(Debug)]
pub(super) struct Group {
    count: usize,
    /// The largest size of the group.
    max: usize,
    due: Option<Instant>,
    /// The rate in records a second, smoothed over the last groups.
    rate: f64,
    last_commit: Option<Instant>,
}

impl Group {
    /// Starts empty, with groups of at most `max` records, or [`RECORDS_MAX`] if that is less.
    pub(super) fn new(max: usize) -> Self {
        Self { count: 0, max: max.min(RECORDS_MAX), due: None, rate: 0.0, last_commit: None }
    }

    /// How many records the group can still hold.
    pub(super) fn space_left(&self) -> usize {
        self.max - self.count
    }

    /// Counts collected records.
    pub(super) fn handle_records(&mut self, count: usize, now: Instant) {
        if count == 0 {
            return;
        }
        self.count += count;
        if self.due.is_none() {
            self.due = Some(now + self.wait());
        }
    }

    /// Returns the action that is due now.
    pub(super) fn poll(&self, now: Instant) -> GroupAction {
        match self.due {
            None => GroupAction::Idle,
            Some(due) if now >= due || self.space_left() == 0 => GroupAction::Commit,
            Some(due) => GroupAction::Wait(due),
        }
    }

    /// Counts a committed group, and updates the rate by the time since the one before.
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
    fn below_two_check_ins_in_the_longest_wait_nobody_waits() {
        let (mut group, now) = loaded(3, Duration::from_millis(1));
        group.handle_records(1, now);
        assert_eq!(group.poll(now), GroupAction::Commit);
    }

    #[test]
    fn under_load_a_group_waits_within_its_bounds() {
        for (records, apart) in [(4, 1_000), (20, 1_000), (60, 1_000), (400, 1_000), (2_000, 1_000)] {
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
