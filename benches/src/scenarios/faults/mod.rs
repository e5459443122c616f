//! Faults: single system calls of the gateway fail while clients check in. The gateway is then started again,
//! and every acknowledged check-in is read back.

mod clients;
mod process;

use self::clients::{ClientAnswers, check_all_in};
use self::process::{GatewayProcess, ProcessEnd, StartOutcome, injected};
use anyhow::{Context as _, bail};
use clap::Args;
use scangate_core::time::Timestamp;
use scangate_loadgen::city::{self, LoadCity};
use scangate_loadgen::client::trails::read_through;
use scangate_loadgen::client::{LoadTarget, Version};
use scangate_loadgen::drive::now;
use scangate_loadgen::sample::AcknowledgedCheckIn;
use scangate_loadgen::verify::{VerificationResult, verify};
use serde::Deserialize;
use std::fmt;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How long a gateway whose disk failed may take to end, and one that was asked to stop.
const END_MAX: Duration = Duration::from_secs(10);
/// How long a gateway that has not acknowledged all may take to end by itself, before it is asked to stop.
const OWN_END_MAX: Duration = Duration::from_secs(3);

/// The command-line options of the measurement.
#[derive(Args)]
pub(crate) struct FaultOptions {
    /// A system call that fails. The option can be repeated.
    #[arg(long, default_values = ["fdatasync", "fsync", "pwrite64", "ftruncate", "rename", "renameat"])]
    call: Vec<String>,
    /// The error of the call. The option can be repeated.
    #[arg(long, default_values = ["EIO", "ENOSPC"])]
    error: Vec<String>,
    /// The number of the call that fails, counted in each thread. The option can be repeated.
    #[arg(long, default_values_t = [1, 2, 5, 10])]
    when: Vec<u32>,
    /// The number of residents, each of whom checks in once.
    #[arg(long, default_value_t = 300)]
    check_ins: usize,
}

/// A failing system call.
pub(crate) struct Fault {
    call: String,
    error: String,
    when: u32,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:error={}:when={}", self.call, self.error, self.when)
    }
}

/// The way in which the gateway with the fault ended.
enum FaultEnd {
    /// Before it listened.
    AtStart(ProcessEnd),
    /// By itself, while clients checked in.
    ByItself(ProcessEnd),
    /// It was asked to stop.
    Stopped(ProcessEnd),
    /// It was killed, because it did not stop.
    Killed,
}

/// The effects of one fault.
struct FaultSample {
    answers: ClientAnswers,
    injected: usize,
    injected_at: Option<Timestamp>,
    end: FaultEnd,
    /// The check-ins that were read back; none if the gateway did not start again.
    verified: Option<VerificationResult>,
    /// Refused check-ins that were found all the same.
    stored: usize,
}

/// The part of a resident's own record that lists check-ins.
#[derive(Deserialize)]
struct OwnCheckIns {
    check_ins: Vec<AcknowledgedCheckIn>,
}

/// The sums over all faults.
#[derive(Default)]
struct FaultTotals {
    runs: usize,
    came_about: usize,
    acknowledged: usize,
    refused: usize,
    stored: usize,
    unanswered: usize,
    missing: u64,
    doubled: u64,
    changed: u64,
    not_started: usize,
    killed: usize,
    not_measured: usize,
}

/// Runs the measurement and prints its figures.
pub(crate) async fn measure(options: &FaultOptions) -> anyhow::Result<()> {
    anyhow::ensure!(options.check_ins > 0, "--check-ins must be at least 1");
    println!(
        "| call | error | k | failed calls | acknowledged of {} | refused (stored all the same) | unanswered | lost | doubled | changed | end | \
         started again |",
        options.check_ins
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    let mut totals = FaultTotals::default();
    for call in &options.call {
        for error_name in &options.error {
            for &when in &options.when {
                let fault = Fault { call: call.clone(), error: error_name.clone(), when };
                match bear(&fault, options.check_ins).await {
                    Ok(sample) => {
                        sample.print(&fault);
                        totals.add(&sample);
                    }
                    // The other faults are measured all the same.
                    Err(error) => {
                        println!(
                            "| {call} | {error_name} | {when} | not measured: {error:#} | | | | | | | | |"
                        );
                        totals.not_measured += 1;
                    }
                }
            }
        }
    }
    println!();
    totals.print();
    Ok(())
}

/// Brings a fault about in a gateway with a new city, starts it again, and reads back.
async fn bear(fault: &Fault, check_ins: usize) -> anyhow::Result<FaultSample> {
    let folder = tempfile::tempdir()?;
    let (data, trace) = (folder.path().join("data"), folder.path().join("trace"));
    let city = found(&data, check_ins).await?;
    let (answers, end) = match GatewayProcess::start_with_fault(&data, fault, &trace).await? {
        StartOutcome::Ended(end) => (ClientAnswers::default(), FaultEnd::AtStart(end)),
        StartOutcome::Running(gateway) => load(gateway, &data, &city).await?,
    };
    let (injected, injected_at) = injected(&trace)?;
    let (verified, stored) = match GatewayProcess::start(&data).await? {
        StartOutcome::Ended(_) => (None, 0),
        StartOutcome::Running(gateway) => {
            let target = target(&gateway, &data)?;
            let verified = verify(&target, &city.residents, &answers.kept).await?;
            (Some(verified), count_stored(&target, &city, &answers).await?)
        }
    };
    Ok(FaultSample { answers, injected, injected_at, end, verified, stored })
}

/// Counts the refused check-ins that are in the trails.
async fn count_stored(
    target: &LoadTarget,
    city: &LoadCity,
    answers: &ClientAnswers,
) -> anyhow::Result<usize> {
    let (mut connection, through, mut stored) = (target.connect(Version::Http3).await?, now(), 0);
    let refused = city.residents.iter().filter(|resident| answers.refused.contains(&resident.person));
    for resident in refused {
        let authorization = || resident.authorization(now());
        let own: OwnCheckIns = read_through(&mut connection, "/v1/people/me", authorization, through).await?;
        stored += own.check_ins.len();
    }
    Ok(stored)
}

fn target(gateway: &GatewayProcess, data: &Path) -> anyhow::Result<LoadTarget> {
    LoadTarget::new(gateway.address, &data.join("certificate.pem"))
}

/// Registers a city at a gateway without a fault, and stops the gateway.
async fn found(data: &Path, residents: usize) -> anyhow::Result<LoadCity> {
    let StartOutcome::Running(mut gateway) = GatewayProcess::start(data).await? else {
        bail!("the gateway does not start without a fault")
    };
    let authority = city::authorization(data, "authority")?;
    let mut connection = target(&gateway, data)?.connect(Version::Http3).await?;
    let residents = city::residents(&mut connection, &authority, 1, residents).await?;
    let venues = city::venues(&mut connection, &authority, 1).await?;
    drop(connection);
    gateway.terminate()?;
    gateway.ended_within(END_MAX).await?.context("the gateway without a fault does not stop")?;
    Ok(LoadCity { venues, residents })
}

/// Checks all residents in, and waits for the gateway's end or asks for it.
async fn load(
    mut gateway: GatewayProcess,
    data: &Path,
    city: &LoadCity,
) -> anyhow::Result<(ClientAnswers, FaultEnd)> {
    let target = Arc::new(target(&gateway, data)?);
    let (over, is_over) = watch::channel(false);
    let clients = check_all_in(&target, &city.residents, &city.venues[0].poster, &is_over);
    tokio::pin!(clients);
    let answers = tokio::select! {
        answers = &mut clients => answers?,
        end = gateway.ended() => {
            let end = end?;
            over.send_replace(true);
            return Ok((clients.await?, FaultEnd::ByItself(end)));
        }
    };
    if answers.kept.len() < city.residents.len()
        && let Some(end) = gateway.ended_within(OWN_END_MAX).await?
    {
        return Ok((answers, FaultEnd::ByItself(end)));
    }
    gateway.terminate()?;
    let end = gateway.ended_within(END_MAX).await?.map_or(FaultEnd::Killed, FaultEnd::Stopped);
    Ok((answers, end))
}

fn status_words(status: ExitStatus) -> String {
    status.code().map_or_else(|| status.to_string(), |code| format!("exit {code}"))
}

impl FaultSample {
    fn print(&self, fault: &Fault) {
        let read = |count: fn(&VerificationResult) -> u64| {
            self.verified
                .as_ref()
                .map_or_else(|| "unknown".to_owned(), |verified| count(verified).to_string())
        };
        println!(
            "| {} | {} | {} | {} | {} | {} ({}) | {} | {} | {} | {} | {} | {} |",
            fault.call,
            fault.error,
            fault.when,
            self.injected,
            self.answers.kept.len(),
            self.answers.refused.len(),
            self.stored,
            self.answers.unanswered,
            read(|verified| verified.missing),
            read(|verified| verified.doubled),
            read(|verified| verified.changed),
            self.end_words(),
            if self.verified.is_some() { "yes" } else { "no" },
        );
    }

    fn end_words(&self) -> String {
        let after = |end: &ProcessEnd| match self.injected_at {
            Some(at) => {
                let after = Duration::from_millis(end.at.0.saturating_sub(at.0));
                format!("{}, {:.2} s after the fault", status_words(end.status), after.as_secs_f64())
            }
            None => format!("{}, without a fault", status_words(end.status)),
        };
        match &self.end {
            FaultEnd::AtStart(end) => format!("at its start: {}", after(end)),
            FaultEnd::ByItself(end) => after(end),
            FaultEnd::Stopped(end) => format!("went on; when asked to stop: {}", status_words(end.status)),
            FaultEnd::Killed => "did not stop, and was killed".to_owned(),
        }
    }
}

impl FaultTotals {
    fn add(&mut self, sample: &FaultSample) {
        self.runs += 1;
        self.came_about += usize::from(sample.injected > 0);
        self.acknowledged += sample.answers.kept.len();
        self.refused += sample.answers.refused.len();
        self.stored += sample.stored;
        self.unanswered += sample.answers.unanswered;
        self.killed += usize::from(matches!(sample.end, FaultEnd::Killed));
        match &sample.verified {
            Some(verified) => {
                self.missing += verified.missing;
                self.doubled += verified.doubled;
                self.changed += verified.changed;
            }
            None => self.not_started += 1,
        }
    }

    fn print(&self) {
        println!(
            "{} runs, in {} of which the call failed: {} acknowledged, {} lost, {} doubled, {} changed; {} refused, of which {} \
             were stored all the same; {} unanswered; {} gateways did not stop, {} did not start again; {} \
             faults were not measured.",
            self.runs,
            self.came_about,
            self.acknowledged,
            self.missing,
            self.doubled,
            self.changed,
            self.refused,
            self.stored,
            self.unanswered,
            self.killed,
            self.not_started,
            self.not_measured,
        );
    }
}
