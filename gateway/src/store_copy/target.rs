//! Whether a keyspace may be copied into, and where to go on: it is empty, or what it has came from this data
//! folder and no gateway has begun to serve it.

use super::progress::{Progress, Source, Stage};
use anyhow::{Context as _, bail};
use aws_lc_rs::rand;
use scangate_storage::cql::{Address, FillState};
use scangate_storage::registry::RegistryCopy;
use std::path::Path;

/// What was found at the keyspace.
pub(super) struct Ground<'a> {
    pub(super) folder: &'a Path,
    pub(super) to: &'a Address,
    /// The file that says how far a copy is.
    pub(super) file: &'a Path,
    pub(super) filling: FillState,
    pub(super) is_empty: bool,
}

impl Ground<'_> {
    /// Where to go on, by what the file says. **Errors**: the keyspace is another's.
    pub(super) fn enter(&self, found: Option<Progress>, source: Source) -> anyhow::Result<Progress> {
        let Self { to, filling, .. } = self;
        let (folder, file) = (self.folder.display(), self.file.display());
        match (found, *filling) {
            (Some(found), FillState::Whole(copy)) if found.copy == copy => {
                if found.source != source {
                    bail!(
                        "{folder} has changed since all of it was copied to {to}, where the city has lived since; \
                         nothing was written"
                    );
                }
                Ok(Progress { stage: Stage::Copied, ..found })
            }
            (Some(found), FillState::Begun(copy)) if found.copy == copy => {
                if found.source != source {
                    super::progress_bar::say(&format!(
                        "a gateway has run on {folder} since: copying begins anew"
                    ));
                    return Ok(Progress { source, stage: beginning(), ..found });
                }
                Ok(found)
            }
            (Some(found), _) if found.to != to.to_string() => bail!(
                "{folder} is being copied to {}; to copy it to {to} instead, remove {file} first",
                found.to
            ),
            (_, FillState::None) if self.is_empty => {
                Ok(Progress { to: to.to_string(), copy: draw()?, source, stage: beginning() })
            }
            (_, FillState::None) => {
                bail!("{to} serves a city that was not copied from {folder}: choose another keyspace")
            }
            (_, FillState::Begun(_) | FillState::Whole(_)) => bail!(
                "{to} has a copy that did not come from {folder}, or {file} was lost since: choose another \
                 keyspace, or drop this one"
            ),
        }
    }
}

fn beginning() -> Stage {
    Stage::Rows { at: RegistryCopy::first(), done: 0 }
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

    fn source(journal_end: u64) -> Source {
        Source { journal_end, registry: RowsSum { rows: 3, digest: String::new() } }
    }

    /// What is answered to a file of copy 7, half-way to `to`, or to no file: the stage, or a word of the refusal.
    fn check(
        file: Option<&str>,
        filling: FillState,
        is_empty: bool,
        journal_end: u64,
        expected: Result<&Stage, &str>,
    ) {
        let address = TO.parse().unwrap();
        let (folder, path) = (Path::new("data"), Path::new("data/store-copy.json"));
        let ground = Ground { folder, to: &address, file: path, filling, is_empty };
        let found =
            file.map(|to| Progress { to: to.to_owned(), copy: 7, source: source(5), stage: halfway() });
        match (ground.enter(found, source(journal_end)), expected) {
            (Ok(progress), Ok(stage)) => {
                assert_eq!((&progress.stage, progress.source), (stage, source(journal_end)));
            }
            (Err(error), Err(word)) => assert!(error.to_string().contains(word), "{error}"),
            (entered, expected) => panic!("{filling:?}: {entered:?} and not {expected:?}"),
        }
    }

    fn halfway() -> Stage {
        Stage::Rows { at: RegistryCopy::first(), done: 2 }
    }

    #[test]
    fn only_an_empty_keyspace_or_a_copy_of_ones_own_may_be_entered() {
        let (begin, elsewhere) = (beginning(), "cql://other:9042/there");
        check(None, FillState::None, true, 5, Ok(&begin));
        check(None, FillState::None, false, 5, Err("serves a city"));
        check(None, FillState::Begun(7), false, 5, Err("did not come from"));
        check(None, FillState::Whole(7), false, 5, Err("did not come from"));
        // The keyspace was dropped since, or another city moved in.
        check(Some(TO), FillState::None, true, 5, Ok(&begin));
        check(Some(TO), FillState::None, false, 5, Err("serves a city"));
        check(Some(TO), FillState::Begun(8), false, 5, Err("did not come from"));
        check(Some(TO), FillState::Begun(7), false, 5, Ok(&halfway()));
        check(Some(TO), FillState::Whole(7), false, 5, Ok(&Stage::Copied));
        // A gateway has run on the folder since.
        check(Some(TO), FillState::Begun(7), false, 6, Ok(&begin));
        check(Some(TO), FillState::Whole(7), false, 6, Err("has changed"));
        // Another node of the same cluster is named, or another cluster.
        check(Some(elsewhere), FillState::Begun(7), false, 5, Ok(&halfway()));
        check(Some(elsewhere), FillState::None, true, 5, Err("is being copied to cql://other"));
    }
}
