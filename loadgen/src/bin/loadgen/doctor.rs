//! `loadgen doctor`: the findings about this machine, the data folder and the target, as text or as JSON.

use crate::options::DoctorOptions;
use crate::target;
use scangate_loadgen::drive::now;
use scangate_loadgen::machine::doctor::{DoctorFinding, DoctorReport, IntendedRun, examine, examine_target};
use std::process::ExitCode;

/// Prints the findings. Exits with 1 if one of them is an error.
pub(crate) async fn doctor(options: DoctorOptions) -> anyhow::Result<ExitCode> {
    let over_tcp = options.http != "3";
    let run = IntendedRun {
        tcp_connections: if over_tcp { options.connections } else { 0 },
        rate: options.rate.0,
        length: options.length,
        residents: options.residents,
        data: options.data,
    };
    let url = options.target.as_deref();
    let host = url.map_or_else(|| target::DEFAULT_NAME.to_owned(), target::server_name);
    let mut findings = examine(&run, &host, now());
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
