//! `gateway sunset` of a city on a cluster: both gateways end, and the keyspace is gone.

use crate::operation::sunset::{SunsetRun, body, live, verify};
use anyhow::Context as _;
use scangate_storage::cql::{
    COPIES, Cluster, ClusterError, ClusterOptions, Consistency, NODES_WAIT_MAX, Schema,
};
use scangate_tests::{
    ClusterCity, ClusterProxy, Gateway, TestTown, assert_done, assert_refused, cluster, output_text,
    read_until,
};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The table that the commands read to learn which gateways serve a city.
const GATEWAYS_TABLE: &str = "drained";
/// Requests that no retry outlasts.
const ALWAYS: usize = usize::MAX;

#[tokio::test(flavor = "multi_thread")]
async fn xj_22_a_city_ends_on_its_cluster_and_does_not_come_back() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let mut proxy = ClusterProxy::start().await?;
    let city = ClusterCity::new("sunset", 2)?;
    let (store, keyspace) = (city.store().to_owned(), city.keyspace().to_owned());
    let mut town = TestTown::found_in(city.start(0)?, 5).await?.sending_again();
    live(&mut town).await?;
    let mut second = city.start(1)?;
    let first = SunsetRun::of(town.gateway.folder(), &["--store", &store])?;
    let other = SunsetRun::of(second.folder(), &["--store", &store])?;
    // The same keyspace, through the proxies.
    let proxied = ClusterCity::by("sunset", 0, &proxy.nodes, &proxy.translate)?;
    let late = proxied.store_arguments();
    let late: Vec<&str> = late.iter().map(String::as_str).collect();
    let last = SunsetRun::of(town.gateway.folder(), &late)?;
    let key = first.key()?;

    // The sunset waits for gateways that run or were killed.
    let TestTown { gateway, .. } = town;
    assert!(gateway.stop()?.success());
    assert_refused(&first.end("r", &["--confirm", &keyspace])?, "`gateway store gateways --store cql://");
    second.kill()?;
    assert_refused(&first.end("r", &["--confirm", &keyspace])?, "gateways at work on");
    drop(second);
    assert!(city.start(1)?.stop()?.success());
    for more in [&[][..], &["--confirm", &first.data]] {
        let refused = first.end("r", more)?;
        assert_refused(&refused, &format!("nothing was touched; --confirm {keyspace} does it"));
        assert!(output_text(&refused).contains("5 people, 3 venues, 2 facts"), "{}", output_text(&refused));
    }
    let listing = [&["store", "gateways", "--data", &first.data], &late[..]].concat();
    let upgrade = [&["upgrade", "--dry-run", "--data", &first.data], &late[..]].concat();
    tokio::task::block_in_place(|| {
        expect_retried(Gateway::command(&listing)?, &mut proxy, "")?;
        expect_retried(Gateway::command(&upgrade)?, &mut proxy, "keyspace")
    })?;
    // No gateway serves a city during its sunset.
    look(&store, Cluster::begin_sunset)?;
    let why = other.why_not(&["--store", &store]);
    assert!(why.contains("is being ended by `gateway sunset`"), "{why}");
    look(&store, Cluster::cancel_sunset)?;

    let ending = last.command("r", &["--confirm", &keyspace])?;
    tokio::task::block_in_place(|| expect_retried(ending, &mut proxy, "left        nothing"))?;
    assert!(!look(&store, Cluster::has_keyspace)? && look(&store, Cluster::tables)?.is_empty());
    assert_eq!(first.names()?, ["sunset"]);
    let report = last.report("r");
    assert_done(&verify(&report, &["--key", &key])?, "nodetool clearsnapshot");
    let told = body(&report)?;
    let held = &told["held"][0];
    assert_eq!(
        (&held["store"], &held["people"], &held["cases"]),
        (&json!("cql"), &json!(5), &json!(1)),
        "{told}"
    );
    let check_ins = held["check_ins"].as_object().context("days")?;
    assert_eq!(check_ins.values().filter_map(Value::as_u64).sum::<u64>(), 4, "{told}");
    assert_eq!(
        (&told["keyspace"]["name"], &told["keyspace"]["nodes_away"]),
        (&json!(keyspace), &json!(0)),
        "{told}"
    );

    // The other gateway does not create the keyspace again, even if it never ran until a snapshot. Its folder
    // needs a sunset of its own.
    let snapshot = Path::new(&other.data).join("snapshot");
    if snapshot.exists() {
        fs::remove_file(snapshot)?;
    }
    let why = other.why_not(&["--store", &store]);
    assert!(why.contains("does not exist, and this data folder has served a city"), "{why}");
    assert!(!look(&store, Cluster::has_keyspace)?);
    assert_refused(&other.end("r", &["--confirm", &keyspace])?, &format!("--confirm {} does it", other.data));
    assert_done(&other.end("r", &["--confirm", &other.data])?, "left        nothing");
    assert_eq!(body(&other.report("r"))?["keyspace"], Value::Null);
    assert_eq!(other.names()?, ["sunset"]);
    Ok(())
}

/// A command that is asked before the proxy heals prints its first failure, and succeeds afterwards.
fn expect_retried(mut proxied: Command, proxy: &mut ClusterProxy, words: &str) -> anyhow::Result<()> {
    proxy.ignore(GATEWAYS_TABLE, ALWAYS);
    let mut running = proxied.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(running.stderr.take().context("standard error is piped")?);
    read_until(&mut lines, "trying again")?;
    proxy.heal();
    let mut rest = String::new();
    lines.read_to_string(&mut rest)?;
    let ended = running.wait_with_output()?;
    assert!(ended.status.success() && output_text(&ended).contains(words), "{}{rest}", output_text(&ended));
    Ok(())
}

/// Runs an operation on a store's cluster without creating its keyspace.
fn look<T>(store: &str, act: impl FnOnce(&Cluster) -> Result<T, ClusterError>) -> anyhow::Result<T> {
    // The session brings its own runtime.
    tokio::task::block_in_place(|| {
        let cluster = Cluster::new(ClusterOptions {
            address: store.parse()?,
            login: None,
            tls: None,
            consistency: Consistency::default(),
            translate: HashMap::new(),
            schema: Schema::Leave,
            copies: COPIES,
            nodes_wait_max: NODES_WAIT_MAX,
            request_max: Duration::from_secs(60),
        })?;
        cluster.connect(Duration::from_secs(60))?;
        Ok(act(&cluster)?)
    })
}
