//! A deployment's files other than check-ins: the secret, the certificate, the first tokens. The first start
//! creates them, readable by their owner alone; later starts never replace them.

mod certificate;
mod disk_room;
mod folder;
mod identity;
pub mod key_states;
mod minted;
mod pem;
mod poster_settings;
pub mod reference;
pub mod snapshot;
pub mod store;

pub use certificate::CertificateFault;
pub use disk_room::{DiskRoom, nearest_folder};
pub use folder::{
    ENDED_MARKER, FolderFormat, count_open_to_others, create_for_owner_only, ensure_not_ended,
    ensure_restored, ensure_whole,
};
pub(crate) use folder::{FORMAT_FILE, RESTORE_MARKER, StartFolder, close_to_others, read_end_marker};
pub use identity::Identity;
pub use minted::{MINTED_TOKENS, MintedToken, draw_token_id, mint, minted};
pub use pem::PemError;
pub use poster_settings::{POSTER_SETTINGS, PosterSettings};

use crate::clock;
use crate::config::read_text;
use anyhow::{Context as _, ensure};
use aws_lc_rs::rand;
use scangate_core::certificate::Issuer;
use scangate_core::keys::{SECRET_BYTES_MIN, Secret};
use scangate_core::policy::Policy;
use scangate_core::time::DAY_MS;
use scangate_core::token::{Claims, Role, TokenKey};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// The name of the progress file of a copy to a cluster.
pub const COPY_PROGRESS: &str = "store-copy.json";

/// The name of the file that has the number of the folder's gateway. The first start makes it.
pub(crate) const GATEWAY_NUMBER: &str = "gateway";

/// The validity of the first tokens.
const FIRST_TOKEN_MS: u64 = 30 * DAY_MS;

/// Reads the secret, or creates one in a new data folder. **Errors**: a folder that has served has no secret:
/// what it holds does not open with another one.
pub fn secret(data: &Path, named: Option<&Path>) -> anyhow::Result<Secret> {
    let bytes = match named {
        Some(path) => fs::read(path).with_context(|| format!("the secret {}", path.display()))?,
        None => read_or_make(&data.join("secret"), || {
            ensure!(
                !data.join("gateway").exists(),
                "{} holds a deployment without its secret: copy that to `secret` there, or name it with --secret",
                data.display()
            );
            let mut bytes = vec![0; SECRET_BYTES_MIN];
            rand::fill(&mut bytes).context("no randomness")?;
            Ok(bytes)
        })?,
    };
    Ok(Secret::new(&bytes)?)
}

/// Reads the secret, which must exist.
pub fn existing_secret(data: &Path, named: Option<&Path>) -> anyhow::Result<Secret> {
    let path = named.map_or_else(|| data.join("secret"), Path::to_owned);
    let bytes = fs::read(&path)
        .with_context(|| format!("the secret {} (start a gateway there first)", path.display()))?;
    Ok(Secret::new(&bytes)?)
}

/// The number that identifies this data folder's gateway to the others of the city; created if missing.
pub fn gateway_number(data: &Path) -> anyhow::Result<u64> {
    let path = data.join(GATEWAY_NUMBER);
    let text = read_or_make(&path, || {
        let mut bytes = [0; 8];
        rand::fill(&mut bytes).context("no randomness")?;
        Ok(format!("{:016x}\n", u64::from_be_bytes(bytes)).into_bytes())
    })?;
    let number = std::str::from_utf8(&text).ok().and_then(|text| u64::from_str_radix(text.trim(), 16).ok());
    number.with_context(|| format!("{} does not hold a gateway's number", path.display()))
}

/// The number of a data folder's gateway, if it has one yet.
pub fn existing_gateway_number(data: &Path) -> anyhow::Result<Option<u64>> {
    if data.join(GATEWAY_NUMBER).exists() { gateway_number(data).map(Some) } else { Ok(None) }
}

/// The text of a valid rule pack, by the name of a built-in pack or a file.
pub fn policy(name: &str) -> anyhow::Result<String> {
    let text = match Policy::builtin(name) {
        Some(text) => text.to_owned(),
        None => read_text(Path::new(name))
            .with_context(|| format!("the policy `{name}` is neither built in nor a file"))?,
    };
    Policy::parse(&text).map_err(|error| anyhow::anyhow!(error.of_file(name)))?;
    Ok(text)
}

/// The key that signs tokens.
#[must_use]
pub fn token_key(secret: &Secret) -> TokenKey {
    TokenKey::new(&secret.purpose("token"))
}

/// The issuer that signs the deployment's health certificates and declarations.
#[must_use]
pub fn issuer(secret: &Secret) -> Issuer {
    Issuer::new(&secret.purpose("issuer"))
}

/// Creates the first tokens that do not exist yet.
pub fn first_tokens(data: &Path, tokens: &TokenKey) -> anyhow::Result<()> {
    for (role, name) in
        [(Role::Authority, "authority"), (Role::Tracer, "tracer"), (Role::Operator, "operator")]
    {
        read_or_make(&data.join(format!("{name}.token")), || {
            let now = clock::now();
            let claims = Claims {
                jti: draw_token_id()?,
                role,
                subject: format!("first {name}"),
                venue: None,
                door: None,
                district: None,
                expires: now.plus_ms(FIRST_TOKEN_MS),
            };
            Ok(mint(data, tokens, claims, now)?.into_bytes())
        })?;
    }
    Ok(())
}

fn read_or_make(path: &Path, make: impl FnOnce() -> anyhow::Result<Vec<u8>>) -> anyhow::Result<Vec<u8>> {
    match fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let bytes = make()?;
            write_new(path, &bytes)?;
            Ok(bytes)
        }
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// Replaces or creates a file of the data folder, readable by its owner alone. A crash leaves the old file or
/// the new one. The new file is on disk when this returns.
pub(crate) fn replace(data: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        let new = data.join(format!("{name}.new"));
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(new, data.join(name))?;
        fs::File::open(data)?.sync_all()
    };
    write().with_context(|| format!("writing {}", data.join(name).display()))
}

/// Creates a file that its owner alone can read. File and folder entry are on disk when this returns.
fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    write().with_context(|| format!("writing {}", path.display()))
}
