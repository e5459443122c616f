//! An attacker in a thread of its own, on the clients' core and from another address of loopback.

use super::{AttackKind, held, paced};
use crate::harness::server::Server;
use anyhow::Context as _;
use nix::time::{ClockId, clock_gettime};
use scangate_loadgen::client::LoadTarget;
use std::cell::{Cell, RefCell};
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::task::LocalSet;

/// The address from which attacks come, whose shares of the gateway are not those of the good clients.
pub(super) const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// The longest preparation of an attack.
const READY_MAX: Duration = Duration::from_secs(60);
/// The longest wait until the gateway has been told that QUIC connections end.
const CLOSE_MAX: Duration = Duration::from_secs(1);

/// What an attacker has done.
#[derive(Default)]
pub(super) struct AttackTally {
    begun: Cell<u64>,
    ended: Cell<u64>,
    failed: Cell<u64>,
    ready: RefCell<Option<oneshot::Sender<()>>>,
    /// When the attack was in place, and the CPU time of the attacker by then.
    prepared: Cell<Option<(Instant, Duration)>>,
}

/// The counts of an attack at its end.
#[derive(Default)]
pub(super) struct AttackCount {
    /// Connections, streams, packets or requests that the attacker began.
    pub(super) begun: u64,
    /// Those of them that the gateway ended or answered.
    pub(super) ended: u64,
    /// Those that could not begin.
    pub(super) failed: u64,
    /// The CPU time of the attacker since the attack was in place.
    pub(super) used: Duration,
    /// The time since then.
    pub(super) lasted: Duration,
}

impl AttackCount {
    pub(super) fn add(&mut self, other: &Self) {
        self.begun += other.begun;
        self.ended += other.ended;
        self.failed += other.failed;
        self.used += other.used;
        self.lasted += other.lasted;
    }
}

/// A running attack.
pub(super) struct Attacker {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<anyhow::Result<AttackCount>>,
}

impl AttackTally {
    pub(super) fn begin(&self) {
        self.begun.set(self.begun.get() + 1);
    }

    pub(super) fn end(&self) {
        self.ended.set(self.ended.get() + 1);
    }

    pub(super) fn fail(&self) {
        self.failed.set(self.failed.get() + 1);
    }

    /// How many have begun, or could not.
    pub(super) fn tried(&self) -> u64 {
        self.begun.get() + self.failed.get()
    }

    fn count(&self) -> AttackCount {
        let (since, before) = self.prepared.get().unwrap_or((Instant::now(), Duration::ZERO));
        AttackCount {
            begun: self.begun.get(),
            ended: self.ended.get(),
            failed: self.failed.get(),
            used: thread_used().saturating_sub(before),
            lasted: since.elapsed(),
        }
    }

    /// Tells that the attack is in place.
    pub(super) fn is_ready(&self) {
        if let Some(ready) = self.ready.take() {
            self.prepared.set(Some((Instant::now(), thread_used())));
            // Without a listener the measurement has failed already.
            let _ = ready.send(());
        }
    }
}

impl Attacker {
    /// Starts an attack that lasts for some more than this time. Returns once it is in place.
    pub(super) async fn start(kind: AttackKind, server: &Server, length: Duration) -> anyhow::Result<Self> {
        let target = LoadTarget::new(server.address, &server.certificate())?;
        let (ready, is_ready) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("attacker".to_owned())
            .spawn(move || run(kind, target, length, ready, stopped))?;
        let waited = tokio::time::timeout(READY_MAX, is_ready).await.context("the attack takes too long")?;
        if waited.is_err() {
            // The attack has ended before it was in place, with its error.
            thread.join().map_err(|_| anyhow::anyhow!("the attacker panicked"))??;
            anyhow::bail!("the attack ended");
        }
        Ok(Self { stop, thread })
    }

    /// Ends the attack.
    pub(super) fn stop(self) -> anyhow::Result<AttackCount> {
        // The attacker may have ended with an error, which it returns below.
        let _ = self.stop.send(());
        self.thread.join().map_err(|_| anyhow::anyhow!("the attacker panicked"))?
    }
}

/// The CPU time of this thread, or zero if the kernel does not count it.
fn thread_used() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// Runs an attack until it is stopped.
fn run(
    kind: AttackKind,
    target: LoadTarget,
    length: Duration,
    ready: oneshot::Sender<()>,
    stopped: oneshot::Receiver<()>,
) -> anyhow::Result<AttackCount> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let target = Rc::new(target.from_source(SOURCE)?);
        let tally = Rc::new(AttackTally { ready: RefCell::new(Some(ready)), ..AttackTally::default() });
        tokio::select! {
            failed = attack(kind, &target, length, &tally) => failed?,
            _ = stopped => {}
        }
        let count = tally.count();
        // The gateway would otherwise hold the connections until they are idle for too long.
        target.endpoint().close(quinn::VarInt::from_u32(0x100), b"");
        // A gateway that does not acknowledge the end does not hold up the next attack.
        let _ = tokio::time::timeout(CLOSE_MAX, target.endpoint().wait_idle()).await;
        Ok(count)
    })
}

/// Attacks until it is dropped, or an error ends it.
async fn attack(
    kind: AttackKind,
    target: &Rc<LoadTarget>,
    length: Duration,
    tally: &Rc<AttackTally>,
) -> anyhow::Result<()> {
    match kind {
        AttackKind::HalfRequests => held::half_requests(target, tally).await,
        AttackKind::HalfHeads => held::half_heads(target, tally).await,
        AttackKind::HalfBodies => held::half_bodies(target, tally).await,
        AttackKind::HalfStreams => held::half_streams(target, tally).await,
        AttackKind::SilentTcp => held::silent(target, tally).await,
        AttackKind::SlowReaders => held::slow_readers(target, tally).await,
        AttackKind::LoneInitials => paced::initials(target.address, length, tally).await,
        AttackKind::UnheardInitials => paced::unheard_initials(length, tally).await,
        AttackKind::Migrations => paced::migrations(target, tally).await,
        AttackKind::RefusedTokens => paced::refused_tokens(target, tally).await,
    }
}
