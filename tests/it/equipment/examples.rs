//! The examples of `examples/`: each checks a person in as its README says.

use anyhow::Context as _;
use scangate_core::id::VenueId;
use scangate_core::time::DAY_MS;
use scangate_loadgen::city::application;
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{Gateway, TestTown, assert_done, assert_refused, send};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};
use tempfile::TempDir;

/// The examples connect by address and so name no host, which is the channel `gates`. The town names
/// `localhost`.
const CONFIG: &str = r#"
[[channel]]
name = "gates"
requests_a_second_max = 1

[[channel]]
name = "town"
hosts = ["localhost"]
requests_a_second_max = 100000
"#;

/// What an example prints for a green person at a venue that asks for two checks.
const PRINTED: &str = "check (green) at Library\nstill to check: temperature, document\n";

fn python() -> anyhow::Result<Command> {
    let mut command = Command::new("python3");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/gate.py"));
    Ok(command)
}

/// The Rust example, built beside the tests.
fn rust() -> anyhow::Result<Command> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(Path::parent).context("the tests are in target/PROFILE/deps")?;
    let path = folder.join("examples/gate");
    anyhow::ensure!(path.exists(), "{} is not built: cargo build --workspace --examples", path.display());
    Ok(Command::new(path))
}

/// A registered person before the gate of a venue, with the files that an example reads.
struct ExampleVisit {
    town: TestTown,
    files: TempDir,
    venue: VenueId,
    person: Value,
}

impl ExampleVisit {
    async fn prepare() -> anyhow::Result<Self> {
        let files = tempfile::tempdir()?;
        let config = files.path().join("gateway.toml");
        fs::write(&config, CONFIG)?;
        let gateway = Gateway::start(&["--config", config.to_str().context("a path in UTF-8")?])?;
        let mut town = TestTown::found_in(gateway, 0).await?;
        let library = json!({"name": "Library", "kind": "other", "district": "East", "checks": ["temperature", "document"]});
        let authority = town.authority.clone();
        let added = town.send("POST", "/v1/venues", &authority, library.to_string()).await?.lines()?;
        let venue = added[0]["venue"].as_str().unwrap_or_default().parse()?;
        let token = town.gateway.token("terminal", "library gate", Some(venue))?;
        fs::write(files.path().join("terminal.token"), token.trim_start_matches("Bearer "))?;
        let registered = town.send("POST", "/v1/people", "", application(7, 0)).await?;
        fs::write(files.path().join("person.json"), registered.text())?;
        let person = registered.json()?["person"].clone();
        Ok(Self { town, files, venue, person })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// The example with its arguments.
    fn at_the_gate(&self, mut example: Command) -> Command {
        example
            .arg(format!("https://{}", self.town.gateway.listen))
            .arg(self.town.gateway.folder().path().join("certificate.pem"))
            .args([self.file("terminal.token"), self.file("person.json")])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        example
    }

    /// The venues of the person's visits, as a tracer reads them.
    async fn trail(&mut self) -> anyhow::Result<Vec<Value>> {
        let (from, to) = (now().minus_ms(DAY_MS), now().plus_ms(DAY_MS));
        let case = json!({
            "person": self.person, "purpose": "contact-tracing", "reference": "1", "from": from, "to": to,
        });
        let tracer = self.town.tracer.clone();
        let opened = self.town.send("POST", "/v1/cases", &tracer, case.to_string()).await?.json()?;
        let case = opened["case"].as_str().context("a case was opened")?;
        let trail = self.town.traced(&format!("/v1/cases/{case}/trail")).await?;
        Ok(trail["visits"].as_array().into_iter().flatten().map(|visit| visit["venue"].clone()).collect())
    }

    /// Fills the gates' channel until the example says that it will try again, and returns all that it
    /// printed. An example whose request comes between two of the flood is served: it runs again.
    async fn behind_a_crowd(
        &self,
        example: fn() -> anyhow::Result<Command>,
    ) -> anyhow::Result<(String, String)> {
        let mut crowd = self.town.gateway.target()?.named("127.0.0.1").connect(Version::Http3).await?;
        loop {
            let mut child = self.at_the_gate(example()?).spawn()?;
            let mut errors = BufReader::new(child.stderr.take().context("its errors are piped")?);
            let shed = tokio::task::spawn_blocking(move || -> io::Result<_> {
                let mut line = String::new();
                errors.read_line(&mut line)?;
                Ok((line, errors))
            });
            while !shed.is_finished() {
                send(&mut crowd, "GET", "/v1/registration", "", "").await?;
            }
            let (mut line, mut errors) = shed.await??;
            let output = child.wait_with_output()?;
            if !line.is_empty() {
                errors.read_to_string(&mut line)?;
                return Ok((String::from_utf8(output.stdout)?, line));
            }
        }
    }
}

async fn check(example: fn() -> anyhow::Result<Command>) -> anyhow::Result<()> {
    let mut visit = ExampleVisit::prepare().await?;
    assert_done(&visit.at_the_gate(example()?).output()?, PRINTED);
    assert_eq!(visit.trail().await?, [json!(visit.venue)]);
    let (printed, errors) = visit.behind_a_crowd(example).await?;
    assert!(errors.starts_with("overloaded: trying again in "), "{errors}");
    assert_eq!(printed, PRINTED, "{errors}");
    fs::write(visit.file("terminal.token"), "forged")?;
    assert_refused(&visit.at_the_gate(example()?).output()?, "401 token-invalid: ");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_py_checks_in_and_comes_back_when_it_may() -> anyhow::Result<()> {
    check(python).await
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_rs_checks_in_and_comes_back_when_it_may() -> anyhow::Result<()> {
    check(rust).await
}
