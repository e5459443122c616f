//! What is found out about a keyspace by a session: whether it is there, and whether somebody is ending it.

use super::error::ClusterError;
use scylla::client::session::Session;

/// Which of the numbers that are chosen once says that the keyspace is being ended; its value does not matter.
pub(super) const ENDING: &str = "sunset";

/// Finds out that nobody is ending the keyspace. **Errors**: somebody is, which no repetition changes.
pub(super) async fn ensure_living(session: &Session, keyspace: &str) -> Result<(), ClusterError> {
    let text = format!("SELECT name FROM {keyspace}.version WHERE name = ?");
    if names(session, &text, ENDING).await?.is_empty() {
        return Ok(());
    }
    Err(ClusterError::last(format!(
        "keyspace {keyspace} is being ended by `gateway sunset`: no gateway serves it any more"
    )))
}

/// Whether there is the keyspace.
pub(super) async fn has_keyspace(session: &Session, keyspace: &str) -> Result<bool, ClusterError> {
    let text = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?";
    Ok(!names(session, text, keyspace).await?.is_empty())
}

/// The names that are found by a name.
pub(super) async fn names(session: &Session, text: &str, by: &str) -> Result<Vec<String>, ClusterError> {
    let rows = session.query_unpaged(text, (by,)).await.map_err(ClusterError::of)?;
    let rows = rows.into_rows_result().map_err(ClusterError::of)?;
    let names = rows.rows::<(String,)>().map_err(ClusterError::of)?;
    names.map(|row| row.map(|(name,)| name).map_err(ClusterError::of)).collect()
}
