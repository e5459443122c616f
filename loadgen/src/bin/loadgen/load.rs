//! `loadgen run`: registers a city, drives a scenario's plan, reads the check-ins back and writes the report.

use crate::options::RunOptions;
use crate::target;
use anyhow::Context as _;
use scangate_core::text::without_mark;
use scangate_loadgen::beside::{BesideLoad, RunTokens};
use scangate_loadgen::city::{self, LoadCity};
use scangate_loadgen::client::{LoadTarget, Version};
use scangate_loadgen::drive::{LoadRun, drive};
use scangate_loadgen::interrupt::Interruption;
use scangate_loadgen::limits::RunWaits;
use scangate_loadgen::machine::cpu;
use scangate_loadgen::machine::gateway::{MetricsSampler, MetricsUrl};
use scangate_loadgen::machine::host::LoadHost;
use scangate_loadgen::plan::{Plan, PlanOptions};
use scangate_loadgen::report::{RunMeasures, RunReport, RunSettings, RunVerification, hlog, html};
use scangate_loadgen::sample::{KeptAnswers, RunTotals};
use scangate_loadgen::scenario::beside::BesideKind;
use scangate_loadgen::scenario::{self, RESIDENTS_MAX, Scenario};
use scangate_loadgen::verify::verify;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The exit code of wrong usage, which is also clap's.
const USAGE: u8 = 2;
/// The residents of a city whose run needs fewer.
const RESIDENTS_MIN: u64 = 10_000;
/// The address of attackers where the target is on loopback. Gateways bound what one address may hold.
const ATTACKER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 66));

/// Runs a scenario and reports on it.
pub(crate) async fn load(options: RunOptions) -> anyhow::Result<ExitCode> {
    let planned = match named_scenario(&options) {
        Ok((name, scenario)) => {
            if options.explain {
                print!("{}", scenario::explain::explain(&name, &scenario, options.seed));
                return Ok(ExitCode::SUCCESS);
            }
            let plan = Plan::new(plan_options(&scenario, options.seed)).map_err(anyhow::Error::from);
            plan.map(|plan| (name, scenario, plan))
        }
        Err(error) => Err(error),
    };
    match planned {
        Ok((name, scenario, plan)) => run(&options, &name, &scenario, plan).await,
        Err(error) => {
            eprintln!("loadgen: {error:#}");
            Ok(ExitCode::from(USAGE))
        }
    }
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

async fn run(options: &RunOptions, name: &str, scenario: &Scenario, plan: Plan) -> anyhow::Result<ExitCode> {
    let RunOptions { data, allow_remote, .. } = options;
    let has = |kind| scenario.beside.iter().any(|beside| beside.kind == kind);
    let roles: &[&str] = if has(BesideKind::CoPresence) { &["authority", "tracer"] } else { &["authority"] };
    let target = Arc::new(target::examine(options.target(), data, *allow_remote, roles).await?);
    let city = Arc::new(register(&target, options, &plan).await?);
    let pid = options.server_pid.or_else(|| cpu::listener(target.address));
    let mut interruption = Interruption::on_signals()?;
    let run = LoadRun {
        target: Arc::clone(&target),
        city: Arc::clone(&city),
        carriers: scenario.carriers(),
        beside: beside(options, scenario, &target, &city)?,
        plan: Box::new(plan),
        waits: waits(options),
        keep: if options.no_verify { KeptAnswers::Count } else { KeptAnswers::All },
    };
    let (began, own_before) = (Instant::now(), cpu::used(std::process::id()));
    let server_before = pid.and_then(cpu::used);
    let metrics = options.metrics.clone().map_or_else(|| MetricsUrl::of_target(target.address), Ok);
    let sampler = MetricsSampler::start(metrics);
    let totals = drive(run, interruption.clone()).await?;
    let server_cpu = used_since(server_before, pid);
    let own_cpu = used_since(own_before, Some(std::process::id()));
    let measures = RunMeasures {
        server_cpu,
        generator_cpu_share: own_cpu.map(|cpu| cpu::share(cpu, began.elapsed())),
        gateway: sampler.finish(totals.began).await,
        host: LoadHost::read(),
        is_interrupted: interruption.has_come(),
        verification: read_back(options, &target, &city, &totals, &mut interruption).await,
    };
    let settings = settings(options, name, scenario, &city);
    write_hlog(options, &totals)?;
    conclude(options, &RunReport::new(settings, &totals, measures, &options.slo))
}

fn plan_options(scenario: &Scenario, seed: u64) -> PlanOptions {
    let Scenario { rate, length, venues, venue_choice, .. } = *scenario;
    let (rate, shape, residents) = (rate.0, scenario.shape.clone(), RESIDENTS_MAX);
    let plan = PlanOptions { rate, length, shape, residents, venues, venue_choice, seed };
    let needed = plan.residents_needed().max(RESIDENTS_MIN);
    let enough = u32::try_from(needed).unwrap_or(RESIDENTS_MAX).min(RESIDENTS_MAX);
    PlanOptions { residents: scenario.residents.unwrap_or(enough), ..plan }
}

/// The load beside the scans. On loopback attackers have an address of their own.
fn beside(
    options: &RunOptions,
    scenario: &Scenario,
    target: &Arc<LoadTarget>,
    city: &Arc<LoadCity>,
) -> anyhow::Result<Option<BesideLoad>> {
    let specs = scenario.beside.clone();
    if specs.is_empty() {
        return Ok(None);
    }
    let is_local = target.address.is_ipv4() && target.address.ip().is_loopback();
    let attacked = if is_local && specs.iter().any(|beside| beside.kind.is_attack()) {
        let attacked = target::resolve(options.target(), &options.data, options.allow_remote)?;
        Arc::new(attacked.from_source(ATTACKER)?)
    } else {
        Arc::clone(target)
    };
    let token = |role| city::authorization(&options.data, role);
    let tracer = specs.iter().any(|beside| beside.kind == BesideKind::CoPresence);
    let tracer = tracer.then(|| token("tracer")).transpose()?;
    let tokens = RunTokens { authority: token("authority")?, tracer };
    let (target, city, seed) = (Arc::clone(target), Arc::clone(city), options.seed);
    Ok(Some(BesideLoad { target, attacked, city, tokens, specs, seed }))
}

fn waits(options: &RunOptions) -> RunWaits {
    RunWaits { answer_max: options.answer_max, late_after: options.late_after }
}

fn used_since(before: Option<Duration>, pid: Option<u32>) -> Option<Duration> {
    Some(pid.and_then(cpu::used)?.saturating_sub(before?))
}

async fn register(target: &LoadTarget, options: &RunOptions, plan: &Plan) -> anyhow::Result<LoadCity> {
    let &PlanOptions { residents, venues, seed, .. } = plan.options();
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
    interruption: &mut Interruption,
) -> RunVerification {
    // An interruption that came during the run ends the sending, and the check-ins are still read back.
    let is_interrupted = interruption.has_come();
    if options.no_verify {
        return RunVerification::LeftOut;
    }
    eprintln!("reading back {} check-ins", totals.outcomes.acknowledged);
    tokio::select! {
        verified = verify(target, &city.residents, &totals.kept) => match verified {
            Ok(verified) => RunVerification::Done(verified),
            Err(error) => RunVerification::Failed(format!("{error:#}")),
        },
        () = interruption.come(), if !is_interrupted => RunVerification::Failed("interrupted".to_owned()),
    }
}

fn settings(options: &RunOptions, name: &str, scenario: &Scenario, city: &LoadCity) -> RunSettings {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    RunSettings {
        scenario: name.to_owned(),
        rate: scenario.rate.0,
        seconds: scenario.length.as_secs_f64(),
        carrier: scenario.carrier_words(),
        residents: city.residents.len(),
        venues: city.venues.len(),
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
