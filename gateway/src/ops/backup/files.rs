//! The files of a data folder that a backup holds, next to the stores and the journal.

use crate::deployment::{FORMAT_FILE, GATEWAY_NUMBER, MINTED_TOKENS, POSTER_SETTINGS, snapshot};
use anyhow::{Context as _, ensure};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Component, Path};

/// Files of a data folder without which a restored gateway would be another one. The secret is not one of
/// them.
const NAMES: [&str; 9] = [
    FORMAT_FILE,
    GATEWAY_NUMBER,
    "authority.token",
    "tracer.token",
    "operator.token",
    "certificate.pem",
    "key.pem",
    POSTER_SETTINGS,
    snapshot::NAME,
];
/// The size of a piece of a file. **Units**: bytes.
const PIECE_BYTES: u64 = 1 << 20;

/// Visits each file in pieces, with its name in the folder.
pub(super) fn visit(
    data: &Path,
    each: &mut impl FnMut(&str, &[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for name in names(data).with_context(|| data.display().to_string())? {
        // A gateway removes the file of a minted token once it has listed the token.
        let Some(file) = existing(File::open(data.join(&name)))? else { continue };
        let mut piece = Vec::new();
        while piece.is_empty() || piece.len() as u64 == PIECE_BYTES {
            piece.clear();
            (&file).take(PIECE_BYTES).read_to_end(&mut piece).with_context(|| name.clone())?;
            each(&name, &piece)?;
            if piece.is_empty() {
                break;
            }
        }
    }
    Ok(())
}

/// Checks a name from a backup. **Errors**: no gateway writes a file of this name.
pub(super) fn ensure_known(name: &str) -> anyhow::Result<()> {
    let parts: Vec<_> = Path::new(name).components().collect();
    let is_known = match parts.as_slice() {
        [Component::Normal(_)] => NAMES.contains(&name),
        [Component::Normal(folder), Component::Normal(_)] => *folder == MINTED_TOKENS,
        _ => false,
    };
    ensure!(is_known, "the backup has a file `{name}`, which no gateway makes");
    Ok(())
}

fn names(data: &Path) -> io::Result<Vec<String>> {
    let mut names: Vec<String> = NAMES.iter().map(|&name| name.to_owned()).collect();
    for entry in existing(fs::read_dir(data.join(MINTED_TOKENS)))?.into_iter().flatten() {
        if let Ok(name) = entry?.file_name().into_string() {
            names.push(format!("{MINTED_TOKENS}/{name}"));
        }
    }
    Ok(names)
}

/// Treats what does not exist as none.
fn existing<T>(opened: io::Result<T>) -> io::Result<Option<T>> {
    match opened {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}
