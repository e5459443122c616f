//! Which copy has filled a keyspace, and whether all of it came: two rows of the table of versions, each written
//! once by whoever comes first.

use super::cluster::{Cluster, ClusterError};

/// The copy that fills the keyspace.
const BEGUN: &str = "filling";
/// The same number, once the copy is known to be whole.
const WHOLE: &str = "filled";

/// How a keyspace was filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filling {
    /// Not by a copy.
    None,
    /// By the copy of this number, which may not be whole.
    Begun(i32),
    /// By the copy of this number, wholly.
    Whole(i32),
}

impl Cluster {
    /// How the keyspace was filled.
    pub fn filling(&self) -> Result<Filling, ClusterError> {
        self.wait(async {
            let Some(copy) = self.number(BEGUN).await? else { return Ok(Filling::None) };
            let is_whole = self.number(WHOLE).await?.is_some();
            Ok(if is_whole { Filling::Whole(copy) } else { Filling::Begun(copy) })
        })
    }

    /// Takes the keyspace for a copy of this number. Returns whether no other has it.
    pub fn begin_filling(&self, copy: i32) -> Result<bool, ClusterError> {
        Ok(self.wait(self.number_once(BEGUN, copy))? == Some(copy))
    }

    /// Says that the copy is whole.
    pub fn end_filling(&self, copy: i32) -> Result<(), ClusterError> {
        self.wait(self.number_once(WHOLE, copy)).map(drop)
    }

    async fn number(&self, name: &str) -> Result<Option<i32>, ClusterError> {
        let read = self.prepare("SELECT version FROM {}.version WHERE name = ?").await?;
        let rows = self.session().await?.execute_unpaged(&read, (name,)).await.map_err(ClusterError::of)?;
        let rows = rows.into_rows_result().map_err(ClusterError::of)?;
        Ok(rows.maybe_first_row::<(i32,)>().map_err(ClusterError::of)?.map(|(number,)| number))
    }

    /// Writes a number unless there is one of that name. Returns the one there is now.
    async fn number_once(&self, name: &str, number: i32) -> Result<Option<i32>, ClusterError> {
        let text = "INSERT INTO {}.version (name, version) VALUES (?, ?) IF NOT EXISTS";
        let insert = self.prepare(text).await?;
        self.session().await?.execute_unpaged(&insert, (name, number)).await.map_err(ClusterError::of)?;
        self.number(name).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cql::testing::cluster;

    #[test]
    fn a_keyspace_is_taken_by_one_copy_and_whole_when_that_says_so() {
        let (one, other) = (cluster("filling"), cluster("filling"));
        assert_eq!(one.filling().unwrap(), Filling::None);
        assert!(one.begin_filling(7).unwrap() && !other.begin_filling(8).unwrap());
        assert!(one.begin_filling(7).unwrap());
        assert_eq!(other.filling().unwrap(), Filling::Begun(7));
        one.end_filling(7).unwrap();
        assert_eq!(other.filling().unwrap(), Filling::Whole(7));
    }
}
