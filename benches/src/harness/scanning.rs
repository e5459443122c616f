//! Scans at a steady pace, whose latency shows the effect of the gateway's other work.

use crate::harness::spread::Spread;
use scangate_core::time::Step;
use scangate_loadgen::city::{LoadResident, LoadVenue};
use scangate_loadgen::client::ClientConnection;
use scangate_loadgen::drive::now;
use serde_json::json;
use std::time::{Duration, Instant};

/// The time between two scans.
const PACE: Duration = Duration::from_millis(2);
/// The people who scan in turn, each at a different venue each time.
pub(crate) const PEOPLE: usize = 200;
/// The venues at which they scan.
pub(crate) const VENUES: usize = 50;

/// A connection that sends scans of people in turn at venues in turn.
pub(crate) struct SteadyScans {
    connection: ClientConnection,
    people: Vec<LoadResident>,
    venues: Vec<LoadVenue>,
    scans: usize,
}

impl SteadyScans {
    /// Returns scans of these people at these venues.
    pub(crate) fn new(
        connection: ClientConnection,
        people: Vec<LoadResident>,
        venues: Vec<LoadVenue>,
    ) -> Self {
        Self { connection, people, venues, scans: 0 }
    }

    /// Scans at a steady pace until `is_over` returns true. Returns the latencies. **Units**: milliseconds.
    pub(crate) async fn until(&mut self, is_over: impl Fn() -> bool) -> anyhow::Result<Spread> {
        let (mut took, mut ticks) = (Spread::default(), tokio::time::interval(PACE));
        while !is_over() {
            ticks.tick().await;
            let person = &self.people[self.scans % self.people.len()];
            let venue = &self.venues[(self.scans / self.people.len()) % self.venues.len()];
            self.scans += 1;
            let scan = json!({"venue": venue.poster, "person": person.code(Step::of(now()))}).to_string();
            let began = Instant::now();
            self.connection.call("POST", "/v1/check-ins", "", scan).await?;
            took.push(began.elapsed().as_secs_f64() * 1e3);
        }
        Ok(took)
    }

    /// Scans at a steady pace for this time.
    pub(crate) async fn during(&mut self, time: Duration) -> anyhow::Result<Spread> {
        let began = Instant::now();
        self.until(|| began.elapsed() >= time).await
    }
}
