//! `loadgen run`: registers a city, drives a scenario's plan, reads the check-ins back and writes the report.

use crate::options::{RunOptions, Scenario};
use crate::target;
use anyhow::Context as _;
use clap::ValueEnum as _;
use scangate_loadgen::city::{self, LoadCity};
use scangate_loadgen::client::{Handshake, LoadTarget, Version};
use scangate_loadgen::drive::{Carrier, LoadRun, drive};
use scangate_loadgen::machine::cpu;
use scangate_loadgen::plan::{Curve, PlanOptions, PlannedScan, plan};
use scangate_loadgen::report::slo::Slo;
use scangate_loadgen::report::{RunReport, RunSettings, html};
use scangate_loadgen::verify::{VerificationResult, verify};
use std::process::ExitCode;
use std::sync::Arc;

/// The exit code of a run that missed a service level; clap exits with 2 on wrong usage.
const MISSED: u8 = 3;
/// The share of a commute's scans that phones send; gates send the rest.
const COMMUTE_PHONES: f64 = 0.8;

/// Runs a scenario and reports on it.
pub(crate) async fn load(options: RunOptions) -> anyhow::Result<ExitCode> {
    let target = Arc::new(target::resolve(&options.target, &options.data, options.allow_remote)?);
    let city = Arc::new(register(&target, &options).await?);
    let pid = options.server_pid.or_else(|| cpu::listener(target.address));
    let cpu_before = pid.and_then(cpu::used);
    let (shares, length) = (shares(&options), options.length);
    let samples =
        drive(LoadRun { target: Arc::clone(&target), city: Arc::clone(&city), shares, length }).await?;
    let cpu = pid.and_then(cpu::used).zip(cpu_before).map(|(after, before)| after.saturating_sub(before));
    let totals = samples.into_totals();
    let verified = if options.no_verify {
        None
    } else {
        eprintln!("reading back {} check-ins", totals.kept_count);
        Some(verify(&target, &city.residents, &totals.kept).await?)
    };
    let quantiles = options.slo.iter().filter_map(Slo::quantile);
    conclude(&options, &RunReport::new(settings(&options, &city), &totals, cpu, verified, quantiles))
}

async fn register(target: &LoadTarget, options: &RunOptions) -> anyhow::Result<LoadCity> {
    let authority = city::authorization(&options.data, "authority")?;
    let mut connection = target.connect(Version::Http3).await.context("connecting to the target")?;
    eprintln!("registering {} residents and {} venues", options.residents, options.venues);
    let residents =
        city::residents(&mut connection, &authority, options.seed, options.residents as usize).await?;
    let venues = city::venues(&mut connection, &authority, options.venues as usize).await?;
    Ok(LoadCity { venues, residents })
}

fn settings(options: &RunOptions, city: &LoadCity) -> RunSettings {
    let scenario = options.scenario.to_possible_value();
    RunSettings {
        scenario: scenario.map_or_else(String::new, |value| value.get_name().into()),
        rate: options.rate,
        seconds: options.length.as_secs_f64(),
        carrier: carrier_words(options),
        residents: city.residents.len(),
        venues: city.venues.len(),
        seed: options.seed,
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
    let missed: Vec<&Slo> = options.slo.iter().filter(|slo| !slo.is_met(report)).collect();
    for slo in &missed {
        println!("  missed         {slo}");
    }
    let is_ok = report.kept > 0 && report.verified.as_ref().is_none_or(VerificationResult::is_ok);
    Ok(match (is_ok, missed.is_empty()) {
        (false, _) => ExitCode::FAILURE,
        (true, true) => ExitCode::SUCCESS,
        (true, false) => ExitCode::from(MISSED),
    })
}

fn gates(options: &RunOptions) -> Carrier {
    let version = match options.http.as_str() {
        "1" => Version::Http1,
        "2" => Version::Http2,
        _ => Version::Http3,
    };
    let (connections, in_flight) = (options.connections as usize, options.in_flight as usize);
    Carrier::Gates { connections, in_flight, version }
}

fn shares(options: &RunOptions) -> Vec<(Carrier, Vec<PlannedScan>)> {
    let (gates, phones) = (gates(options), Carrier::Phones(options.mode));
    let (length, residents, venues) = (options.length, options.residents, options.venues);
    let planned = |rate, curve, seed| plan(&PlanOptions { rate, length, curve, residents, venues, seed });
    match options.scenario {
        Scenario::Gate => vec![(gates, planned(options.rate, Curve::Flat, options.seed))],
        Scenario::Phone => vec![(phones, planned(options.rate, Curve::Flat, options.seed))],
        Scenario::Commute => {
            let by_phone = options.rate * COMMUTE_PHONES;
            vec![
                (phones, planned(by_phone, Curve::Day, options.seed)),
                (gates, planned(options.rate - by_phone, Curve::Day, options.seed + 1)),
            ]
        }
    }
}

fn carrier_words(options: &RunOptions) -> String {
    let gates = format!(
        "{} connections x {} in flight over HTTP/{}",
        options.connections, options.in_flight, options.http
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
