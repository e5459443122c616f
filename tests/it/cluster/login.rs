//! A one-node cluster that requires a password and TLS. The password never appears in the gateway's log.
//! `SCANGATE_TEST_SECURE_CQL` is the node's host and `SCANGATE_TEST_SECURE_CA` the file of its CA
//! certificate. User and password are `cassandra`.

use anyhow::Context as _;
use scangate_tests::{ExpectedLog, Gateway, TestTown};
use std::fs;
use std::sync::Arc;
use tempfile::TempDir;

const USER: &str = "cassandra";

/// A deployment on the node with a password and TLS.
pub(super) struct SecureDeployment {
    folder: Arc<TempDir>,
    pub(super) store: String,
    pub(super) authority: String,
}

impl SecureDeployment {
    pub(super) fn new(name: &str) -> anyhow::Result<Self> {
        let of = |name: &str| std::env::var(name).with_context(|| format!("tests/run sets {name}"));
        let store = format!("cql://{}/{name}_{}", of("SCANGATE_TEST_SECURE_CQL")?, std::process::id());
        let authority = of("SCANGATE_TEST_SECURE_CA")?;
        Ok(Self { folder: Arc::new(tempfile::tempdir()?), store, authority })
    }

    fn start(&self, cql: &str) -> anyhow::Result<Gateway> {
        let path = self.folder.path().join("gateway.toml");
        fs::write(&path, format!("store = \"{}\"\n[cql]\ncopies = 1\n{cql}", self.store))?;
        let config = path.display().to_string();
        // The driver warns of connections that are refused.
        Gateway::start_in(Arc::clone(&self.folder), &["--config", &config], ExpectedLog::Trouble)
    }

    /// The settings of the login and the authority. The file of the login gets this password.
    pub(super) fn login(&self, password: &str) -> anyhow::Result<String> {
        let path = self.folder.path().join("login");
        fs::write(&path, format!("{USER}\n{password}\n"))?;
        Ok(format!("login = \"{}\"\nauthority = \"{}\"\n", path.display(), self.authority))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_login_and_authority_a_city_is_served_and_the_password_is_in_no_log() -> anyhow::Result<()> {
    let secure = SecureDeployment::new("secure")?;
    let mut town = TestTown::found_in(secure.start(&secure.login(USER)?)?, 1).await?;
    assert_eq!(town.check_in(0, 0).await?.json()?["colour"], "green");
    let log = town.gateway.log().join("\n");
    assert!(!log.contains("cql.copies"), "one copy was asked for: {log}");
    // User and password are the same word, so neither may be in the log.
    assert!(!log.contains(USER), "{log}");
    Ok(())
}

#[test]
fn a_wrong_password_no_login_or_no_tls_is_told_and_the_password_is_not() -> anyhow::Result<()> {
    let secure = SecureDeployment::new("refused")?;
    let secret = "not-the-password-3141";
    let authority = format!("authority = \"{}\"\n", secure.authority);
    for cql in [secure.login(secret)?, authority, String::new()] {
        let Err(error) = secure.start(&cql) else { panic!("it started with {cql}") };
        let text = error.to_string();
        assert!(text.contains("does not answer") && !text.contains(secret), "{text}");
    }
    Ok(())
}
