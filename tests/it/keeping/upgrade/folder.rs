//! The data folder of version 0.1.0.

use super::{EarlierCity, Successor, contents};
use scangate_tests::{ExpectedLog, Gateway, assert_done, assert_refused, assert_warned};
use serde_json::Value;
use std::fs;

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_of_version_0_1_0_is_opened_and_nothing_is_lost() -> anyhow::Result<()> {
    let city = EarlierCity::unpack()?;
    let before = contents(city.folder.path())?;
    let planned = city.upgrade(&["--dry-run"])?;
    assert_warned(&planned, "format 1, of version 0.1.0");
    assert_warned(&planned, "lose access to");
    assert_warned(&planned, "segments of format 1: 1");
    let planned: Value = serde_json::from_slice(&city.upgrade(&["--dry-run", "--json"])?.stdout)?;
    assert_eq!(planned["parts"].as_array().map(Vec::len), Some(3), "{planned}");
    assert!(contents(city.folder.path())? == before, "a dry run changed the folder");

    let config = city.config();
    let options = city.options(&config, &[]);
    let folder = || city.folder.clone();
    let gateway = Gateway::start_in_by(&city.clock, folder(), &options, ExpectedLog::Quiet)?;
    let log = gateway.log().join("\n");
    assert!(log.contains("has this version's format from now on") && log.contains("backlog=3"), "{log}");
    Successor::of(&city, &gateway).await?.knows_the_city().await?;
    // Beside the running gateway there is nothing left to change.
    assert_done(&city.upgrade(&["--dry-run"])?, "Nothing changes");
    gateway.stop()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_upgrades_a_stopped_gateways_folder() -> anyhow::Result<()> {
    let city = EarlierCity::unpack()?;
    assert_done(&city.upgrade(&[])?, "done: start the gateway");
    assert_done(&city.upgrade(&["--dry-run"])?, "Nothing changes");
    let config = city.config();
    let options = city.options(&config, &[]);
    let gateway = Gateway::start_in_by(&city.clock, city.folder.clone(), &options, ExpectedLog::Quiet)?;
    Successor::of(&city, &gateway).await?.knows_the_city().await?;
    assert_refused(
        &city.upgrade(&["--dry-run", "--store", "cql://127.0.0.1:1/none"])?,
        "cql://127.0.0.1:1/none",
    );
    Ok(())
}

#[test]
fn a_folder_of_a_later_version_is_left_alone() -> anyhow::Result<()> {
    let city = EarlierCity::unpack()?;
    fs::write(city.folder.path().join("format"), r#"{"format":9,"gateway":"9.1.0"}"#)?;
    let before = contents(city.folder.path())?;
    let (data, config) = (city.data(), city.config());
    let start = ["--data", &data, "--config", &config, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    let to = format!("{config}.backup");
    let backup = ["backup", "--data", &data, "--to", &to];
    let started = Gateway::run(&start)?;
    for refused in [started, city.upgrade(&["--dry-run"])?, city.upgrade(&[])?, Gateway::run(&backup)?] {
        assert_refused(&refused, "start version 9.1.0 or a later one");
    }
    assert!(contents(city.folder.path())? == before, "a refused start changed the folder");
    Ok(())
}

#[test]
fn a_registry_of_another_version_of_its_store_is_told() -> anyhow::Result<()> {
    let city = EarlierCity::unpack()?;
    // The store's own version marker: magic, then the format.
    fs::write(city.folder.path().join("registry/version"), b"FJL\x02")?;
    let (data, config) = (city.data(), city.config());
    let start = ["--data", &data, "--config", &config, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    assert_refused(&Gateway::run(&start)?, "was written by another version of Scangate");
    Ok(())
}
