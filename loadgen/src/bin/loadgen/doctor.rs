//! `loadgen doctor`: the findings about this machine, the data folder and the target, as text or as JSON.

use crate::options::DoctorOptions;
use crate::{choice, target};
use scangate_loadgen::drive::now;
use scangate_loadgen::limits::RunWaits;
use scangate_loadgen::machine::doctor::{DoctorFinding, DoctorReport, IntendedRun, examine, examine_target};
use scangate_loadgen::part::RunPart;
use scangate_loadgen::sample::KeptAnswers;
use std::process::ExitCode;

/// Prints the findings. Exits with 1 if one of them is an error.
pub(crate) async fn doctor(options: DoctorOptions) -> anyhow::Result<ExitCode> {
    let (run, small) = match intended(&options) {
        Ok(run) => run,
        Err(error) => {
            eprintln!("loadgen: {error:#}");
            return Ok(ExitCode::from(choice::USAGE));
        }
    };
    let url = options.target.as_deref();
    let host = url.map_or_else(|| target::DEFAULT_NAME.to_owned(), target::server_name);
    let mut findings = examine(&run, &host, now());
    findings.extend(small);
    if let Some(url) = url {
        match target::resolve(url, &run.data, options.allow_remote) {
            Ok(target) => findings.extend(examine_target(&target, &run, now()).await),
            Err(error) => {
                let remedy = "correct --target or --data";
                findings.push(DoctorFinding::error("target", format!("{error:#}"), remedy));
            }
        }
    }
    let report = DoctorReport::new(findings);
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(if report.is_fit { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The run of the options, with a finding if its city is too small. **Errors**: the scenario's file is wrong.
fn intended(options: &DoctorOptions) -> anyhow::Result<(IntendedRun, Option<DoctorFinding>)> {
    let (_, scenario) =
        choice::scenario(options.name.as_deref(), options.scenario.as_deref(), &options.changes)?;
    let (rate, length, tcp_connections) = (scenario.rate.0, scenario.length, scenario.tcp_connections());
    let part = RunPart { scenario, seed: options.seed, waits: RunWaits::default(), keep: KeptAnswers::All };
    let (residents, finding) = match part.plan(part.seed) {
        Ok(plan) => (plan.options().residents, None),
        Err(error) => {
            let remedy = "use a lower --rate, or more --residents and --venues";
            (error.residents, Some(DoctorFinding::error("city", error.to_string(), remedy)))
        }
    };
    let data = options.data.clone();
    Ok((IntendedRun { tcp_connections, rate, length, residents, data }, finding))
}
