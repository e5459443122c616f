//! `loadgen run`: registers a city, drives a scenario's plan, reads the check-ins back and writes the report.

use crate::options::RunOptions;
use crate::target;
use anyhow::Context as _;
use scangate_core::text::without_mark;
use scangate_loadgen::beside::RunTokens;
use scangate_loadgen::city::{self, LoadCity};
use scangate_loadgen::client::LoadTarget;
use scangate_loadgen::drive::{LoadRun, drive};
use scangate_loadgen::interrupt::Interruption;
use scangate_loadgen::limits::RunWaits;
use scangate_loadgen::machine::cpu;
use scangate_loadgen::machine::gateway::{MetricsSampler, MetricsUrl};
use scangate_loadgen::machine::host::LoadHost;
use scangate_loadgen::part::RunPart;
use scangate_loadgen::report::{
    RepeatedRuns, RunMeasures, RunReport, RunSettings, RunVerification, hlog, html,
};
use scangate_loadgen::sample::{KeptAnswers, RunTotals};
use scangate_loadgen::scenario::beside::BesideKind;
use scangate_loadgen::scenario::{self, Scenario};
use scangate_loadgen::verify::verify_watched;
use scangate_loadgen::watch::{RunBoard, RunTitle, RunWatch, WatchForm};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The exit code of wrong usage, which is also clap's.
const USAGE: u8 = 2;

/// Runs a scenario and reports on it.
pub(crate) async fn load(options: RunOptions) -> anyhow::Result<ExitCode> {
    match named_part(&options) {
        Ok((name, part)) if options.explain => {
            print!("{}", scenario::explain::explain(&name, &part.scenario, options.seed));
            Ok(ExitCode::SUCCESS)
        }
        Ok((name, part)) => run(&options, &name, &part).await,
        Err(error) => {
            eprintln!("loadgen: {error:#}");
            Ok(ExitCode::from(USAGE))
        }
    }
}

/// The whole of the run as one part, with the scenario's name. **Errors**: the scenario's file is wrong; the
/// city is too small.
fn named_part(options: &RunOptions) -> anyhow::Result<(String, RunPart)> {
    let (name, scenario) = named_scenario(options)?;
    let waits = RunWaits { answer_max: options.answer_max, late_after: options.late_after };
    let keep = if options.no_verify { KeptAnswers::Count } else { KeptAnswers::All };
    let part = RunPart { scenario, seed: options.seed, waits, keep };
    part.plan(part.seed)?;
    Ok((name, part))
}

/// The scenario of the run with its name, as the options change it. **Errors**: its file cannot be read, or
/// is wrong at a line and column.
fn named_scenario(options: &RunOptions) -> anyhow::Result<(String, Scenario)> {
    let (name, scenario) = match (&options.scenario, &options.name) {
        (Some(path), _) => (path.display().to_string(), read_scenario(path)?),
        (None, name) => {
            let name = name.as_deref().unwrap_or_default();
            let file = scenario::file(name).with_context(|| format!("`{name}` is not a scenario"))?;
            (name.to_owned(), Scenario::parse(file).with_context(|| name.to_owned())?)
        }
    };
    Ok((name, scenario.changed(&options.changes.changes())))
}

fn read_scenario(path: &Path) -> anyhow::Result<Scenario> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let text = std::str::from_utf8(without_mark(text.as_bytes()))?;
    Scenario::parse(text).map_err(|error| anyhow::anyhow!("{}:{error}", path.display()))
}

/// The parts of a run that its repetitions share.
struct PreparedLoad<'a> {
    options: &'a RunOptions,
    part: &'a RunPart,
    target: Arc<LoadTarget>,
    city: Arc<LoadCity>,
    tokens: RunTokens,
    board: Arc<RunBoard>,
}

async fn run(options: &RunOptions, name: &str, part: &RunPart) -> anyhow::Result<ExitCode> {
    let form = if options.quiet { WatchForm::None } else { WatchForm::of_stderr() };
    let title = RunTitle { scenario: name.to_owned(), target: options.target().to_owned() };
    let watch = RunWatch::begin(form, title)?;
    let load = prepare(options, part, watch.board()).await?;
    let mut interruption = Interruption::on_signals(watch.board())?;
    let mut runs = RepeatedRuns::new(settings(&load, name), &options.slo);
    for _ in 0..options.repeat {
        let (totals, measures) = run_once(&load, runs.next_seed(), &mut interruption).await?;
        runs.add(totals, measures);
        if interruption.has_come() {
            break;
        }
    }
    drop(watch);
    write_hlog(options, runs.totals().context("nothing ran")?)?;
    conclude(options, &runs.report().context("nothing ran")?)
}

/// Looks at the target and registers the city.
async fn prepare<'a>(
    options: &'a RunOptions,
    part: &'a RunPart,
    board: &Arc<RunBoard>,
) -> anyhow::Result<PreparedLoad<'a>> {
    let RunOptions { data, allow_remote, .. } = options;
    let is_traced = part.scenario.beside.iter().any(|beside| beside.kind == BesideKind::CoPresence);
    let roles: &[&str] = if is_traced { &["authority", "tracer"] } else { &["authority"] };
    let target = Arc::new(target::examine(options.target(), data, *allow_remote, roles).await?);
    let token = |role| city::authorization(data, role);
    let tracer = is_traced.then(|| token("tracer")).transpose()?;
    let tokens = RunTokens { authority: token("authority")?, tracer };
    let (residents, venues) = (part.plan(part.seed)?.options().residents, part.scenario.venues);
    eprintln!("registering {residents} residents and {venues} venues");
    let city = Arc::new(part.register(&target, &tokens.authority, None).await?);
    Ok(PreparedLoad { options, part, target, city, tokens, board: Arc::clone(board) })
}

/// Drives one run to its end and reads its check-ins back.
async fn run_once(
    load: &PreparedLoad<'_>,
    seed: u64,
    interruption: &mut Interruption,
) -> anyhow::Result<(RunTotals, RunMeasures)> {
    let PreparedLoad { options, part, target, city, tokens, board } = load;
    let pid = options.server_pid.or_else(|| cpu::listener(target.address));
    let run = LoadRun { board: Arc::clone(board), ..part.run(part.plan(seed)?, target, city, tokens)? };
    let (began, own_before) = (Instant::now(), cpu::used(std::process::id()));
    let server_before = pid.and_then(cpu::used);
    let metrics = options.metrics.clone().map_or_else(|| MetricsUrl::of_target(target.address), Ok);
    let sampler = MetricsSampler::start(metrics);
    let totals = drive(run, interruption.clone()).await?;
    let server_cpu = used_since(server_before, pid);
    let own_cpu = used_since(own_before, Some(std::process::id()));
    let measures = RunMeasures {
        server_cpu,
        generator_cpu: own_cpu,
        generator_cpu_share: own_cpu.map(|cpu| cpu::share(cpu, began.elapsed())),
        gateway: sampler.finish(totals.began).await,
        host: LoadHost::read(),
        is_interrupted: interruption.has_come(),
        verification: read_back(options, target, city, &totals, board, interruption).await,
    };
    Ok((totals, measures))
}

fn used_since(before: Option<Duration>, pid: Option<u32>) -> Option<Duration> {
    Some(pid.and_then(cpu::used)?.saturating_sub(before?))
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

fn settings(load: &PreparedLoad<'_>, name: &str) -> RunSettings {
    let PreparedLoad { options, part, city, .. } = load;
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    RunSettings {
        scenario: name.to_owned(),
        rate: part.scenario.rate.0,
        seconds: part.scenario.length.as_secs_f64(),
        carrier: part.scenario.carrier_words(),
        residents: city.residents.len(),
        venues: city.venues.len(),
        generators: 1,
        seed: options.seed,
        answer_max_ms: ms(options.answer_max),
        late_after_ms: ms(options.late_after),
        lag_max_ms: ms(options.lag_max),
    }
}

fn write_hlog(options: &RunOptions, totals: &RunTotals) -> anyhow::Result<()> {
    let Some(path) = &options.hlog else { return Ok(()) };
    let write = || {
        let mut file = BufWriter::new(File::create(path)?);
        hlog::write_log(totals, &mut file)?;
        file.flush()
    };
    write().with_context(|| path.display().to_string())
}

fn conclude(options: &RunOptions, report: &RunReport) -> anyhow::Result<ExitCode> {
    print!("{}", report.text());
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(report)?;
        std::fs::write(path, text).with_context(|| path.display().to_string())?;
    }
    if let Some(path) = &options.html {
        std::fs::write(path, html::page(report)?).with_context(|| path.display().to_string())?;
    }
    Ok(ExitCode::from(report.verdict.exit_code()))
}
