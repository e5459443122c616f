//! Messages to systemd by its notification protocol: that the gateway serves, reloads or stops, and its
//! watchdog. Without `NOTIFY_SOCKET` in the environment nothing is sent.

use crate::serve::life::heartbeat::Heartbeats;
use sd_notify::NotifyState;
use std::time::Duration;

/// How many times the watchdog is fed in its time.
const FEEDS: u32 = 4;
/// The part of the watchdog's time after which a silent worker is stuck.
const STUCK_PART: u32 = 2;

/// Says that the gateway listens. `status` is a sentence for `systemctl status`.
pub fn tell_ready(status: &str) {
    send(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Says that the configuration is being read again.
pub fn tell_reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => send(&[NotifyState::Reloading, now]),
        Err(error) => {
            tracing::info!(event = "supervisor-untold", %error, "systemd was not told of the reload")
        }
    }
}

/// Says that the gateway drains.
pub fn tell_stopping() {
    send(&[NotifyState::Stopping, NotifyState::Status("draining")]);
}

/// Feeds the watchdog for as long as every worker leaves signs of life. If one is stuck, systemd ends the
/// gateway and starts it again. Returns at once where no watchdog is set.
pub async fn feed_watchdog(heartbeats: Heartbeats) {
    let Some(time) = sd_notify::watchdog_enabled() else { return };
    let mut pause = tokio::time::interval(time / FEEDS);
    let mut was_stuck = false;
    loop {
        pause.tick().await;
        let stuck = stuck_worker(&heartbeats, time / STUCK_PART);
        match stuck {
            None => send(&[NotifyState::Watchdog]),
            Some(worker) if !was_stuck => {
                tracing::error!(
                    event = "worker-stuck",
                    worker,
                    "a worker is stuck: the watchdog is not fed any more"
                );
            }
            Some(_) => {}
        }
        was_stuck = stuck.is_some();
    }
}

/// The first worker whose last sign of life is older than this.
fn stuck_worker(heartbeats: &Heartbeats, age_max: Duration) -> Option<usize> {
    heartbeats.ages().position(|age| age > age_max)
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::info!(event = "supervisor-untold", %error, "systemd did not take a message");
    }
}
