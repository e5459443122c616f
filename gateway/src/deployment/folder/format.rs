//! The format of a data folder: the one of its registry and trails. The file `format` has it, as a JSON
//! object with the version of the gateway that wrote it. A folder without the file has format 1, which
//! version 0.1.0 wrote.

use crate::deployment::{GATEWAY_NUMBER, replace};
use anyhow::{Context as _, ensure};
use scangate_storage::registry::STORED_FORMAT;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// The name of the file.
pub(crate) const FORMAT_FILE: &str = "format";

/// The change of each format to the one before. A start changes a folder so, and no start changes it back.
const CHANGES: [&str; STORED_FORMAT as usize - 1] = [
    "the registry gets indexes of phones and of tracers' cases, and check-ins are stored in blocks of columns",
];

/// A folder's format and the version that wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderFormat {
    /// The format's number.
    pub format: u32,
    /// The version of the gateway that wrote the folder in this format first.
    pub gateway: String,
}

impl FolderFormat {
    /// The format that this version writes.
    #[must_use]
    pub fn current() -> Self {
        Self { format: STORED_FORMAT, gateway: env!("CARGO_PKG_VERSION").to_owned() }
    }

    /// The format of a data folder; none where no gateway has served it. **Errors**: the file cannot be read.
    pub fn read(data: &Path) -> anyhow::Result<Option<Self>> {
        let path = data.join(FORMAT_FILE);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .with_context(|| format!("{} is damaged", path.display())),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                let has_served = data.join("registry").exists() || data.join(GATEWAY_NUMBER).exists();
                Ok(has_served.then(|| Self { format: 1, gateway: "0.1.0".to_owned() }))
            }
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// Checks that this version reads a data folder, if a gateway has served it. **Errors**: its format is
    /// later, or cannot be read.
    pub fn ensure_known(data: &Path) -> anyhow::Result<()> {
        Self::read(data)?.map_or(Ok(()), |found| found.ensure_readable(data))
    }

    /// Checks that this version reads a folder of this format. **Errors**: the format is later.
    pub fn ensure_readable(&self, data: &Path) -> anyhow::Result<()> {
        let Self { format, gateway } = self;
        ensure!(
            *format <= STORED_FORMAT,
            "{} has format {format}, which version {gateway} of Scangate wrote, and this version ({}) reads up to \
             format {STORED_FORMAT}: start version {gateway} or a later one, or restore a backup that this version made",
            data.display(),
            env!("CARGO_PKG_VERSION")
        );
        Ok(())
    }

    /// The changes of a start of this version in a folder of this format.
    #[must_use]
    pub fn changes(&self) -> &'static [&'static str] {
        let made = usize::try_from(self.format).map_or(CHANGES.len(), |format| format.saturating_sub(1));
        CHANGES.get(made..).unwrap_or_default()
    }

    /// Records in a data folder that this version writes it from now on. It comes before the first row of
    /// this format, so that no earlier version reads the folder. **Errors**: the folder has a later format,
    /// or cannot be written.
    pub fn advance(data: &Path) -> anyhow::Result<()> {
        let (found, current) = (Self::read(data)?, Self::current());
        if let Some(found) = &found {
            found.ensure_readable(data)?;
        }
        let from = found.map_or(0, |found| found.format);
        if from == current.format && data.join(FORMAT_FILE).exists() {
            return Ok(());
        }
        replace(data, FORMAT_FILE, &serde_json::to_vec(&current)?)?;
        if from != 0 {
            tracing::info!(
                event = "folder-upgraded",
                from,
                to = current.format,
                "the data folder has this version's format from now on; an earlier version cannot read it any more"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(data: &Path, format: u32) {
        let other = FolderFormat { format, gateway: "9.8.7".into() };
        fs::write(data.join(FORMAT_FILE), serde_json::to_vec(&other).unwrap()).unwrap();
    }

    #[test]
    fn a_folder_advances_to_the_current_format() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        assert_eq!(FolderFormat::read(data).unwrap(), None);
        FolderFormat::advance(data).unwrap();
        assert_eq!(FolderFormat::read(data).unwrap(), Some(FolderFormat::current()));
        assert_eq!(FolderFormat::current().changes(), [""; 0]);
    }

    #[test]
    fn a_folder_without_the_file_is_of_the_first_format() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        fs::create_dir(data.join("registry")).unwrap();
        let found = FolderFormat::read(data).unwrap().unwrap();
        assert_eq!((found.format, found.changes().len()), (1, CHANGES.len()));
        FolderFormat::advance(data).unwrap();
        assert_eq!(FolderFormat::read(data).unwrap(), Some(FolderFormat::current()));
    }

    #[test]
    fn a_later_format_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), STORED_FORMAT + 1);
        assert!(FolderFormat::ensure_known(folder.path()).is_err());
        let error = FolderFormat::advance(folder.path()).unwrap_err().to_string();
        assert!(error.contains("start version 9.8.7 or a later one"), "{error}");
        assert_eq!(FolderFormat::read(folder.path()).unwrap().unwrap().gateway, "9.8.7");
    }

    #[test]
    fn a_damaged_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FORMAT_FILE), "{").unwrap();
        assert!(FolderFormat::advance(folder.path()).is_err());
    }
}
