//! Parses the answer to a conditional insert into the version table.

use super::error::ClusterError;
use scylla::response::query_result::QueryResult;
use scylla::value::Row;

/// The existing number that prevented an insert; none where the insert was applied. Servers differ in the
/// columns of their answers.
pub(super) fn existing_version(answer: QueryResult) -> Result<Option<i32>, ClusterError> {
    let rows = answer.into_rows_result().map_err(ClusterError::of)?;
    let column = rows.column_specs().iter().position(|spec| spec.name() == "version");
    let row = rows.first_row::<Row>().map_err(ClusterError::of)?;
    Ok(column.and_then(|at| row.columns.get(at)?.as_ref()?.as_int()))
}
