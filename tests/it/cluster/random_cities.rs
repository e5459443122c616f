//! Random cities at two gateways that share a cluster.

use crate::tracing::random_cities::check;
use scangate_tests::{ClusterCity, cluster};

/// Cities of a run, so many that the cluster still answers the tests beside it in time.
const CITIES: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn what_tracers_read_at_two_gateways_equals_oracle_and_brute_force() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let city = ClusterCity::new("random_cities", 2)?;
    let first = city.start(0)?;
    check(&[first, city.start(1)?], CITIES).await
}
