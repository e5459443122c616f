//! Chromium on the operations page, without a fault and with each fault in turn: a store that rejects
//! check-ins, a full journal, a full back office, a certificate near its end, and a waiting rule pack. System
//! calls that fail or are slow cause the faults of the store. Needs Chromium, Node.js and strace.

use super::scripts;
use crate::operation::status::{names, near_its_end, status, status_once, with_a_pack_waiting};
use anyhow::Context as _;
use scangate_loadgen::client::{LoadTarget, Version};
use scangate_loadgen::drive::now;
use scangate_tests::{Gateway, TestAuthority, TestTown, eventually, output_text, send};
use serde_json::{Value, json};
use std::process::Command;
use tokio::task::JoinSet;

/// Clients of the back office: more than the 64 places of their kind of work.
const CLIENTS: usize = 80;

/// How much of the page Chromium examines.
#[derive(Debug, Clone, Copy)]
enum InspectionDepth {
    /// The state, by axe and on small screens.
    State,
    /// The keyboard, the renewal, and a browser without scripts as well.
    Whole,
}

/// Lets Chromium examine the page, which must have this word and these texts.
fn inspect(gateway: &Gateway, word: &str, depth: InspectionDepth, texts: &[&str]) -> anyhow::Result<()> {
    let depth = match depth {
        InspectionDepth::State => "state",
        InspectionDepth::Whole => "whole",
    };
    let mut script = Command::new("node");
    script.current_dir(scripts().join("browser")).arg("ops.mjs").arg(gateway.admin.port().to_string());
    let output = script.args([word, depth]).args(texts).output().context("node is missing")?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}

/// Imports check-ins, each of a time of its own. Returns whether the journal had room for them.
async fn import(town: &mut TestTown, round: u64, count: u64) -> anyhow::Result<bool> {
    let line = |number: u64| {
        let at = now().minus_ms(3_600_000 + round * 1_000 + number);
        json!({"person": town.residents[0].person, "venue": town.venues[0].venue, "at": at}).to_string()
    };
    let (body, authority) = ((0..count).map(line).collect::<Vec<_>>().join("\n"), town.authority.clone());
    let answers = town.send("POST", "/v1/check-ins/import", &authority, body).await?.lines()?;
    let refused = answers.iter().find(|answer| answer["code"].is_string());
    if let Some(refused) = refused {
        anyhow::ensure!(refused["code"] == "journal-full", "{refused}");
    }
    Ok(refused.is_none())
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_reads_the_operations_page_by_keyboard_and_without_scripts() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    assert_eq!(town.check_in(0, 0).await?.status(), 200);
    inspect(&town.gateway, "OK", InspectionDepth::Whole, &["Nothing needs to be done.", "default/2"])
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_reads_of_a_certificate_near_its_end_and_of_a_waiting_pack() -> anyhow::Result<()> {
    let gateway = near_its_end(&TestAuthority::new()?)?;
    let texts = ["The certificate: it expires at", "“The certificate”"];
    inspect(&gateway, "OK", InspectionDepth::State, &texts)?;
    drop(gateway);
    let town = with_a_pack_waiting().await?;
    let texts = ["Rule packs that wait for a second approver: 1.", "“A rule pack waits”"];
    inspect(&town.gateway, "OK", InspectionDepth::State, &texts)
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_reads_of_a_store_that_is_down_and_of_a_full_journal() -> anyhow::Result<()> {
    let config = tempfile::NamedTempFile::new()?;
    std::fs::write(&config, "[journal]\nsegment_mib = 1\ndisk_mib_max = 2\n")?;
    let arguments = ["--config", config.path().to_str().context("a path")?];
    // The start syncs the file once or twice, on a thread of its own. The batcher's fourth drain fails, and
    // each later one.
    let fault = "fsync:error=EIO:when=4+";
    let mut town = TestTown::restarted_with_fault(&arguments, fault, "trails/0.jnl").await?;
    let mut round = 0;
    let import_more = async || {
        round += 1;
        import(&mut town, round, 10).await?;
        status(&town.gateway)
    };
    let seen = eventually(import_more, |seen| seen["state"] == "store-down").await?;
    assert!(names(&seen, "The store is down") && !names(&seen, "The journal is full"), "{seen}");
    assert!(seen["journal"]["full_in_s"].as_u64() > Some(0), "{seen}");
    let texts = ["The trail store does not accept check-ins. The journal is full in", "“The store is down”"];
    inspect(&town.gateway, "STORE DOWN", InspectionDepth::State, &texts)?;
    while import(&mut town, round, 1_000).await? {
        round += 1;
        anyhow::ensure!(round < 1_000, "a million check-ins went into 2 MiB");
    }
    let seen = status_once(&town.gateway, |seen| names(seen, "The journal is full")).await?;
    assert_eq!((&seen["state"], &seen["journal"]["room"]), (&json!("store-down"), &json!(0)), "{seen}");
    let texts = ["The journal is full. Check-ins are refused.", "“The journal is full”"];
    inspect(&town.gateway, "STORE DOWN", InspectionDepth::Whole, &texts)
}

/// Posts facts, one after the other, for as long as the gateway answers.
async fn post_facts(target: LoadTarget, authority: String, body: String) -> anyhow::Result<()> {
    let mut connection = target.connect(Version::Http2).await?;
    loop {
        send(&mut connection, "POST", "/v1/facts", &authority, body.clone()).await?;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_reads_of_a_full_back_office() -> anyhow::Result<()> {
    // A thread's first sync is fast, so the start is too. Each later one holds a place for ten seconds.
    let fault = "fsync:delay_enter=10000000:when=2+";
    let town = TestTown::restarted_with_fault(&[], fault, "registry/0.jnl").await?;
    let fact =
        json!({"person": town.residents[0].person, "kind": "symptoms", "at": now(), "source": "clinic"});
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(post_facts(town.target.clone(), town.authority.clone(), fact.to_string()));
    }
    let is_full = |seen: &Value| names(seen, "The back office is full");
    let seen = status_once(&town.gateway, is_full).await?;
    assert_eq!(
        (&seen["state"], &seen["office"][4]["places_max"]),
        (&json!("shedding"), &json!(64)),
        "{seen}"
    );
    let texts = ["The back office", "“The back office is full”", "64 of 64"];
    inspect(&town.gateway, "SHEDDING", InspectionDepth::State, &texts)
}
