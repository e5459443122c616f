//! `loadgen run`: registers a city, drives a scenario's plan, reads the check-ins back and writes the report.

use crate::options::{RunOptions, Scenario};
use crate::target;
use anyhow::Context as _;
use clap::ValueEnum as _;
use scangate_loadgen::city::{self, LoadCity};
use scangate_loadgen::client::{Handshake, LoadTarget, Version};
use scangate_loadgen::drive::{Carrier, LoadRun, drive};
use scangate_loadgen::interrupt::Interruption;
use scangate_loadgen::limits::RunWaits;
use scangate_loadgen::machine::cpu;
use scangate_loadgen::plan::{Curve, Plan, PlanOptions};
use scangate_loadgen::report::{RunMeasures, RunReport, RunSettings, RunVerification, html};
use scangate_loadgen::sample::{KeptAnswers, RunTotals};
use scangate_loadgen::verify::verify_watched;
use scangate_loadgen::watch::{RunBoard, RunTitle, RunWatch, WatchForm};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The exit code of wrong usage, which is also clap's.
const USAGE: u8 = 2;
/// The share of a commute's scans that phones send; gates send the rest.
const COMMUTE_PHONES: f64 = 0.8;
/// The residents of a city whose run needs fewer.
const RESIDENTS_MIN: u64 = 10_000;
/// The most residents of a city.
pub(crate) const RESIDENTS_MAX: u32 = 5_000_000;

/// Runs a scenario and reports on it.
pub(crate) async fn load(options: RunOptions) -> anyhow::Result<ExitCode> {
    let plan = match Plan::new(plan_options(&options)) {
        Ok(plan) => plan,
        Err(error) => {
            eprintln!("loadgen: {error}");
            return Ok(ExitCode::from(USAGE));
        }
    };
    let RunOptions { target, data, allow_remote, .. } = &options;
    let target = Arc::new(target::examine(target, data, *allow_remote, &["authority"]).await?);
    let city = Arc::new(register(&target, &options, &plan).await?);
    let pid = options.server_pid.or_else(|| cpu::listener(target.address));
    let watch = RunWatch::begin(watch_form(&options), title(&options))?;
    let board = watch.board();
    let mut interruption = Interruption::on_signals(board)?;
    let run = LoadRun {
        target: Arc::clone(&target),
        city: Arc::clone(&city),
        carriers: carriers(&options),
        plan: Box::new(plan),
        waits: waits(&options),
        keep: if options.no_verify { KeptAnswers::Count } else { KeptAnswers::All },
        board: Arc::clone(board),
    };
    let (began, own_before) = (Instant::now(), cpu::used(std::process::id()));
    let server_before = pid.and_then(cpu::used);
    let totals = drive(run, interruption.clone()).await?;
    let server_cpu = used_since(server_before, pid);
    let own_cpu = used_since(own_before, Some(std::process::id()));
    let measures = RunMeasures {
        server_cpu,
        generator_cpu: own_cpu,
        generator_cpu_share: own_cpu.map(|cpu| cpu::share(cpu, began.elapsed())),
        is_interrupted: interruption.has_come(),
        verification: read_back(&options, &target, &city, &totals, board, &mut interruption).await,
    };
    drop(watch);
    conclude(&options, &RunReport::new(settings(&options, &city), &totals, measures, &options.slo))
}

fn plan_options(options: &RunOptions) -> PlanOptions {
    let curve = match options.scenario {
        Scenario::Gate | Scenario::Phone => Curve::Flat,
        Scenario::Commute => Curve::Day,
    };
    let RunOptions { rate, length, venues, seed, .. } = *options;
    let plan = PlanOptions { rate, length, curve, residents: RESIDENTS_MAX, venues, seed };
    let needed = plan.residents_needed().max(RESIDENTS_MIN);
    let enough = u32::try_from(needed).unwrap_or(RESIDENTS_MAX).min(RESIDENTS_MAX);
    PlanOptions { residents: options.residents.unwrap_or(enough), ..plan }
}

fn watch_form(options: &RunOptions) -> WatchForm {
    if options.quiet { WatchForm::None } else { WatchForm::of_stderr() }
}

fn title(options: &RunOptions) -> RunTitle {
    RunTitle { scenario: scenario_name(options), target: options.target.clone() }
}

fn scenario_name(options: &RunOptions) -> String {
    options.scenario.to_possible_value().map_or_else(String::new, |value| value.get_name().into())
}

fn waits(options: &RunOptions) -> RunWaits {
    RunWaits { answer_max: options.answer_max, late_after: options.late_after }
}

fn used_since(before: Option<Duration>, pid: Option<u32>) -> Option<Duration> {
    Some(pid.and_then(cpu::used)?.saturating_sub(before?))
}

async fn register(target: &LoadTarget, options: &RunOptions, plan: &Plan) -> anyhow::Result<LoadCity> {
    let PlanOptions { residents, venues, seed, .. } = *plan.options();
    let authority = city::authorization(&options.data, "authority")?;
    let mut connection = target.connect(Version::Http3).await.context("connecting to the target")?;
    eprintln!("registering {residents} residents and {venues} venues");
    let residents = city::residents(&mut connection, &authority, seed, residents as usize).await?;
    let venues = city::venues(&mut connection, &authority, venues as usize).await?;
    Ok(LoadCity { venues, residents })
}

async fn read_back(
    options: &RunOptions,
    target: &LoadTarget,
    city: &LoadCity,
    totals: &RunTotals,
    board: &RunBoard,
    interruption: &mut Interruption,
) -> RunVerification {
    // An interruption that came during the run ends the sending, and the check-ins are still read back.
    let is_interrupted = interruption.has_come();
    if options.no_verify {
        return RunVerification::LeftOut;
    }
    tokio::select! {
        verified = verify_watched(target, &city.residents, &totals.kept, board) => match verified {
            Ok(verified) => RunVerification::Done(verified),
            Err(error) => RunVerification::Failed(format!("{error:#}")),
        },
        () = interruption.come(), if !is_interrupted => RunVerification::Failed("interrupted".to_owned()),
    }
}

fn settings(options: &RunOptions, city: &LoadCity) -> RunSettings {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    RunSettings {
        scenario: scenario_name(options),
        rate: options.rate,
        seconds: options.length.as_secs_f64(),
        carrier: carrier_words(options),
        residents: city.residents.len(),
        venues: city.venues.len(),
        seed: options.seed,
        answer_max_ms: ms(options.answer_max),
        late_after_ms: ms(options.late_after),
        lag_max_ms: ms(options.lag_max),
    }
}

fn conclude(options: &RunOptions, report: &RunReport) -> anyhow::Result<ExitCode> {
    print!("{}", report.text());
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(report)?;
        std::fs::write(path, text).with_context(|| path.display().to_string())?;
    }
    if let Some(path) = &options.html {
        std::fs::write(path, html::page(report)).with_context(|| path.display().to_string())?;
    }
    Ok(ExitCode::from(report.verdict.exit_code()))
}

fn version(options: &RunOptions) -> Version {
    match options.http.as_str() {
        "1" => Version::Http1,
        "2" => Version::Http2,
        _ => Version::Http3,
    }
}

fn in_flight(options: &RunOptions) -> usize {
    version(options).in_flight_max().min(options.in_flight as usize)
}

fn gates(options: &RunOptions) -> Carrier {
    let (connections, in_flight) = (options.connections as usize, in_flight(options));
    Carrier::Gates { connections, in_flight, version: version(options) }
}

fn carriers(options: &RunOptions) -> Vec<(Carrier, f64)> {
    let (gates, phones) = (gates(options), Carrier::Phones(options.mode));
    match options.scenario {
        Scenario::Gate => vec![(gates, 1.0)],
        Scenario::Phone => vec![(phones, 1.0)],
        Scenario::Commute => vec![(phones, COMMUTE_PHONES), (gates, 1.0 - COMMUTE_PHONES)],
    }
}

fn carrier_words(options: &RunOptions) -> String {
    let gates = format!(
        "{} connections x {} in flight over HTTP/{}",
        options.connections,
        in_flight(options),
        options.http
    );
    let phones = match options.mode {
        Handshake::Full => "a connection a scan, full handshakes",
        Handshake::Resumed => "a connection a scan, resumed",
        Handshake::Early => "a connection a scan, 0-RTT",
    };
    match options.scenario {
        Scenario::Gate => gates,
        Scenario::Phone => phones.to_owned(),
        Scenario::Commute => format!("{phones}; {gates}"),
    }
}
