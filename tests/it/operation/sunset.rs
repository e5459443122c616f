//! `gateway sunset` of an embedded deployment: no personal data is left, and a third party can verify the
//! report.

use anyhow::Context as _;
use scangate_core::id::PersonId;
use scangate_core::keys::Secret;
use scangate_loadgen::drive::now;
use scangate_storage::registry::Registry;
use scangate_tests::{ExpectedLog, Gateway, TestTown, assert_done, assert_refused, output_text};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

/// A data folder to be deleted by a sunset, and a folder for its reports.
pub(crate) struct SunsetRun {
    folder: Arc<TempDir>,
    /// The folder's absolute path.
    pub(crate) data: String,
    reports: TempDir,
    /// More arguments of the command.
    more: Vec<String>,
}

impl SunsetRun {
    pub(crate) fn of(folder: Arc<TempDir>, more: &[&str]) -> anyhow::Result<Self> {
        let data = folder.path().canonicalize()?.display().to_string();
        let more = more.iter().map(ToString::to_string).collect();
        Ok(Self { folder, data, reports: tempfile::tempdir()?, more })
    }

    pub(crate) fn report(&self, name: &str) -> PathBuf {
        self.reports.path().join(name)
    }

    /// `gateway sunset` of this folder, with a report of this name.
    pub(crate) fn command(&self, report: &str, more: &[&str]) -> anyhow::Result<Command> {
        let report = self.report(report).display().to_string();
        let mut command = Gateway::command(&["sunset", "--data", &self.data, "--report", &report])?;
        command.args(&self.more).args(more);
        Ok(command)
    }

    pub(crate) fn end(&self, report: &str, more: &[&str]) -> anyhow::Result<Output> {
        Ok(self.command(report, more)?.output()?)
    }

    /// The key that will sign the report.
    pub(crate) fn key(&self) -> anyhow::Result<String> {
        let output = Gateway::run(&["sunset", "--key", "--data", &self.data])?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// The error of a gateway that is started on the folder; empty if it starts.
    pub(crate) fn why_not(&self, arguments: &[&str]) -> String {
        let started = Gateway::start_in(Arc::clone(&self.folder), arguments, ExpectedLog::Trouble);
        started.err().map(|error| error.to_string()).unwrap_or_default()
    }

    pub(crate) fn names(&self) -> anyhow::Result<Vec<String>> {
        let names = fs::read_dir(self.folder.path())?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut names = names.collect::<anyhow::Result<Vec<_>>>()?;
        names.sort_unstable();
        Ok(names)
    }
}

pub(crate) fn verify(report: &Path, more: &[&str]) -> anyhow::Result<Output> {
    let report = report.display().to_string();
    Gateway::run(&[&["sunset", "--verify", &report], more].concat())
}

/// The body of a report.
pub(crate) fn body(report: &Path) -> anyhow::Result<Value> {
    let file: Value = serde_json::from_slice(&fs::read(report)?)?;
    Ok(serde_json::from_str(file["body"].as_str().context("a report has a body")?)?)
}

/// Whether a file below a folder contains a person's id, in either byte order or as text.
fn is_traced(folder: &Path, person: PersonId) -> anyhow::Result<bool> {
    let text = person.to_string();
    let traces = [&person.0.to_be_bytes()[..], &person.0.to_le_bytes(), text.as_bytes()];
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if is_traced(&path, person)? {
                return Ok(true);
            }
            continue;
        }
        let bytes = fs::read(&path)?;
        if traces.iter().any(|trace| bytes.windows(trace.len()).any(|window| window == *trace)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Creates check-ins, two facts, the withdrawal of one, and a case.
pub(crate) async fn live(town: &mut TestTown) -> anyhow::Result<()> {
    for resident in 0..4 {
        assert_eq!(town.check_in(resident, resident / 3).await?.status(), 200);
    }
    town.post_fact(1, "confirmed").await?;
    let fact = town.post_fact(2, "close-contact").await?.lines()?;
    let path = format!("/v1/facts/{}/withdraw", fact[0]["fact"].as_str().context("a fact was posted")?);
    let authority = town.authority.clone();
    let body = json!({"reason": "mistaken"}).to_string();
    assert_eq!(town.send("POST", &path, &authority, body).await?.status(), 200);
    town.open_case(0).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_22_a_sunset_leaves_nothing_but_a_report_that_others_can_check() -> anyhow::Result<()> {
    let mut town = TestTown::found(6).await?;
    live(&mut town).await?;
    let ending = SunsetRun::of(town.gateway.folder(), &[])?;
    let key = ending.key()?;
    assert_refused(&ending.end("r", &["--confirm", &ending.data])?, "stop its gateway first");
    let TestTown { gateway, residents, .. } = town;
    assert!(gateway.stop()?.success());
    let folder = ending.folder.path();
    assert!(is_traced(folder, residents[0].person)?);
    let secret = Secret::new(&fs::read(folder.join("secret"))?)?;
    let registry = Registry::embedded(&folder.join("registry"), &secret)?;
    let last = registry.last_audited()?.context("a case was opened")?;
    drop(registry);

    // Without the right confirmation, or with a foreign file in the folder, nothing is deleted.
    let names = ending.names()?;
    for more in [&[][..], &["--confirm", "data"]] {
        let refused = ending.end("r", more)?;
        assert_refused(&refused, &format!("nothing was touched; --confirm {} does it", ending.data));
        assert!(output_text(&refused).contains("6 people, 3 venues, 2 facts"), "{}", output_text(&refused));
    }
    fs::write(folder.join("holiday.jpg"), "x")?;
    assert_refused(&ending.end("r", &["--confirm", &ending.data])?, "holiday.jpg");
    fs::remove_file(folder.join("holiday.jpg"))?;
    assert_eq!(ending.names()?, names);
    assert!(Gateway::start_in(Arc::clone(&ending.folder), &[], ExpectedLog::Quiet)?.stop()?.success());

    let ended = ending.end("r", &["--confirm", &ending.data])?;
    assert_done(&ended, "left        nothing");
    assert_eq!(ending.names()?, ["sunset"]);
    let report = ending.report("r");
    for resident in &residents {
        assert!(!is_traced(folder, resident.person)? && !is_traced(ending.reports.path(), resident.person)?);
    }
    let told = body(&report)?;
    let held = &told["held"][0];
    let number = |of: &str| held[of].as_u64();
    assert_eq!((number("people"), number("venues"), number("cases")), (Some(6), Some(3), Some(1)), "{told}");
    assert_eq!((number("facts"), number("withdrawals")), (Some(2), Some(1)), "{told}");
    assert_eq!(held["audit"], json!({"entries": last.number, "last_hash": last.hash, "broken_at": null}));
    let check_ins = held["check_ins"].as_object().context("days")?;
    assert_eq!(check_ins.values().filter_map(Value::as_u64).sum::<u64>(), 4, "{told}");
    let today = now().to_string();
    assert!(check_ins.keys().all(|day| day.len() == 10 && day.as_str() <= today.as_str()), "{told}");
    assert_eq!(told["journal"]["records"], 4, "{told}");
    assert_eq!(told["found"], json!({"files": [], "tables": []}));
    let files = told["files"].as_array().context("files")?;
    assert!(files.iter().any(|file| file["name"] == "key.pem" && file["bytes"].as_u64() > Some(0)), "{told}");

    assert_done(&verify(&report, &[])?, &key);
    assert_done(&verify(&report, &["--key", &key])?, "6 people");
    assert_refused(&verify(&report, &["--key", &"0".repeat(64)])?, "and not by");
    let text = fs::read_to_string(&report)?;
    let forged = ending.report("forged");
    fs::write(&forged, text.replacen("\\\"people\\\": 6", "\\\"people\\\": 5", 1))?;
    assert_refused(&verify(&forged, &[])?, "was changed");

    assert!(ending.why_not(&[]).contains("was ended by `gateway sunset`"), "{}", ending.why_not(&[]));
    assert_eq!(ending.names()?, ["sunset"]);
    assert_done(&ending.end("again", &[])?, "6 people");
    assert_eq!(fs::read_to_string(ending.report("again"))?, text);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_22_a_sunset_that_was_killed_is_gone_on_with() -> anyhow::Result<()> {
    let mut town = TestTown::found(4).await?;
    live(&mut town).await?;
    let ending = SunsetRun::of(town.gateway.folder(), &[])?;
    let key = ending.key()?;
    let person = town.residents[0].person;
    assert!(town.gateway.stop()?.success());
    let mut first = ending.command("r", &["--confirm", &ending.data])?;
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let lines = BufReader::new(first.stderr.take().context("standard error is piped")?).lines();
    let told = lines.map_while(Result::ok).find(|line| line.starts_with("emptying"));
    first.kill()?;
    first.wait()?;
    assert!(told.is_some());
    // Wherever the kill came, no gateway starts, and a second run completes the report.
    assert!(ending.why_not(&[]).contains("`gateway sunset`"), "{}", ending.why_not(&[]));
    assert_done(&ending.end("again", &["--confirm", &ending.data])?, "left        nothing");
    assert_eq!(ending.names()?, ["sunset"]);
    let report = ending.report("again");
    assert_done(&verify(&report, &["--key", &key])?, "4 people, 3 venues, 2 facts");
    assert!(!is_traced(ending.folder.path(), person)? && !is_traced(ending.reports.path(), person)?);
    Ok(())
}
