//! What a conditional insert into the table of versions is answered with.

use super::error::ClusterError;
use scylla::response::query_result::QueryResult;
use scylla::value::Row;

/// The number that hindered an insert, by the insert's answer; none where it was done. Servers differ in which columns
/// they answer with.
pub(super) fn existing_version(answer: QueryResult) -> Result<Option<i32>, ClusterError> {
    let rows = answer.into_rows_result().map_err(ClusterError::of)?;
    let place = rows.column_specs().iter().position(|column| column.name() == "version");
    let row = rows.first_row::<Row>().map_err(ClusterError::of)?;
    Ok(place.and_then(|at| row.columns.get(at)?.as_ref()?.as_int()))
}
