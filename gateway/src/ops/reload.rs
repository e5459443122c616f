//! Reloads the configuration of a running gateway: on SIGHUP, and on `POST /reload` of the admin listener.
//! The whole new configuration is read and checked first, so an error leaves everything as it was.

use super::supervisor;
use super::telemetry::LogFilter;
use crate::clock;
use crate::config::Config;
use crate::deployment::Identity;
use crate::office::{Office, run_blocking};
use crate::serve::tls::CurrentIdentity;
use scangate_core::text::OneLine;
use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::signal::unix::Signal;

/// Reads the configuration file again, with the command line over it.
pub type ConfigReader = Box<dyn Fn() -> anyhow::Result<Config> + Send + Sync>;

/// What a reload did.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReloadReport {
    /// The certificate and the revoked tokens, which are read each time, and the keys whose new values are in
    /// force.
    pub reloaded: Vec<&'static str>,
    /// The keys whose values differ from those that the gateway was started with.
    pub restart_needed: Vec<&'static str>,
}

/// Reloads the configuration.
pub struct Reloader {
    read: ConfigReader,
    /// The configuration in force.
    running: Mutex<Config>,
    identity: Arc<CurrentIdentity>,
    office: Arc<Office>,
    logs: LogFilter,
}

impl Reloader {
    /// A reloader of the gateway that was started with this configuration.
    #[must_use]
    pub fn new(
        read: ConfigReader,
        running: Config,
        identity: Arc<CurrentIdentity>,
        office: Arc<Office>,
        logs: LogFilter,
    ) -> Self {
        Self { read, running: Mutex::new(running), identity, office, logs }
    }

    /// Reads and checks the configuration and the certificate, and then brings them into force. It blocks.
    /// **Errors**: one of them is wrong; nothing has changed then.
    pub fn reload(&self) -> anyhow::Result<ReloadReport> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let wished = (self.read)()?;
        let restart_needed = restart_needed(&running, &wished);
        let Config { certificate, key, person_check_ins_max, tracer, channel, log, .. } = wished;
        let next = Config { certificate, key, person_check_ins_max, tracer, channel, log, ..running.clone() };
        let identity = Identity::of(&next)?;
        // Nothing below can fail, except that a cluster that is away leaves the revoked tokens as they are.
        let mut reloaded = vec!["certificate"];
        identity.log(clock::now());
        self.identity.swap(identity);
        reloaded.extend(self.put_settings(&running, &next));
        reloaded.extend(self.read_revoked_tokens());
        *running = next;
        let report = ReloadReport { reloaded, restart_needed };
        tracing::info!(
            event = "configuration-reloaded",
            reloaded = report.reloaded.join(" "),
            restart_needed = report.restart_needed.join(" "),
            "the configuration was reloaded"
        );
        Ok(report)
    }

    /// Brings the settings into force that differ. Returns their keys.
    fn put_settings(&self, running: &Config, next: &Config) -> Vec<&'static str> {
        let (office, mut changed) = (&self.office, Vec::new());
        if next.person_check_ins_max != running.person_check_ins_max {
            office.tables.recent.set_person_max(next.person_check_ins_max);
            changed.push("person_check_ins_max");
        }
        if next.tracer != running.tracer {
            office.settings.tracer.store(Arc::new(next.tracer.clone()));
            changed.push("tracer");
        }
        if next.channel != running.channel {
            office.tables.channels.swap(&next.channel);
            changed.push("channel");
        }
        // `SCANGATE_LOG` set the filter at the start; an operator who changes the key means the change.
        if next.log != running.log {
            self.logs.set(&next.log);
            changed.push("log");
        }
        changed
    }

    fn read_revoked_tokens(&self) -> Option<&'static str> {
        match self.office.registry.revoked_tokens() {
            Ok(revoked) => {
                self.office.tables.tokens.revoke(revoked);
                Some("tokens")
            }
            Err(error) => {
                tracing::warn!(event = "revoked-tokens-unread", %error, "the revoked tokens were not read");
                None
            }
        }
    }
}

/// The keys that differ and that only a start reads.
fn restart_needed(running: &Config, wished: &Config) -> Vec<&'static str> {
    let Config {
        listen,
        admin,
        data,
        origin,
        policy,
        workers,
        secret,
        unfinished_mib,
        city,
        journal,
        retention_days,
        store,
        cql,
        registration,
        certificate: _,
        key: _,
        log: _,
        person_check_ins_max: _,
        tracer: _,
        channel: _,
    } = wished;
    let differing = [
        ("listen", *listen != running.listen),
        ("admin", *admin != running.admin),
        ("data", *data != running.data),
        ("origin", *origin != running.origin),
        ("policy", *policy != running.policy),
        ("workers", *workers != running.workers),
        ("secret", *secret != running.secret),
        ("unfinished_mib", *unfinished_mib != running.unfinished_mib),
        ("city", *city != running.city),
        ("journal", *journal != running.journal),
        ("retention_days", *retention_days != running.retention_days),
        ("store", *store != running.store),
        ("cql", *cql != running.cql),
        ("registration", *registration != running.registration),
    ];
    differing.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
}

/// Reloads on each SIGHUP, and logs the outcome.
pub async fn reload_on_hangup(reloader: Arc<Reloader>, mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        let reloader = Arc::clone(&reloader);
        supervisor::tell_reloading();
        let reloaded = run_blocking(move || reloader.reload()).await;
        supervisor::tell_ready(match &reloaded {
            Ok(Ok(_)) => "the configuration was reloaded",
            Ok(Err(_)) | Err(_) => "the configuration was not reloaded: nothing has changed",
        });
        match reloaded {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::error!(
                    event = "configuration-not-reloaded",
                    error = %OneLine(error.as_ref()),
                    "the configuration was not reloaded: nothing has changed"
                );
            }
            Err(error) => {
                tracing::error!(event = "reload-panicked", %error, "reloading the configuration panicked")
            }
        }
    }
}
