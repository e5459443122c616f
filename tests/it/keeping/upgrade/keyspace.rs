//! The keyspace of version 0.1.0, on a real cluster.

use super::{EarlierCity, Successor};
use scangate_tests::{ExpectedLog, Gateway, assert_done, assert_refused, assert_warned, cluster};
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use std::fs;

const KEYSPACE: &str = include_str!("version_0_1_0/keyspace.cql");

/// A session of the cluster, and its nodes.
async fn session() -> anyhow::Result<(Session, Vec<String>)> {
    let nodes: Vec<String> = cluster::nodes()?.iter().map(ToString::to_string).collect();
    Ok((SessionBuilder::new().known_nodes(&nodes).build().await?, nodes))
}

/// Makes the keyspace as version 0.1.0 left it, and returns its address.
async fn keyspace(name: &str) -> anyhow::Result<String> {
    let (session, nodes) = session().await?;
    let name = format!("{name}_{}", std::process::id());
    let class = "{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}";
    session.query_unpaged(format!("CREATE KEYSPACE {name} WITH replication = {class}"), &[]).await?;
    for statement in KEYSPACE.lines() {
        session.query_unpaged(statement.replace("{}", &name), &[]).await?;
    }
    Ok(format!("cql://{}/{name}", nodes.join(",")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyspace_of_version_0_1_0_is_migrated_and_nothing_is_lost() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let city = EarlierCity::unpack()?;
    for embedded in ["registry", "trails"] {
        fs::remove_dir_all(city.folder.path().join(embedded))?;
    }
    let store = keyspace("earlier").await?;
    let planned = city.upgrade(&["--dry-run", "--store", &store])?;
    assert_warned(&planned, "has schema version 1 of 2");
    assert_warned(&planned, ".answers (kind text");
    // The dry run left the keyspace alone, so it would do the same again.
    assert_warned(&city.upgrade(&["--dry-run", "--store", &store])?, "has schema version 1 of 2");
    assert_done(&city.upgrade(&["--store", &store])?, "done: start the gateway");
    assert_done(&city.upgrade(&["--dry-run", "--store", &store])?, "has schema version 2 of 2");

    let config = city.config();
    let options = city.options(&config, &["--store", &store]);
    let gateway = Gateway::start_in_by(&city.clock, city.folder.clone(), &options, ExpectedLog::Trouble)?;
    Successor::of(&city, &gateway).await?.knows_the_city().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyspace_of_a_later_version_is_left_alone() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let city = EarlierCity::unpack()?;
    let store = keyspace("later").await?;
    let (session, _) = session().await?;
    let name = store.rsplit('/').next().unwrap_or_default();
    let later = format!("UPDATE {name}.version SET version = 9 WHERE name = 'schema'");
    session.query_unpaged(later, &[]).await?;
    assert_refused(&city.upgrade(&["--dry-run", "--store", &store])?, "a later version has migrated it");
    assert_refused(&city.upgrade(&["--store", &store])?, "a later version has migrated it");
    Ok(())
}
