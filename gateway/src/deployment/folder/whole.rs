//! The data folder at a start: it must be whole, and a start that fails leaves no new one behind. A folder
//! that lost its secret or its registry is an error, because a new secret or an empty registry would hide the
//! loss.

use crate::config::{Config, StoreLocation};
use crate::deployment::snapshot;
use anyhow::{Context as _, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// How often the removal is tried: a thread of the failed start may still write.
const REMOVALS_MAX: usize = 3;
/// How the names of the journal's segments end.
const SEGMENT_ENDING: &str = ".segment";

/// A data folder of a start that may fail. Unless it is kept, dropping it removes the folders that the start
/// made. It never removes a folder that existed before.
pub(crate) struct StartFolder {
    /// The folders that did not exist before, the data folder first, then those above it.
    made: Vec<PathBuf>,
}

impl StartFolder {
    /// Makes the folder where it does not exist. **Errors**: it cannot be made.
    pub(crate) fn make(data: &Path) -> anyhow::Result<Self> {
        let missing =
            data.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        let made = missing.map(Path::to_owned).collect();
        fs::create_dir_all(data).with_context(|| format!("the data folder {}", data.display()))?;
        Ok(Self { made })
    }

    /// Keeps the folder: from now on others rely on it.
    pub(crate) fn keep(&mut self) {
        self.made.clear();
    }
}

impl Drop for StartFolder {
    fn drop(&mut self) {
        let Some((data, above)) = self.made.split_first() else { return };
        let removed = (0..REMOVALS_MAX).any(|_| fs::remove_dir_all(data).is_ok());
        // Another process uses a folder above if it holds anything else by now.
        if !removed || above.iter().any(|folder| fs::remove_dir(folder).is_err()) {
            tracing::warn!(event = "start-left-folder", data = %data.display(), "the start failed, and left a folder that can be removed");
        }
    }
}

/// Checks that nothing is missing from a data folder that a gateway has served. **Errors**: the secret or the
/// registry is missing; the text says what to do.
pub fn ensure_whole(config: &Config) -> anyhow::Result<()> {
    let data = &config.data;
    let (has_registry, has_journal) = (data.join("registry").exists(), has_segments(data));
    let has_served = has_served(data);
    let held = match (has_registry, has_journal) {
        (true, true) => "a registry and a journal",
        (true, false) => "a registry",
        (false, true) => "a journal",
        (false, false) => "",
    };
    let data = data.display();
    if config.secret.is_none() && !held.is_empty() && !config.data.join("secret").exists() {
        bail!(
            "{data} has {held}, and its secret is missing: put the file `secret` back from the backup, or set `secret` \
             to its path; a new secret could read none of it"
        );
    }
    if config.store == StoreLocation::Embedded && has_served && !has_registry {
        bail!(
            "{data} has served a deployment, and its registry is missing: restore the folder from a backup, or set \
             `store` if the deployment is on a cluster; for a new deployment choose an empty folder"
        );
    }
    Ok(())
}

/// Whether a gateway has served a deployment from a data folder. A start reads its store before it makes any
/// of these.
pub(crate) fn has_served(data: &Path) -> bool {
    snapshot::exists(data) || data.join("authority.token").exists() || has_segments(data)
}

fn has_segments(data: &Path) -> bool {
    let names = fs::read_dir(data.join("journal")).into_iter().flatten().flatten();
    names.into_iter().any(|entry| entry.file_name().to_string_lossy().ends_with(SEGMENT_ENDING))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_fails_removes_what_it_made_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let (above, data) = (root.path().join("above"), root.path().join("above/data"));
        let fill = || fs::write(data.join("secret"), "x").unwrap();
        let folder = StartFolder::make(&data).unwrap();
        fill();
        drop(folder);
        assert!(!above.exists() && root.path().exists());

        let mut folder = StartFolder::make(&data).unwrap();
        fill();
        folder.keep();
        drop(folder);
        assert!(data.join("secret").exists());
        drop(StartFolder::make(&data).unwrap());
        assert!(data.join("secret").exists(), "it existed before the start");
    }

    #[test]
    fn a_folder_without_its_secret_or_registry_is_told() {
        let cluster = || "cql://db1/scangate".parse().unwrap();
        for (parts, store, expected) in [
            (&[][..], StoreLocation::Embedded, None),
            (&["secret"], StoreLocation::Embedded, None),
            // A first start that was killed before it made its registry.
            (&["secret", "gateway", "key.pem"], StoreLocation::Embedded, None),
            (&["secret", "registry", "journal/1.segment"], StoreLocation::Embedded, None),
            (&["secret", "journal/1.segment", "authority.token"], cluster(), None),
            (&["registry"], StoreLocation::Embedded, Some("has a registry, and its secret is missing")),
            (&["journal/1.segment"], cluster(), Some("has a journal, and its secret is missing")),
            (
                &["registry", "journal/1.segment"],
                StoreLocation::Embedded,
                Some("has a registry and a journal, and its secret"),
            ),
            (&["secret", "journal/1.segment"], StoreLocation::Embedded, Some("its registry is missing")),
            (&["secret", "authority.token"], StoreLocation::Embedded, Some("its registry is missing")),
            (&["secret", "snapshot"], StoreLocation::Embedded, Some("its registry is missing")),
        ] {
            let data = tempfile::tempdir().unwrap();
            for part in parts {
                let path = data.path().join(part);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "").unwrap();
            }
            let config = Config { data: data.path().to_owned(), store, ..Config::default() };
            let error = ensure_whole(&config).err().map(|error| error.to_string());
            match expected {
                None => assert_eq!(error, None, "{parts:?}"),
                Some(words) => {
                    assert!(error.as_ref().is_some_and(|error| error.contains(words)), "{error:?}")
                }
            }
        }
    }
}
