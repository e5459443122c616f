//! User and password for a CQL cluster: from the file that the configuration names, or from the environment.
//! No message contains either.

use crate::config::{CqlConfig, read_text};
use anyhow::{Context as _, bail};
use scangate_storage::cql::Login;
use std::path::Path;

const USER: Variables = Variables { value: "SCANGATE_CQL_USER", file: "SCANGATE_CQL_USER_FILE" };
const PASSWORD: Variables = Variables { value: "SCANGATE_CQL_PASSWORD", file: "SCANGATE_CQL_PASSWORD_FILE" };

/// The two variables of one part of a login.
struct Variables {
    /// The variable with the part itself.
    value: &'static str,
    /// The variable with the path of a file that contains it.
    file: &'static str,
}

/// The login for a cluster, if there is one. **Errors**: a file cannot be read, or one of user and password
/// is missing.
pub(super) fn login(config: &CqlConfig) -> anyhow::Result<Option<Login>> {
    let Some(path) = &config.login else {
        return match (USER.read()?, PASSWORD.read()?) {
            (Some(user), Some(password)) => Ok(Some(Login { user, password })),
            (None, None) => Ok(None),
            (Some(_), None) => bail!("{} is set without {} or {}", USER.value, PASSWORD.value, PASSWORD.file),
            (None, Some(_)) => bail!("{} is set without {} or {}", PASSWORD.value, USER.value, USER.file),
        };
    };
    let text = read_text(path).with_context(|| format!("cql.login {}", path.display()))?;
    let mut lines = text.lines().map(str::to_owned);
    match (lines.next(), lines.next()) {
        (Some(user), Some(password)) if !user.is_empty() => Ok(Some(Login { user, password })),
        _ => bail!("cql.login {}: the first line is the user, the second the password", path.display()),
    }
}

impl Variables {
    #[expect(clippy::disallowed_methods, reason = "a password may come from a service manager's environment")]
    fn read(&self) -> anyhow::Result<Option<String>> {
        let Self { value, file } = *self;
        match (std::env::var(value).ok(), std::env::var(file).ok()) {
            (Some(_), Some(_)) => bail!("{value} and {file} are both set: set one of them"),
            (Some(part), None) => Ok(Some(part)),
            (None, Some(path)) => {
                let text = read_text(Path::new(&path)).with_context(|| format!("{file} {path}"))?;
                Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()))
            }
            (None, None) => Ok(None),
        }
    }
}
