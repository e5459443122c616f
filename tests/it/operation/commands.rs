//! The command line and the process: clear errors, one gateway a folder, a drain that loses nothing.

use anyhow::Context as _;
use scangate_core::id::VenueId;
use scangate_core::policy::Policy;
use scangate_core::token::TokenKey;
use scangate_loadgen::city::LoadCity;
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::{Carrier, LoadRun, drive};
use scangate_loadgen::interrupt::Interruption;
use scangate_loadgen::plan::{Plan, PlanOptions};
use scangate_loadgen::verify::verify;
use scangate_tests::{ClusterCity, ExpectedLog, Gateway, TestTown, assert_done, assert_refused};
use std::collections::HashMap;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_wrong_key_names_file_line_and_the_right_key() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, "workers = 1\nlitsen = \"127.0.0.1:1\"\n")?;
    let output = Gateway::run(&["check-config", &file.display().to_string()])?;
    let said = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("gateway.toml:2:1") && said.contains("did you mean `listen`?"), "{said}");
    let usage = Gateway::run(&["--no-such-option"])?;
    assert_eq!(usage.status.code(), Some(2));
    Ok(())
}

#[test]
fn gz_05_a_pack_is_checked_by_line_and_its_overlaps_are_reported() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("pack.toml");
    let text = Policy::builtin("nanchong").context("it comes with the gateway")?;
    let line = text.lines().position(|line| line == "id = \"case\"").context("it has this rule")? + 1;
    let wrong = text.replace("id = \"case\"", "id = \"Case\"").replace("risk = \"mid\"", "risk = \"middle\"");
    std::fs::write(&file, wrong.replace("risk = \"middle\"", "risk = \"mid\""))?;
    let checked = Gateway::run(&["check-policy", &file.display().to_string()])?;
    let said = String::from_utf8(checked.stderr)?;
    assert_eq!(checked.status.code(), Some(1));
    assert!(said.contains(&format!("pack.toml:{line}:")) && said.contains("lower-case letters"), "{said}");
    std::fs::write(&file, wrong)?;
    let checked = Gateway::run(&["check-policy", &file.display().to_string()])?;
    let said = String::from_utf8(checked.stderr)?;
    assert!(said.contains("unknown word `middle`; did you mean `mid`?"), "{said}");
    let checked = Gateway::run(&["check-policy", "nanchong"])?;
    let said = String::from_utf8(checked.stdout)?;
    assert!(checked.status.success(), "{said}");
    for pair in [
        "one fact can fire both `discharged` and `home-observation`; what counts is `discharged`",
        "both `certificate` and `mid-risk-area`; what counts is `certificate`, which outranks it",
    ] {
        assert!(said.contains(pair), "{pair} is not in:\n{said}");
    }
    Ok(())
}

/// The output of `gateway token --link` for this role, with a data folder.
fn linked(data: &Path, more: &[&str]) -> anyhow::Result<Output> {
    let data = data.display().to_string();
    Gateway::run(&[&["token", "--subject", "s", "--ttl", "2h", "--link", "--data", &data], more].concat())
}

#[test]
fn a_token_is_printed_as_the_links_of_its_pages() -> anyhow::Result<()> {
    let folder = Arc::new(tempfile::tempdir()?);
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, "origin = \"https://scan.example\"\n")?;
    let config = file.display().to_string();
    let gateway =
        Gateway::start_in(Arc::new(tempfile::tempdir()?), &["--config", &config], ExpectedLog::Quiet)?;
    let data = gateway.folder();
    let key = TokenKey::new(&gateway.secret()?.purpose("token"));
    let venue = VenueId(7).to_string();
    for (options, pages) in [
        (&["--role", "terminal", "--venue", &venue, "--door", "3"][..], &["door", "terminal"][..]),
        (&["--role", "terminal", "--venue", &venue], &["terminal"]),
        (&["--role", "tracer", "--district", "East"], &["cases"]),
    ] {
        let output = linked(data.path(), options)?;
        assert_done(&output, "Valid until 2");
        let said = String::from_utf8(output.stdout)?;
        let links: Vec<_> = said.lines().filter(|line| line.starts_with("https://")).collect();
        let tokens: Vec<_> = links.iter().filter_map(|link| link.split_once('#')).collect();
        let expected: Vec<_> =
            pages.iter().map(|page| format!("https://scan.example/staff/{page}")).collect();
        assert_eq!(tokens.iter().map(|(page, _)| *page).collect::<Vec<_>>(), expected, "{said}");
        let claims = tokens.iter().filter_map(|(_, token)| key.authentic(token)).collect::<Vec<_>>();
        assert_eq!(claims.len(), pages.len(), "{said}");
        let ends = claims.iter().all(|claims| said.contains(&format!("Valid until {}", claims.expires)));
        assert!(ends && said.contains('█') && !said.contains('\u{1b}'), "{said}");
    }
    Ok(())
}

#[test]
fn a_link_without_a_gateway_points_to_this_machine_and_a_role_without_a_page_has_none() -> anyhow::Result<()>
{
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("secret"), [7; 32])?;
    let output = linked(folder.path(), &["--role", "tracer"])?;
    assert_done(&output, "https://localhost:8443/staff/cases#");
    for role in ["authority", "operator"] {
        let refused = linked(folder.path(), &["--role", role])?;
        let said = String::from_utf8(refused.stderr)?;
        assert_eq!((refused.status.code(), said.contains("have no page")), (Some(2), true), "{role}: {said}");
    }
    Ok(())
}

#[test]
fn a_code_is_explained_by_its_page() -> anyhow::Result<()> {
    assert_done(&Gateway::run(&["explain", "store-down"])?, "# The store is down\n");
    let event = Gateway::run(&["explain", "drain-failed"])?;
    assert_done(&event, "The log event drain-failed (warn): the trail store rejected a drain; retrying.");
    assert_done(&event, "# The trail store rejects drains\n");
    assert_done(&Gateway::run(&["explain"])?, "journal-full");
    assert_refused(&Gateway::run(&["explain", "stor-down"])?, "the nearest one is `store-down`");
    Ok(())
}

#[test]
fn a_second_gateway_on_the_same_folder_refuses_to_start() -> anyhow::Result<()> {
    let first = Gateway::start(&[])?;
    let second =
        Gateway::start_in(first.folder(), &[], ExpectedLog::Trouble).err().map(|error| error.to_string());
    assert!(second.as_ref().is_some_and(|error| error.contains("another gateway")), "{second:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_are_told_of_health_and_numbers() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    town.check_in(0, 0).await?;
    for path in ["/livez", "/readyz"] {
        let answer = town.gateway.ask(path)?;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let metrics = town.gateway.ask("/metrics")?;
    let build = format!("scangate_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"));
    for name in [
        "scangate_check_ins_total",
        "scangate_check_in_seconds_bucket",
        "scangate_journal_fsync_seconds_bucket",
        "scangate_residents 1",
        "# HELP process_open_fds ",
        &build,
    ] {
        assert!(metrics.contains(name), "{name} is not in:\n{metrics}");
    }
    assert!(!metrics.contains(&town.residents[0].person.to_string()));
    let public = town.gateway.ask("/public_metrics")?;
    assert!(
        public.contains("scangate_check_in_seconds_sum") && public.contains("scangate_ready 1"),
        "{public}"
    );
    assert!(!public.contains("scangate_residents"), "{public}");
    assert!(metrics.contains("scangate_policy_info{label=\"default/"), "{metrics}");
    // Registration and check-in each waited for a group's fsync, and each fsync takes time.
    assert!(town.gateway.metric("scangate_journal_fsync_seconds_count", "")? >= 1.0);
    assert!(town.gateway.metric("scangate_journal_fsync_seconds_sum", "")? > 0.0);
    assert!(town.gateway.metric("process_resident_memory_bytes", "")? > 1e6);
    assert!(town.gateway.metric("process_open_fds", "")? > 3.0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_under_load_keeps_what_it_acknowledged() -> anyhow::Result<()> {
    let town = TestTown::found(500).await?;
    let TestTown { gateway, target, venues, residents, .. } = town;
    let city = Arc::new(LoadCity { venues, residents });
    let length = Duration::from_secs(3);
    let wish = PlanOptions { rate: 400.0, length, residents: 500, venues: 3, ..PlanOptions::default() };
    let gates = Carrier::Gates { connections: 4, in_flight: 8, version: Version::Http3 };
    let run = LoadRun::new(Arc::new(target), Arc::clone(&city), gates, Plan::new(wish)?);
    let driving = tokio::spawn(drive(run, Interruption::never()));
    while gateway.metric("scangate_check_ins_total", "")? <= 300.0 {}
    let folder = gateway.folder();
    let status = tokio::task::spawn_blocking(move || gateway.stop()).await??;
    assert!(status.success(), "{status}");
    let seen = driving.await??;
    assert!(seen.outcomes.acknowledged > 0 && seen.outcomes.is_settled(), "{:?}", seen.outcomes);
    let gateway = Gateway::start_in(folder, &[], ExpectedLog::Quiet)?;
    let verified = verify(&gateway.target()?, &city.residents, &seen.kept).await?;
    assert!(verified.is_ok(), "{verified:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_cluster_and_snapshot_it_says_what_is_missing_and_ends() -> anyhow::Result<()> {
    let nobody: std::net::SocketAddr = "127.0.0.1:9".parse()?;
    let city = ClusterCity::by("nobody", 1, &[nobody], &HashMap::new())?;
    let Err(error) = city.start(0) else { panic!("there is nothing to start with") };
    let text = error.to_string();
    assert!(text.contains("does not answer") && text.contains("has no snapshot"), "{text}");
    Ok(())
}
