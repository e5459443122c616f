//! The schema. The first gateway to connect makes it, and the first gateway of a later version migrates it.
//! Table `version` holds the schema version and the numbers written once. A gateway that migrates holds a
//! lock row in it, whose TTL releases the lock if the gateway dies.

use super::ClusterOptions;
use super::answer::existing_version;
use super::backoff::random_bytes;
use super::cluster::Cluster;
use super::copies::ensure_nodes;
use super::error::ClusterError;
use super::keyspace::has_keyspace;
use aws_lc_rs::digest::{SHA256, digest};
use scylla::client::session::Session;
use scylla::statement::Statement;
use std::time::{Duration, Instant};

/// What connecting does to the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Makes the schema where it does not exist, and migrates it.
    Make,
    /// Migrates the schema. A missing keyspace is an error: the keyspace existed and has been ended.
    Expect,
    /// Leaves the schema alone.
    Leave,
}

/// The schema of a keyspace, beside the one that this version makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaState {
    /// The version that the keyspace has; none where it does not exist.
    pub found: Option<usize>,
    /// The version that this version of the gateway makes.
    pub known: usize,
    /// The statements that connecting would run in the keyspace, in their order.
    pub statements: Vec<String>,
}

/// The tables that gateways make.
pub(super) const TABLES: [&str; 7] =
    ["version", "visits_by_person", "visits_by_venue", "visit_days", "rows", "changes", "answers"];

/// The statements that each version adds to the one before. They only add: gateways of the version before go
/// on running until they are restarted.
const VERSIONS: [&[&str]; 2] = [VERSION_1, VERSION_2];
const VERSION_1: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS {}.visits_by_person (bucket int, day int, person bigint, at bigint, id blob, \
     venue bigint, said blob, PRIMARY KEY ((bucket, day), person, at, id)) WITH compaction = \
     {'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'DAYS', 'compaction_window_size': 1}",
    "CREATE TABLE IF NOT EXISTS {}.visits_by_venue (bucket int, hour int, venue bigint, at bigint, id blob, \
     person bigint, said blob, PRIMARY KEY ((bucket, hour), venue, at, id)) WITH compaction = \
     {'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'DAYS', 'compaction_window_size': 1}",
    "CREATE TABLE IF NOT EXISTS {}.visit_days (part int, day int, PRIMARY KEY (part, day))",
    "CREATE TABLE IF NOT EXISTS {}.rows (kind text, bucket int, key blob, value blob, writer blob, \
     PRIMARY KEY ((kind, bucket), key))",
    // An hour is far longer than a running gateway takes to see a change. A starting gateway reads
    // everything.
    "CREATE TABLE IF NOT EXISTS {}.changes (kind text, bucket int, key blob, value blob, writer blob, \
     PRIMARY KEY ((kind, bucket), key)) \
     WITH default_time_to_live = 3600 AND gc_grace_seconds = 3600 AND compaction = \
     {'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'MINUTES', 'compaction_window_size': 10}",
];
const VERSION_2: &[&str] = &[
    // A day, as `ANSWER_MS`. A removed row that came back would be taken over, so tombstones need not outlive
    // the rows.
    "CREATE TABLE IF NOT EXISTS {}.answers (kind text, bucket int, key blob, value blob, writer blob, \
     PRIMARY KEY ((kind, bucket), key)) \
     WITH default_time_to_live = 86400 AND gc_grace_seconds = 3600 AND compaction = \
     {'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'HOURS', 'compaction_window_size': 2} \
     AND speculative_retry = '100ms'",
    // A coordinator may read from a replica that has just died. By default it tries another one after a
    // percentile of the table's latency, or after half of its time limit if it has read the table little.
    "ALTER TABLE {}.rows WITH speculative_retry = '100ms'",
    "ALTER TABLE {}.changes WITH speculative_retry = '100ms'",
];
/// The TTL of the migration lock, renewed after each statement.
const MIGRATION_TTL_S: i32 = 120;
/// The time limit for one schema statement to reach every node.
const STATEMENT_MAX: Duration = Duration::from_secs(30);
/// The time limit for retrying: longer than the TTL of a dead holder's lock plus a migration.
const SETTLING_MAX: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_millis(250);

impl Cluster {
    /// Compares the keyspace's schema with the one of this version, and changes nothing. Connect with
    /// [`Schema::Leave`] first.
    pub fn schema_state(&self) -> Result<SchemaState, ClusterError> {
        let keyspace = self.keyspace();
        let is_made = self.wait(async { has_keyspace(self.session().await?, keyspace).await })?;
        let is_versioned = is_made && self.tables()?.iter().any(|table| table == "version");
        let version = || self.wait(async { version(self.session().await?, keyspace).await });
        let found = if is_versioned { version()? } else { 0 };
        let missing =
            VERSIONS.get(found..).unwrap_or_default().iter().flat_map(|statements| statements.iter());
        let statements = missing.map(|text| text.replace("{}", keyspace)).collect();
        Ok(SchemaState { found: is_made.then_some(found), known: VERSIONS.len(), statements })
    }
}

/// Migrates the keyspace to this version. It retries while concurrent changes of other gateways have not
/// reached every node.
pub(super) async fn migrate(session: &Session, options: &ClusterOptions) -> Result<(), ClusterError> {
    let (since, migrator) = (Instant::now(), i32::from_be_bytes(random_bytes()?));
    loop {
        match bring(session, options, migrator).await {
            Err(error) if !error.is_final() && since.elapsed() < SETTLING_MAX => {
                tracing::info!(event = "schema-changing", %error, "the schema is still changing; retrying");
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

/// Migrates once, as the migrator of this number. A lock that an earlier attempt of the same migrator took is
/// its own.
async fn bring(session: &Session, options: &ClusterOptions, migrator: i32) -> Result<(), ClusterError> {
    let keyspace = options.address.keyspace.as_str();
    // If the version table cannot be read, the schema is missing or the cluster is down: making the schema
    // shows which.
    if version(session, keyspace).await.is_ok_and(|found| found == VERSIONS.len()) {
        return Ok(());
    }
    let is_made = has_keyspace(session, keyspace).await?;
    if options.schema == Schema::Expect && !is_made {
        return Err(ClusterError::last(format!(
            "keyspace {keyspace} does not exist, and this data folder has served a city: if that was ended, end the \
             folder by `gateway sunset`, too; copy an embedded one by `gateway store copy`; a new city begins in a \
             new folder"
        )));
    }
    let execute = |text: &str| {
        let mut statement = Statement::new(text.replace("{}", keyspace));
        statement.set_request_timeout(Some(STATEMENT_MAX));
        async move { session.query_unpaged(statement, &[]).await.map_err(ClusterError::of) }
    };
    if !is_made {
        let copies = options.copies;
        ensure_nodes(session, keyspace, copies, options.nodes_wait_max).await?;
        execute(&format!(
            "CREATE KEYSPACE IF NOT EXISTS {{}} WITH replication = \
             {{'class': 'NetworkTopologyStrategy', 'replication_factor': {copies}}}"
        ))
        .await?;
    }
    // Without a fixed id, each of several gateways would create another table of this name.
    let id = table_id(keyspace);
    execute(&format!(
        "CREATE TABLE IF NOT EXISTS {{}}.version (name text PRIMARY KEY, version int) WITH id = {id}"
    ))
    .await?;
    loop {
        let found = version(session, keyspace).await?;
        let known = VERSIONS.len();
        if found == known {
            return Ok(());
        }
        if found > known {
            return Err(ClusterError::last(format!(
                "keyspace {keyspace} has schema version {found}; this gateway knows {known}"
            )));
        }
        let lock = execute(&format!(
            "INSERT INTO {{}}.version (name, version) VALUES ('migrating', {migrator}) \
             IF NOT EXISTS USING TTL {MIGRATION_TTL_S}"
        ));
        if existing_version(lock.await?)?.is_some_and(|found| found != migrator) {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        for text in VERSIONS[found] {
            execute(text).await?;
            let hold = format!(
                "UPDATE {{}}.version USING TTL {MIGRATION_TTL_S} SET version = {migrator} \
                 WHERE name = 'migrating' IF version = {migrator}"
            );
            execute(&hold).await?;
        }
        let now = found + 1;
        execute(&format!("UPDATE {{}}.version SET version = {now} WHERE name = 'schema'")).await?;
        let unlock = format!("DELETE FROM {{}}.version WHERE name = 'migrating' IF version = {migrator}");
        execute(&unlock).await?;
        tracing::info!(event = "schema-migrated", keyspace, version = now, "the schema is migrated");
    }
}

/// The fixed table id of the keyspace's version table, a UUID (RFC 9562, version 8).
fn table_id(keyspace: &str) -> String {
    let hash = digest(&SHA256, format!("scangate table of versions {keyspace}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut id = format!("{:032x}", u128::from_be_bytes(bytes));
    [20, 16, 12, 8].into_iter().for_each(|at| id.insert(at, '-'));
    id
}

async fn version(session: &Session, keyspace: &str) -> Result<usize, ClusterError> {
    let text = format!("SELECT version FROM {keyspace}.version WHERE name = 'schema'");
    let rows = session.query_unpaged(text, &[]).await.map_err(ClusterError::of)?;
    let rows = rows.into_rows_result().map_err(ClusterError::of)?;
    let row = rows.maybe_first_row::<(Option<i32>,)>().map_err(ClusterError::of)?;
    Ok(row.and_then(|(version,)| usize::try_from(version?).ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cql::testing::{CONNECT_MAX, Doubt, Doubtful, cluster};
    use std::sync::Arc;

    #[test]
    fn who_was_not_told_that_it_may_migrate_goes_on() {
        let mut doubtful = Doubtful::new("migrator");
        let cluster = Arc::clone(&doubtful.cluster);
        let since = Instant::now();
        doubtful.doubt(b"", Doubt::Lost, || cluster.connect(CONNECT_MAX)).unwrap();
        let ttl = Duration::from_secs(MIGRATION_TTL_S.unsigned_abs().into());
        assert!(since.elapsed() < ttl, "it waited for its own lock to end");
        assert_eq!(cluster.tables().unwrap().len(), TABLES.len());
    }

    #[test]
    fn a_keyspace_of_the_version_before_is_migrated() {
        let before = cluster("version_1");
        before.connect(CONNECT_MAX).unwrap();
        let keyspace = before.keyspace();
        let back = [
            format!("DROP TABLE {keyspace}.answers"),
            format!("UPDATE {keyspace}.version SET version = 1 WHERE name = 'schema'"),
        ];
        for text in back {
            before.wait(async { before.session().await.unwrap().query_unpaged(text, &[]).await }).unwrap();
        }
        assert_eq!(before.tables().unwrap().len(), TABLES.len() - 1);
        let state = before.schema_state().unwrap();
        assert_eq!((state.found, state.known), (Some(1), VERSIONS.len()));
        assert!(state.statements[0].starts_with(&format!("CREATE TABLE IF NOT EXISTS {keyspace}.answers")));
        let after = cluster("version_1");
        after.connect(CONNECT_MAX).unwrap();
        assert_eq!(after.tables().unwrap().len(), TABLES.len());
        assert_eq!(after.schema_state().unwrap().statements, [""; 0]);
    }

    #[test]
    fn every_table_that_is_made_is_known() {
        let made = VERSIONS
            .iter()
            .flat_map(|version| version.iter())
            .filter_map(|text| text.strip_prefix("CREATE TABLE IF NOT EXISTS {}.")?.split(' ').next());
        let made: Vec<&str> = ["version"].into_iter().chain(made).collect();
        assert_eq!(made, TABLES);
    }
}
