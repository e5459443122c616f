//! Co-presence on a cluster equals a brute-force computation.

use crate::tracing::co_presence::{check_in, real_or_generated};
use scangate_tests::{ClusterCity, cluster};

/// Number of people whose co-presence is queried. On a cluster each answer takes some dozens of round trips.
const PEOPLE_ON_A_CLUSTER: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn co_presence_on_a_cluster_equals_brute_force() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let city = ClusterCity::new("register", 1)?;
    check_in(&city.start(0)?, &real_or_generated()?, PEOPLE_ON_A_CLUSTER).await
}
