//! Which copy has filled a keyspace, and whether all of it came: two of the numbers that are chosen once for a
//! keyspace's life.

use super::cluster::Cluster;
use super::error::ClusterError;

/// The copy that fills the keyspace.
const BEGUN: &str = "filling";
/// The same number, once the copy is known to be whole.
const WHOLE: &str = "filled";

/// How a keyspace was filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FillState {
    /// Not by a copy.
    None,
    /// By the copy of this number, which may not be whole.
    Begun(i32),
    /// By the copy of this number, wholly.
    Whole(i32),
}

impl Cluster {
    /// How the keyspace was filled.
    pub fn filling(&self) -> Result<FillState, ClusterError> {
        self.wait(async {
            let Some(copy) = self.chosen(BEGUN).await? else { return Ok(FillState::None) };
            let is_whole = self.chosen(WHOLE).await?.is_some();
            Ok(if is_whole { FillState::Whole(copy) } else { FillState::Begun(copy) })
        })
    }

    /// Takes the keyspace for a copy of this number. Returns whether no other has it.
    pub fn begin_filling(&self, copy: i32) -> Result<bool, ClusterError> {
        Ok(self.wait(self.choose(BEGUN, copy))? == copy)
    }

    /// Says that the copy is whole.
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
