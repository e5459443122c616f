//! A deployment of version 0.1.0, as this version opens it. That version made a small city, answered a
//! tracer, accepted three more check-ins and was killed. `version_0_1_0` has its data folder (a tar archive,
//! brotli, base64), the keyspace to which it copied the folder, and what it knew and answered. The gateway's
//! clock is set to that day, because retention would delete the trails.

mod folder;
mod keyspace;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use scangate_core::time::{Step, Timestamp};
use scangate_loadgen::city::{LoadResident, RegistrationReply};
use scangate_loadgen::client::{ClientConnection, Version};
use scangate_tests::{Clock, Gateway, TestReply, eventually, is_complete, send};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

const FOLDER: &str = include_str!("version_0_1_0/folder.tar.br.base64");
const CITY: &str = include_str!("version_0_1_0/city.json");
/// The journal's segments had this size, which the configuration set.
const CONFIG: &str = "[journal]\nsegment_mib = 1\ndisk_mib_max = 16\n";
/// The size of a buffer of the decompressor. **Units**: bytes.
const BUFFER_BYTES: usize = 4_096;

/// The city that version 0.1.0 left behind.
struct EarlierCity {
    folder: Arc<TempDir>,
    config: TempDir,
    /// What version 0.1.0 knew and answered.
    known: Value,
    residents: Vec<LoadResident>,
    clock: Clock,
}

impl EarlierCity {
    /// Unpacks the folder. The clock shows the minute after the version's end.
    fn unpack() -> anyhow::Result<Self> {
        let packed = STANDARD.decode(FOLDER.lines().collect::<String>())?;
        let folder = tempfile::tempdir()?;
        tar::Archive::new(brotli::Decompressor::new(&packed[..], BUFFER_BYTES)).unpack(folder.path())?;
        let config = tempfile::tempdir()?;
        fs::write(config.path().join("gateway.toml"), CONFIG)?;
        let known: Value = serde_json::from_str(CITY)?;
        let people: Vec<RegistrationReply> = serde_json::from_value(known["people"].clone())?;
        let residents = people.into_iter().map(RegistrationReply::resident).collect::<anyhow::Result<_>>()?;
        let made: u64 = serde_json::from_value(known["made"].clone())?;
        let clock = Clock::at(Timestamp(made).plus_ms(60_000))?;
        Ok(Self { folder: Arc::new(folder), config, known, residents, clock })
    }

    fn data(&self) -> String {
        self.folder.path().display().to_string()
    }

    /// The options that name the configuration, then these.
    fn options<'a>(&self, config: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        [&["--config", config], more].concat()
    }

    fn config(&self) -> String {
        self.config.path().join("gateway.toml").display().to_string()
    }

    /// Runs `gateway upgrade`.
    fn upgrade(&self, more: &[&str]) -> anyhow::Result<std::process::Output> {
        let (data, config) = (self.data(), self.config());
        let arguments = [&["upgrade", "--data", &data], &self.options(&config, more)[..]].concat();
        Gateway::run(&arguments)
    }
}

/// The content of each file below a folder, by its path.
fn contents(folder: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(contents(&path)?);
        } else {
            files.insert(path.display().to_string(), fs::read(&path)?);
        }
    }
    Ok(files)
}

/// The visits of a trail as version 0.1.0 told them.
fn visits(trail: &Value) -> Vec<Value> {
    let told = ["id", "venue", "from", "to", "certainty"];
    let visits = trail["visits"].as_array().into_iter().flatten();
    visits.map(|visit| told.into_iter().map(|name| visit[name].clone()).collect()).collect()
}

/// The encounters of each contact, as version 0.1.0 told them.
fn encounters(answer: &Value) -> BTreeMap<String, Vec<Value>> {
    let told = ["venue", "from", "to", "overlap_s", "certainty"];
    let contacts = answer["contacts"].as_array().into_iter().flatten().map(|contact| {
        let encounters = contact["encounters"].as_array().into_iter().flatten();
        let encounters =
            encounters.map(|encounter| told.into_iter().map(|name| encounter[name].clone()).collect());
        (contact["person"].to_string(), encounters.collect())
    });
    contacts.collect()
}

/// A connection to a gateway that has taken the city over.
struct Successor<'a> {
    city: &'a EarlierCity,
    gateway: &'a Gateway,
    connection: ClientConnection,
}

impl<'a> Successor<'a> {
    async fn of(city: &'a EarlierCity, gateway: &'a Gateway) -> anyhow::Result<Self> {
        let connection = gateway.target()?.connect(Version::Http3).await?;
        Ok(Self { city, gateway, connection })
    }

    async fn traced(&mut self, path: &str) -> anyhow::Result<Value> {
        let (tracer, through) = (self.gateway.first_token("tracer")?, self.city.clock.now());
        let traced = async || send(&mut self.connection, "GET", path, &tracer, "").await?.json();
        eventually(traced, |traced| is_complete(traced, through)).await
    }

    async fn check_in(&mut self, resident: usize) -> anyhow::Result<TestReply> {
        let code = self.city.residents[resident].code(Step::of(self.city.clock.now()));
        let scan = json!({"venue": self.city.known["venues"][0]["poster"], "person": code}).to_string();
        send(&mut self.connection, "POST", "/v1/check-ins", "", scan).await
    }

    /// Checks that tracers, phones and the authority find what version 0.1.0 knew.
    async fn knows_the_city(&mut self) -> anyhow::Result<()> {
        let known = &self.city.known;
        let case = known["case"].as_str().context("a case")?;
        let trail = self.traced(&format!("/v1/cases/{case}/trail")).await?;
        assert_eq!(visits(&trail), visits(&known["trail"]));
        assert_eq!(visits(&trail).len(), 6);
        let found = encounters(&self.traced(&format!("/v1/cases/{case}/co-presence")).await?);
        assert_eq!(found, encounters(&known["co_presence"]));
        assert_eq!(found.len(), 2);

        // The three check-ins that only the journal had.
        let tracer = self.gateway.first_token("tracer")?;
        let now = self.city.clock.now();
        let about = json!({
            "person": known["people"][1]["person"], "purpose": "contact-tracing", "reference": "XC-2",
            "from": now.minus_ms(3 * 86_400_000), "to": now,
        });
        let opened = send(&mut self.connection, "POST", "/v1/cases", &tracer, about.to_string()).await?;
        let opened = opened.json()?["case"].as_str().context("a case was opened")?.to_owned();
        assert_eq!(visits(&self.traced(&format!("/v1/cases/{opened}/trail")).await?).len(), 7);
        // Both cases are listed, so the earlier one has its index.
        let listed = async || send(&mut self.connection, "GET", "/v1/cases", &tracer, "").await?.json();
        let listed =
            eventually(listed, |listed| listed["cases"].as_array().is_some_and(|all| all.len() == 2));
        let listed = listed.await?;
        assert!(listed["cases"].as_array().into_iter().flatten().any(|one| one["case"] == case), "{listed}");

        for (resident, colour) in [(0, "red"), (1, "green"), (2, "green")] {
            // Until the colour table is loaded each person is `unknown`.
            let shown = async || Ok(self.check_in(resident).await?.json()?["colour"].clone());
            eventually(shown, |shown| shown == colour).await?;
        }
        Ok(())
    }
}
