//! `loadgen run`: registers a city, drives a scenario's plan, reads the check-ins back and writes the report.

use crate::options::RunOptions;
use crate::{choice, target, worker};
use anyhow::Context as _;
use scangate_loadgen::beside::RunTokens;
use scangate_loadgen::city::{self, LoadCity};
use scangate_loadgen::client::{LoadTarget, Version};
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
use scangate_loadgen::scenario;
use scangate_loadgen::scenario::beside::BesideKind;
use scangate_loadgen::verify::verify_watched;
use scangate_loadgen::watch::{RunBoard, RunTitle, RunWatch, WatchForm};
use scangate_loadgen::workers::{Crew, CrewOrder, CrewResults};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
            Ok(ExitCode::from(choice::USAGE))
        }
    }
}

/// The whole of the run as one part, with the scenario's name. **Errors**: the scenario's file is wrong; the
/// city is too small.
fn named_part(options: &RunOptions) -> anyhow::Result<(String, RunPart)> {
    let (name, scenario) =
        choice::scenario(options.name.as_deref(), options.scenario.as_deref(), &options.changes)?;
    let waits = RunWaits { answer_max: options.answer_max, late_after: options.late_after };
    let keep = if options.no_verify { KeptAnswers::Count } else { KeptAnswers::All };
    let part = RunPart { scenario, seed: options.seed, waits, keep };
    part.plan(part.seed)?;
    Ok((name, part))
}

/// The parts of a run that its repetitions share.
struct PreparedLoad<'a> {
    options: &'a RunOptions,
    part: &'a RunPart,
    target: Arc<LoadTarget>,
    generators: Generators,
    board: Arc<RunBoard>,
}

/// Who sends the load.
enum Generators {
    /// This process alone.
    Own { city: Arc<LoadCity>, tokens: RunTokens },
    /// Workers.
    Crew(Crew),
}

async fn run(options: &RunOptions, name: &str, part: &RunPart) -> anyhow::Result<ExitCode> {
    let form = if options.quiet { WatchForm::None } else { WatchForm::of_stderr() };
    let title = RunTitle { scenario: name.to_owned(), target: options.target().to_owned() };
    let watch = RunWatch::begin(form, title)?;
    let mut load = prepare(options, part, watch.board()).await?;
    let mut interruption = Interruption::on_signals(watch.board())?;
    let mut runs = RepeatedRuns::new(settings(&load, name), &options.slo);
    for _ in 0..options.repeat {
        let (totals, measures) = run_once(&mut load, runs.next_seed(), &mut interruption).await?;
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
    let generators = gather(options, part, &target, tokens).await?;
    Ok(PreparedLoad { options, part, target, generators, board: Arc::clone(board) })
}

/// Registers the city, here or at the workers, whose venues are the same.
async fn gather(
    options: &RunOptions,
    part: &RunPart,
    target: &Arc<LoadTarget>,
    tokens: RunTokens,
) -> anyhow::Result<Generators> {
    let (residents, venues) = (part.plan(part.seed)?.options().residents, part.scenario.venues);
    if options.workers.is_empty() {
        eprintln!("registering {residents} residents and {venues} venues");
        let city = Arc::new(part.register(target, &tokens.authority, None).await?);
        return Ok(Generators::Own { city, tokens });
    }
    let token = worker::token(options.worker_token.as_deref(), &options.workers, "--worker-token")?;
    let path = options.data.join("certificate.pem");
    let certificate = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut connection = target.connect(Version::Http3).await.context("connecting to the target")?;
    let venues = city::venues(&mut connection, &tokens.authority, venues as usize).await?;
    let order = CrewOrder {
        whole: part,
        target: target.address,
        name: target.name(),
        certificate: &certificate,
        tokens: &tokens,
        venues: &venues,
    };
    eprintln!("{} workers register their residents", options.workers.len());
    Ok(Generators::Crew(Crew::gather(&options.workers, &token, &order).await?))
}

/// Drives one run to its end and reads its check-ins back.
async fn run_once(
    load: &mut PreparedLoad<'_>,
    seed: u64,
    interruption: &mut Interruption,
) -> anyhow::Result<(RunTotals, RunMeasures)> {
    let PreparedLoad { options, part, target, generators, board } = load;
    let pid = options.server_pid.or_else(|| cpu::listener(target.address));
    let server_before = pid.and_then(cpu::used);
    let metrics = options.metrics.clone().map_or_else(|| MetricsUrl::of_target(target.address), Ok);
    let sampler = MetricsSampler::start(metrics);
    let run = match generators {
        Generators::Own { city, tokens } => {
            let run = part.run(part.plan(seed)?, target, city, tokens)?;
            send_here(LoadRun { board: Arc::clone(board), ..run }, interruption).await?
        }
        Generators::Crew(crew) => crew.run(seed, part, interruption, board).await?,
    };
    let server_cpu = pid.and_then(|pid| cpu::used_since(server_before, pid));
    let gateway = sampler.finish(run.totals.began).await;
    let is_interrupted = interruption.has_come();
    let verification = match generators {
        Generators::Own { city, .. } => {
            read_back(options, target, city, &run.totals, board, interruption).await
        }
        Generators::Crew(_) => run.verification,
    };
    let measures = RunMeasures {
        server_cpu,
        generator_cpu: run.cpu,
        generator_cpu_share: run.cpu_share,
        gateway,
        host: LoadHost::read(),
        is_interrupted,
        verification,
    };
    Ok((run.totals, measures))
}

/// Sends a run from this process.
async fn send_here(run: LoadRun, interruption: &Interruption) -> anyhow::Result<CrewResults> {
    let (began, before) = (Instant::now(), cpu::used(std::process::id()));
    let totals = drive(run, interruption.clone()).await?;
    let cpu = cpu::used_since(before, std::process::id());
    let cpu_share = cpu.map(|cpu| cpu::share(cpu, began.elapsed()));
    Ok(CrewResults { totals, verification: RunVerification::LeftOut, cpu, cpu_share })
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
    let PreparedLoad { options, part, generators, .. } = load;
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let (residents, generators) = match generators {
        Generators::Own { city, .. } => (city.residents.len(), 1),
        Generators::Crew(crew) => (crew.residents(), options.workers.len()),
    };
    RunSettings {
        scenario: name.to_owned(),
        rate: part.scenario.rate.0,
        seconds: part.scenario.length.as_secs_f64(),
        carrier: part.scenario.carrier_words(),
        residents,
        venues: part.scenario.venues as usize,
        generators,
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
