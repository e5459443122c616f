//! Decides whether a keyspace may be copied into, and where the copy resumes. The keyspace must be empty, or
//! hold a copy of this data folder that no gateway serves yet.

use super::progress::{CopyProgress, CopySource, CopyStage};
use anyhow::{Context as _, bail};
use aws_lc_rs::rand;
use scangate_storage::cql::{Address, FillState};
use scangate_storage::registry::RegistryCopy;
use std::path::Path;

/// A keyspace to copy into: its address and its state.
pub(super) struct TargetKeyspace<'a> {
    pub(super) folder: &'a Path,
    pub(super) to: &'a Address,
    /// The progress file.
    pub(super) file: &'a Path,
    pub(super) filling: FillState,
    pub(super) is_empty: bool,
}

impl TargetKeyspace<'_> {
    /// The progress from which to resume, by the progress file's content. **Errors**: the keyspace holds
    /// another city.
    pub(super) fn resume(
        &self,
        found: Option<CopyProgress>,
        source: CopySource,
    ) -> anyhow::Result<CopyProgress> {
        let Self { to, filling, .. } = self;
        let (folder, file) = (self.folder.display(), self.file.display());
        match (found, *filling) {
            (Some(found), FillState::Whole(copy)) if found.copy == copy => {
                if found.source != source {
                    bail!(
                        "{folder} has changed since its copy to {to} was complete, and gateways may have served {to} \
                         since; nothing was written"
                    );
                }
                Ok(CopyProgress { stage: CopyStage::Copied, ..found })
            }
            (Some(found), FillState::Begun(copy)) if found.copy == copy => {
                if found.source != source {
                    super::progress_bar::print(&format!(
                        "a gateway has run on {folder} since: copying starts again"
                    ));
                    return Ok(CopyProgress { source, stage: beginning(), ..found });
                }
                Ok(found)
            }
            (Some(found), _) if found.to != to.to_string() => bail!(
                "{folder} is being copied to {}; to copy it to {to} instead, remove {file} first",
                found.to
            ),
            (_, FillState::None) if self.is_empty => {
                Ok(CopyProgress { to: to.to_string(), copy: draw()?, source, stage: beginning() })
            }
            (_, FillState::None) => {
                bail!("{to} serves a city that was not copied from {folder}: choose another keyspace")
            }
            (_, FillState::Begun(_) | FillState::Whole(_)) => bail!(
                "{to} has a copy that did not come from {folder}, or {file} is lost: choose another \
                 keyspace, or drop this one"
            ),
        }
    }
}

fn beginning() -> CopyStage {
    CopyStage::Rows { at: RegistryCopy::first(), done: 0 }
}

fn draw() -> anyhow::Result<i32> {
    let mut bytes = [0; 4];
    rand::fill(&mut bytes).ok().context("no randomness")?;
    Ok(i32::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_storage::registry::RowsSum;

    const TO: &str = "cql://127.0.0.1:9042/here";

    fn source(journal_end: u64) -> CopySource {
        CopySource { journal_end, registry: RowsSum { rows: 3, digest: String::new() } }
    }

    /// Checks the stage, or the words of the error. `file`: the target of copy 7, which is half done; or no
    /// file.
    fn check(
        file: Option<&str>,
        filling: FillState,
        is_empty: bool,
        journal_end: u64,
        expected: Result<&CopyStage, &str>,
    ) {
        let address = TO.parse().unwrap();
        let (folder, path) = (Path::new("data"), Path::new("data/store-copy.json"));
        let target = TargetKeyspace { folder, to: &address, file: path, filling, is_empty };
        let found =
            file.map(|to| CopyProgress { to: to.to_owned(), copy: 7, source: source(5), stage: halfway() });
        match (target.resume(found, source(journal_end)), expected) {
            (Ok(progress), Ok(stage)) => {
                assert_eq!((&progress.stage, progress.source), (stage, source(journal_end)));
            }
            (Err(error), Err(word)) => assert!(error.to_string().contains(word), "{error}"),
            (entered, expected) => panic!("{filling:?}: {entered:?} and not {expected:?}"),
        }
    }

    fn halfway() -> CopyStage {
        CopyStage::Rows { at: RegistryCopy::first(), done: 2 }
    }

    #[test]
    fn only_an_empty_keyspace_or_an_own_copy_may_be_copied_into() {
        let (begin, elsewhere) = (beginning(), "cql://other:9042/there");
        check(None, FillState::None, true, 5, Ok(&begin));
        check(None, FillState::None, false, 5, Err("serves a city"));
        check(None, FillState::Begun(7), false, 5, Err("did not come from"));
        check(None, FillState::Whole(7), false, 5, Err("did not come from"));
        // The keyspace was dropped since, or another city was copied there.
        check(Some(TO), FillState::None, true, 5, Ok(&begin));
        check(Some(TO), FillState::None, false, 5, Err("serves a city"));
        check(Some(TO), FillState::Begun(8), false, 5, Err("did not come from"));
        check(Some(TO), FillState::Begun(7), false, 5, Ok(&halfway()));
        check(Some(TO), FillState::Whole(7), false, 5, Ok(&CopyStage::Copied));
        // A gateway has run on the folder since.
        check(Some(TO), FillState::Begun(7), false, 6, Ok(&begin));
        check(Some(TO), FillState::Whole(7), false, 6, Err("has changed"));
        // The command names another node of the same cluster, or another cluster.
        check(Some(elsewhere), FillState::Begun(7), false, 5, Ok(&halfway()));
        check(Some(elsewhere), FillState::None, true, 5, Err("is being copied to cql://other"));
    }
}
