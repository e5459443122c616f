//! Places for work: a bounded number that works at the same time, and a bounded queue. While a queue exists,
//! the sources in it take turns, whatever each of them has queued.

use super::{HeldShare, Source, SourceShares};
use metrics::{Counter, Gauge};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Places of one kind of work.
pub struct FairPlaces {
    queue: Mutex<PlaceQueue>,
    /// The waiters that the queue may have, by source.
    waiters: Arc<SourceShares>,
    wait_max: Duration,
    occupied: Gauge,
    refused: Counter,
}

struct PlaceQueue {
    free: usize,
    /// The time without a free place; none while one is free.
    full: Option<FullSpan>,
    /// The sources that wait, in the order of their turns.
    turns: VecDeque<Source>,
    waiting: HashMap<Source, VecDeque<PlaceWaiter>, foldhash::quality::RandomState>,
}

/// A time without a free place.
#[derive(Clone, Copy)]
struct FullSpan {
    since: Instant,
    /// When a place was last passed on.
    moved: Instant,
}

struct PlaceWaiter {
    to: oneshot::Sender<Place>,
    _share: HeldShare,
}

/// A place. It is free again on drop.
pub struct Place(Option<Arc<FairPlaces>>);

/// No place became free in time, or the queue has no room for the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no place is free")]
pub struct NoPlace;

impl FairPlaces {
    /// `places` places, and a queue of `waiters_max` that each wait for at most `wait_max`. `occupied`
    /// follows the number of occupied places, and `refused` counts the refusals.
    #[must_use]
    pub fn new(
        places: usize,
        waiters_max: usize,
        wait_max: Duration,
        occupied: Gauge,
        refused: Counter,
    ) -> Arc<Self> {
        let mut queue =
            PlaceQueue { free: places, full: None, turns: VecDeque::new(), waiting: HashMap::default() };
        queue.note_if_full();
        occupied.set(0.0);
        Arc::new(Self {
            queue: Mutex::new(queue),
            waiters: SourceShares::new(waiters_max),
            wait_max,
            occupied,
            refused,
        })
    }

    /// Takes a place, in turn. **Cancel safety**: a place that was granted is free again.
    pub async fn take(self: &Arc<Self>, source: Source) -> Result<Place, NoPlace> {
        let taken = self.take_in_turn(source).await;
        if taken.is_err() {
            self.refused.increment(1);
        }
        taken
    }

    async fn take_in_turn(self: &Arc<Self>, source: Source) -> Result<Place, NoPlace> {
        let granted = {
            let mut queue = self.queue();
            if queue.free > 0 {
                queue.free -= 1;
                queue.note_if_full();
                self.occupied.increment(1.0);
                return Ok(Place(Some(Arc::clone(self))));
            }
            let share = self.waiters.take_one(source).ok_or(NoPlace)?;
            let (to, granted) = oneshot::channel();
            queue.push(source, PlaceWaiter { to, _share: share });
            granted
        };
        tokio::time::timeout(self.wait_max, granted).await.map_err(|_| NoPlace)?.map_err(|_| NoPlace)
    }

    /// How long no place has been free.
    #[must_use]
    pub fn full_for(&self) -> Duration {
        self.queue().full.map_or(Duration::ZERO, |full| full.since.elapsed())
    }

    /// How long no place has been free and none was passed on. Zero while one is free.
    #[must_use]
    pub fn stalled_for(&self) -> Duration {
        self.queue().full.map_or(Duration::ZERO, |full| full.moved.elapsed())
    }

    fn queue(&self) -> MutexGuard<'_, PlaceQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes a free place to the next waiter that still waits.
    fn pass_on(self: &Arc<Self>) {
        loop {
            let next = {
                let mut queue = self.queue();
                let next = queue.pop();
                if next.is_none() {
                    queue.free += 1;
                    queue.full = None;
                    self.occupied.decrement(1.0);
                } else if let Some(full) = &mut queue.full {
                    full.moved = Instant::now();
                }
                next
            };
            let Some(PlaceWaiter { to, .. }) = next else { return };
            match to.send(Place(Some(Arc::clone(self)))) {
                Ok(()) => return,
                // The waiter is gone. The next one gets the place from here, and not by a drop.
                Err(mut place) => place.0 = None,
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(places) = self.0.take() {
            places.pass_on();
        }
    }
}

impl PlaceQueue {
    /// Notes the beginning of a time without a free place.
    fn note_if_full(&mut self) {
        let now = Instant::now();
        self.full = (self.free == 0).then_some(FullSpan { since: now, moved: now });
    }

    fn push(&mut self, source: Source, waiter: PlaceWaiter) {
        let own = self.waiting.entry(source).or_default();
        if own.is_empty() {
            self.turns.push_back(source);
        }
        own.push_back(waiter);
    }

    fn pop(&mut self) -> Option<PlaceWaiter> {
        let source = self.turns.pop_front()?;
        let own = self.waiting.get_mut(&source)?;
        let waiter = own.pop_front();
        if own.is_empty() {
            self.waiting.remove(&source);
        } else {
            self.turns.push_back(source);
        }
        waiter
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use std::net::SocketAddr;
    use std::pin::pin;

    const LONG: Duration = Duration::from_secs(3_600);

    fn source(number: u8) -> Source {
        Source::from(SocketAddr::from(([192, 0, 2, number], 1)))
    }

    fn places(count: usize, waiters_max: usize) -> Arc<FairPlaces> {
        FairPlaces::new(count, waiters_max, LONG, Gauge::noop(), Counter::noop())
    }

    #[tokio::test]
    async fn one_source_may_have_every_place_while_nobody_else_wants_one() {
        let places = places(3, 10);
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(places.take(source(1)).await.unwrap());
        }
        assert!(places.full_for() > Duration::ZERO);
        held.pop();
        assert_eq!(places.full_for(), Duration::ZERO);
    }

    #[tokio::test]
    async fn the_sources_of_a_queue_take_turns() {
        let places = places(1, 90);
        let first = places.take(source(1)).await.unwrap();
        let greedy: Vec<_> = (0..50).map(|_| Box::pin(places.take(source(1)))).collect();
        let mut greedy: Vec<_> = greedy;
        for waiter in &mut greedy {
            assert!(waiter.as_mut().now_or_never().is_none());
        }
        let mut modest = pin!(places.take(source(2)));
        assert!(modest.as_mut().now_or_never().is_none());
        drop(first);
        let second = greedy[0].as_mut().now_or_never().unwrap().unwrap();
        assert!(modest.as_mut().now_or_never().is_none());
        drop(second);
        assert!(modest.as_mut().now_or_never().unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_full_queue_refuses_the_source_that_filled_it_and_no_other() {
        let places = places(1, 9);
        let _first = places.take(source(1)).await.unwrap();
        let mut waiting: Vec<_> = (0..6).map(|_| Box::pin(places.take(source(1)))).collect();
        for waiter in &mut waiting {
            assert!(waiter.as_mut().now_or_never().is_none());
        }
        assert_eq!(places.take(source(1)).await.err(), Some(NoPlace));
        assert!(pin!(places.take(source(2))).as_mut().now_or_never().is_none());
    }

    #[tokio::test]
    async fn a_waiter_that_is_gone_costs_the_next_one_nothing() {
        let places = places(1, 90);
        let first = places.take(source(1)).await.unwrap();
        let mut gone = Box::pin(places.take(source(1)));
        assert!(gone.as_mut().now_or_never().is_none());
        let mut next = pin!(places.take(source(1)));
        assert!(next.as_mut().now_or_never().is_none());
        drop(gone);
        drop(first);
        let granted = next.as_mut().now_or_never().unwrap().unwrap();
        drop(granted);
        assert_eq!(places.full_for(), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_place_that_is_passed_on_ends_a_stall_and_not_the_fullness() {
        let places = places(1, 90);
        let first = places.take(source(1)).await.unwrap();
        let mut next = pin!(places.take(source(2)));
        assert!(next.as_mut().now_or_never().is_none());
        let began = places.queue().full.unwrap();
        assert_eq!(began.since, began.moved);
        drop(first);
        let passed = places.queue().full.unwrap();
        assert!(passed.since == began.since && passed.moved > began.moved);
        assert!(places.stalled_for() < places.full_for());
        drop(next.as_mut().now_or_never().unwrap().unwrap());
        assert_eq!((places.full_for(), places.stalled_for()), (Duration::ZERO, Duration::ZERO));
    }

    #[tokio::test]
    async fn a_wait_has_an_end() {
        let places = FairPlaces::new(0, 9, Duration::from_millis(1), Gauge::noop(), Counter::noop());
        assert_eq!(places.take(source(1)).await.err(), Some(NoPlace));
    }
}
