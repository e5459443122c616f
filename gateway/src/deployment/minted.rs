//! The tokens that commands minted beside a running gateway, which holds the registry. Each token leaves a
//! file with its claims, and no token text, in a folder of the data folder. The gateway lists the token and
//! removes the file. A file a token needs no lock between the command and the gateway, and is whole or
//! absent.

use super::replace;
use anyhow::Context as _;
use aws_lc_rs::rand;
use scangate_core::id::TokenId;
use scangate_core::time::Timestamp;
use scangate_core::token::{Claims, TokenKey};
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, chown};
use std::path::{Path, PathBuf};

/// The name of the folder.
pub const MINTED_TOKENS: &str = "minted-tokens";
/// The end of the names of files that are not whole yet.
const UNFINISHED: &str = ".new";

/// A minted token that is not listed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MintedToken {
    /// Its claims.
    pub claims: Claims,
    /// The time at which it was minted.
    pub minted: Timestamp,
}

/// Draws the id of a new token.
pub fn draw_token_id() -> anyhow::Result<TokenId> {
    let mut id = [0; 8];
    rand::fill(&mut id).context("no randomness")?;
    // 0 stands for a token without an id.
    Ok(TokenId(u64::from_be_bytes(id).max(1)))
}

/// Signs a token, and leaves its claims for the gateway of the data folder. Both are on disk before the token
/// is returned.
pub fn mint(data: &Path, key: &TokenKey, claims: Claims, now: Timestamp) -> anyhow::Result<String> {
    let folder = data.join(MINTED_TOKENS);
    match DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(error).context(folder.display().to_string());
        }
        Ok(()) | Err(_) => {}
    }
    let token = key.sign(&claims);
    let name = claims.jti.to_string();
    let minted = serde_json::to_vec(&MintedToken { claims, minted: now })?;
    replace(&folder, &name, &minted)?;
    give_to_owner(data, &folder).and_then(|()| give_to_owner(data, &folder.join(&name)))?;
    Ok(token)
}

/// Gives a path to the owner of the data folder: the command may run as root, and the gateway as another
/// user.
fn give_to_owner(data: &Path, path: &Path) -> anyhow::Result<()> {
    let give = || -> std::io::Result<()> {
        let (owner, made) = (fs::metadata(data)?, fs::metadata(path)?);
        if owner.uid() == made.uid() { Ok(()) } else { chown(path, Some(owner.uid()), Some(owner.gid())) }
    };
    give().with_context(|| path.display().to_string())
}

/// The minted tokens that are not listed yet, each with its file. A file that is not a token's is logged and
/// left alone.
pub fn minted(data: &Path) -> std::io::Result<Vec<(PathBuf, MintedToken)>> {
    let entries = match fs::read_dir(data.join(MINTED_TOKENS)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut minted = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(UNFINISHED) {
            continue;
        }
        let token = fs::read(&path).and_then(|bytes| Ok(serde_json::from_slice(&bytes)?));
        match token {
            Ok(token) => minted.push((path, token)),
            Err(error) => {
                tracing::debug!(event = "minted-token-unreadable", path = %path.display(), %error, "this is not a minted token")
            }
        }
    }
    Ok(minted)
}
