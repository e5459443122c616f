//! Which copy has filled a keyspace, and whether that copy is complete: two numbers that are written once in
//! a keyspace's life.

use super::cluster::Cluster;
use super::error::ClusterError;

/// The name of the number of the copy that fills the keyspace.
const BEGUN: &str = "filling";
/// The name of the same number, written once the copy is verified complete.
const WHOLE: &str = "filled";

/// How far a copy has filled a keyspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FillState {
    /// No copy has filled it.
    None,
    /// The copy of this number has started and may be incomplete.
    Begun(i32),
    /// The copy of this number is complete.
    Whole(i32),
}

impl Cluster {
    /// Reads how far a copy has filled the keyspace.
    pub fn filling(&self) -> Result<FillState, ClusterError> {
        self.wait(async {
            let Some(copy) = self.chosen(BEGUN).await? else { return Ok(FillState::None) };
            let is_whole = self.chosen(WHOLE).await?.is_some();
            Ok(if is_whole { FillState::Whole(copy) } else { FillState::Begun(copy) })
        })
    }

    /// Reserves the keyspace for the copy of this number. Returns whether the reservation succeeded: another
    /// copy may hold it.
    pub fn begin_filling(&self, copy: i32) -> Result<bool, ClusterError> {
        Ok(self.wait(self.choose(BEGUN, copy))? == copy)
    }

    /// Records that the copy is complete.
    pub fn end_filling(&self, copy: i32) -> Result<(), ClusterError> {
        self.wait(self.choose(WHOLE, copy)).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cql::testing::cluster;

    #[test]
    fn a_keyspace_is_taken_by_one_copy_and_whole_when_that_says_so() {
        let (one, other) = (cluster("filling"), cluster("filling"));
        assert_eq!(one.filling().unwrap(), FillState::None);
        assert!(one.begin_filling(7).unwrap() && !other.begin_filling(8).unwrap());
        assert!(one.begin_filling(7).unwrap());
        assert_eq!(other.filling().unwrap(), FillState::Begun(7));
        one.end_filling(7).unwrap();
        assert_eq!(other.filling().unwrap(), FillState::Whole(7));
    }
}
