//! The certificate: what the commands and the start say of one that clients would refuse, and the greeting of
//! a gateway that has its operator's.

use anyhow::Context as _;
use scangate_loadgen::client::{LoadTarget, Version};
use scangate_tests::{ExpectedLog, Gateway, TestAuthority, assert_refused, assert_warned, output_text, send};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use tempfile::TempDir;

/// The first day of 2040, in seconds since 1970.
const YEAR_2040_S: f64 = 2_208_988_800.0;
/// The names that the clients of the tests use.
const LOCAL: [&str; 2] = ["localhost", "127.0.0.1"];

/// A configuration file in a folder of its own.
fn configured(text: &str) -> anyhow::Result<(TempDir, PathBuf, String)> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("gateway.toml");
    let ports = "listen = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n";
    let data = format!("data = \"{}\"\n", folder.path().join("data").display());
    fs::write(&file, format!("{ports}{data}{text}"))?;
    let argument = file.display().to_string();
    Ok((folder, file, argument))
}

#[test]
fn the_greeting_names_the_operators_certificate_and_origin() -> anyhow::Result<()> {
    let authority = TestAuthority::new()?;
    authority.issue(&["gate.example"], 2040)?;
    let origin = "origin = \"https://gate.example\"\n";
    for (text, expected, absent) in [
        (
            authority.settings() + origin,
            vec![
                "serves https://gate.example over",
                "https://gate.example/v1/venues",
                "open https://gate.example/v/",
            ],
            vec!["localhost", "certificate.pem -H", "loadgen"],
        ),
        (
            String::new(),
            vec!["serves https://localhost:", "/certificate.pem -H", "loadgen -- run"],
            vec!["If curl does not know"],
        ),
    ] {
        let (_folder, _, file) = configured(&text)?;
        let mut command = Gateway::command(&["--config", &file])?;
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let lines = BufReader::new(child.stdout.take().context("it is piped")?).lines();
        let last = if text.is_empty() { "loadgen" } else { "/v/CODE" };
        let mut greeting = String::new();
        for line in lines {
            let line = line?;
            greeting.push_str(&line);
            greeting.push('\n');
            if line.contains(last) {
                break;
            }
        }
        child.kill()?;
        child.wait()?;
        for words in expected {
            assert!(greeting.contains(words), "{words} is not in:\n{greeting}");
        }
        for words in absent {
            assert!(!greeting.contains(words), "{words} is in:\n{greeting}");
        }
        if !text.is_empty() {
            let own = authority.certificate().display().to_string();
            assert!(greeting.contains(&format!("certificate  {own}")), "{greeting}");
        }
    }
    Ok(())
}

#[test]
fn a_wrong_key_or_no_pem_is_an_error_with_the_files_name() -> anyhow::Result<()> {
    let authority = TestAuthority::new()?;
    authority.issue(&LOCAL, 2040)?;
    let key = fs::read(authority.key())?;
    authority.issue(&LOCAL, 2040)?;
    let chain = fs::read(authority.certificate())?;
    let (_folder, _, file) = configured(&authority.settings())?;
    let start = || {
        let folder = Arc::new(tempfile::tempdir()?);
        let started = Gateway::start_in(folder, &["--config", &file], ExpectedLog::Trouble);
        anyhow::Ok(started.err().map(|error| error.to_string()).unwrap_or_default())
    };
    for (wrong, bytes, right, words) in [
        (authority.key(), key, None, "does not belong to"),
        (authority.key(), b"no key".to_vec(), None, "holds no private key in PEM"),
        (authority.certificate(), b"no certificate".to_vec(), Some(chain), "it holds no certificate in PEM"),
    ] {
        fs::write(&wrong, bytes)?;
        let name = wrong.display().to_string();
        for output in [Gateway::run(&["check-config", &file])?, Gateway::run(&["doctor", "--config", &file])?]
        {
            assert_refused(&output, words);
            assert_refused(&output, &name);
        }
        let failed = start()?;
        assert!(failed.contains(words) && failed.contains(&name), "{failed}");
        if let Some(right) = right {
            fs::write(wrong, right)?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_starts_with_a_certificate_that_clients_refuse_and_says_so() -> anyhow::Result<()> {
    let authority = TestAuthority::new()?;
    let channel = "[[channel]]\nname = \"app\"\nhosts = [\"app.example\"]\nrequests_a_second_max = 9\n";
    let text = format!("{}origin = \"https://gate.example\"\n{channel}", authority.settings());
    let (_folder, _, file) = configured(&text)?;
    authority.issue(&["localhost", "gate.example"], 2026)?;
    let start = |expect| Gateway::start_in(Arc::new(tempfile::tempdir()?), &["--config", &file], expect);
    let gateway = start(ExpectedLog::Words("the certificate: "))?;
    let log = gateway.log().join("\n");
    for words in ["it expired at 2026-01-01T00:00:00.000Z", "it does not cover the host app.example"] {
        assert!(log.contains(words), "{words} is not in:\n{log}");
        assert_warned(&Gateway::run(&["check-config", &file])?, words);
        assert_refused(&Gateway::run(&["doctor", "--config", &file])?, words);
    }
    drop(gateway);

    authority.issue(&["localhost", "gate.example", "app.example"], 2040)?;
    let gateway = start(ExpectedLog::Quiet)?;
    assert!((gateway.metric("scangate_certificate_expiry_seconds", "")? - YEAR_2040_S).abs() < 1.0);
    assert!(gateway.log().iter().any(|line| line.contains("expires=2040-01-01")));
    for version in Version::ALL {
        let target = LoadTarget::new(gateway.listen, &authority.own_file())?.named("gate.example");
        let mut client = target.connect(version).await?;
        assert_eq!(send(&mut client, "GET", "/v1/registration", "", "").await?.status(), 200, "{version:?}");
    }
    let doctor = Gateway::run(&["doctor", "--config", &file])?;
    let text = output_text(&doctor);
    assert!(text.contains("is valid until 2040-01-01T00:00:00.000Z, for every configured host"), "{text}");
    Ok(())
}
