//! `gateway sunset` of a city on a cluster: both gateways end, and the keyspace is gone.

use crate::operation::sunset::{SunsetRun, body, live, verify};
use anyhow::Context as _;
use scangate_storage::cql::{
    COPIES, Cluster, ClusterError, ClusterOptions, Consistency, NODES_WAIT_MAX, Schema,
};
use scangate_tests::{ClusterCity, TestTown, assert_done, assert_refused, cluster, output_text};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::process::Output;
use std::time::{Duration, Instant};

/// How long a sunset is tried again while the cluster, which other tests use, does not answer in time.
const CLUSTER_BUSY_MAX: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
async fn xj_22_a_city_ends_on_its_cluster_and_does_not_come_back() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let city = ClusterCity::new("sunset", 2)?;
    let store = city.store().to_owned();
    let keyspace = store.rsplit('/').next().context("a keyspace")?.to_owned();
    let mut town = TestTown::found_in(city.start(0)?, 5).await?;
    live(&mut town).await?;
    let mut second = city.start(1)?;
    let first = SunsetRun::of(town.gateway.folder(), &["--store", &store])?;
    let other = SunsetRun::of(second.folder(), &["--store", &store])?;
    let key = first.key()?;

    // The sunset waits for gateways that run or were killed.
    let TestTown { gateway, .. } = town;
    assert!(gateway.stop()?.success());
    assert_refused(
        &end_on_cluster(&first, &["--confirm", &keyspace])?,
        "`gateway store gateways --store cql://",
    );
    second.kill()?;
    assert_refused(&end_on_cluster(&first, &["--confirm", &keyspace])?, "gateways at work on");
    drop(second);
    assert!(city.start(1)?.stop()?.success());
    for more in [&[][..], &["--confirm", &first.data]] {
        let refused = end_on_cluster(&first, more)?;
        assert_refused(&refused, &format!("nothing was touched; --confirm {keyspace} does it"));
        assert!(output_text(&refused).contains("5 people, 3 venues, 2 facts"), "{}", output_text(&refused));
    }
    // No gateway serves a city during its sunset.
    look(&store, Cluster::begin_sunset)?;
    let why = other.why_not(&["--store", &store]);
    assert!(why.contains("is being ended by `gateway sunset`"), "{why}");
    look(&store, Cluster::cancel_sunset)?;

    assert_done(&end_on_cluster(&first, &["--confirm", &keyspace])?, "left        nothing");
    assert!(!look(&store, Cluster::has_keyspace)? && look(&store, Cluster::tables)?.is_empty());
    assert_eq!(first.names()?, ["sunset"]);
    let report = first.report("r");
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

    // The other gateway does not create the keyspace again. Its folder needs a sunset of its own.
    let why = other.why_not(&["--store", &store]);
    assert!(why.contains("is gone, and this data folder has served it"), "{why}");
    assert!(!look(&store, Cluster::has_keyspace)?);
    assert_refused(&other.end("r", &["--confirm", &keyspace])?, &format!("--confirm {} does it", other.data));
    assert_done(&other.end("r", &["--confirm", &other.data])?, "left        nothing");
    assert_eq!(body(&other.report("r"))?["keyspace"], Value::Null);
    assert_eq!(other.names()?, ["sunset"]);
    Ok(())
}

/// Ends a city with its report `r`, again while the cluster does not answer in time.
fn end_on_cluster(run: &SunsetRun, more: &[&str]) -> anyhow::Result<Output> {
    let began = Instant::now();
    loop {
        let ended = run.end("r", more)?;
        if !output_text(&ended).contains("client timeout") || began.elapsed() > CLUSTER_BUSY_MAX {
            return Ok(ended);
        }
    }
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
