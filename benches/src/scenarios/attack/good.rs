//! The good clients: steady check-ins over HTTP/3, and pages over HTTP/1.1 and HTTP/2.

use crate::harness::scanning::{PEOPLE, SteadyScans, VENUES};
use crate::harness::server::Server;
use crate::harness::spread::Spread;
use anyhow::Context as _;
use scangate_loadgen::city::{self, LoadResident};
use scangate_loadgen::client::{ClientConnection, LoadTarget, Version};
use scangate_loadgen::drive::now;
use std::time::{Duration, Instant};

/// The time between two pages.
const PAGE_PACE: Duration = Duration::from_millis(5);
/// The seed of the good clients' residents.
const SEED: u64 = 81;
/// The time for which a good client waits beyond a measurement, before it counts as stuck.
const STUCK: Duration = Duration::from_secs(20);

/// The good clients, with a connection for each kind of request.
pub(super) struct GoodClients {
    scans: SteadyScans,
    pages: SteadyPages,
}

/// The latencies of the good clients. **Units**: milliseconds.
#[derive(Default)]
pub(super) struct GoodSample {
    pub(super) check_ins: Spread,
    pub(super) pages: Spread,
}

/// Reads of the resident's page over HTTP/1.1 and of residents' overviews over HTTP/2, in turn.
struct SteadyPages {
    page: ClientConnection,
    overview: ClientConnection,
    people: Vec<LoadResident>,
    turn: usize,
}

impl GoodSample {
    pub(super) fn append(&mut self, other: Self) {
        self.check_ins.append(other.check_ins);
        self.pages.append(other.pages);
    }
}

impl GoodClients {
    /// Registers residents and venues, and connects.
    pub(super) async fn connect(server: &Server) -> anyhow::Result<Self> {
        let target = LoadTarget::new(server.address, &server.certificate())?;
        let authority = city::authorization(server.data(), "authority")?;
        let mut scanning = target.connect(Version::Http3).await?;
        let people = city::residents(&mut scanning, &authority, SEED, PEOPLE).await?;
        let venues = city::venues(&mut scanning, &authority, VENUES).await?;
        let page = target.connect(Version::Http1).await?;
        let overview = target.connect(Version::Http2).await?;
        let pages = SteadyPages { page, overview, people: people.clone(), turn: 0 };
        Ok(Self { scans: SteadyScans::new(scanning, people, venues), pages })
    }

    /// Checks in and reads pages at a steady pace for this time. **Errors**: a request was refused or failed.
    pub(super) async fn during(&mut self, time: Duration) -> anyhow::Result<GoodSample> {
        let both = async { tokio::try_join!(self.scans.during(time), self.pages.during(time)) };
        let (check_ins, pages) =
            tokio::time::timeout(time + STUCK, both).await.context("a good client is stuck")??;
        Ok(GoodSample { check_ins, pages })
    }
}

impl SteadyPages {
    async fn during(&mut self, time: Duration) -> anyhow::Result<Spread> {
        let (began, mut took) = (Instant::now(), Spread::default());
        let mut ticks = tokio::time::interval(PAGE_PACE);
        while began.elapsed() < time {
            ticks.tick().await;
            let asked = Instant::now();
            self.next().await?;
            took.push(asked.elapsed().as_secs_f64() * 1e3);
        }
        Ok(took)
    }

    async fn next(&mut self) -> anyhow::Result<()> {
        self.turn += 1;
        if self.turn.is_multiple_of(2) {
            self.page.call("GET", "/me", "", "").await.context("a page")?;
        } else {
            let person = &self.people[self.turn % self.people.len()];
            let authorization = person.authorization(now());
            self.overview
                .call("GET", "/v1/people/me/overview", &authorization, "")
                .await
                .context("an overview")?;
        }
        Ok(())
    }
}
