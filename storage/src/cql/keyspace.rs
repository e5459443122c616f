//! Queries about a keyspace: whether it exists, and whether it is being ended.

use super::error::ClusterError;
use scylla::client::session::Session;

/// The write-once number that marks the keyspace as being ended. Its value does not matter.
pub(super) const ENDING: &str = "sunset";

/// Checks that the keyspace is not being ended. **Errors**: it is, which no retry changes.
pub(super) async fn ensure_living(session: &Session, keyspace: &str) -> Result<(), ClusterError> {
    let text = format!("SELECT name FROM {keyspace}.version WHERE name = ?");
    if names(session, &text, ENDING).await?.is_empty() {
        return Ok(());
    }
    Err(ClusterError::last(format!(
        "keyspace {keyspace} is being ended by `gateway sunset`: no gateway serves it any more"
    )))
}

/// Whether the keyspace exists.
pub(super) async fn has_keyspace(session: &Session, keyspace: &str) -> Result<bool, ClusterError> {
    let text = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?";
    Ok(!names(session, text, keyspace).await?.is_empty())
}

/// The names that a query finds by one name.
pub(super) async fn names(session: &Session, text: &str, by: &str) -> Result<Vec<String>, ClusterError> {
    let rows = session.query_unpaged(text, (by,)).await.map_err(ClusterError::of)?;
    let rows = rows.into_rows_result().map_err(ClusterError::of)?;
    let names = rows.rows::<(String,)>().map_err(ClusterError::of)?;
    names.map(|row| row.map(|(name,)| name).map_err(ClusterError::of)).collect()
}
