//! `gateway sunset`: ends a deployment, deletes its data and leaves a signed report that others can check.
//! The command may be killed anywhere and run again. A marker is on disk before anything is deleted: it keeps
//! gateways from starting there, and holds the report's content, which cannot be counted after the deletion.

mod data_folder;
mod inventory;
mod keyspace;
mod marker;
mod report;
mod signature;

pub use inventory::{AuditSummary, Inventory, JournalSummary, Keyspace, RemovedFile, StoreInventory};
pub use report::{Leftovers, SunsetReport};
pub use signature::{PublicKey, PublicKeyError};

use crate::config::Config;
use crate::{clock, deployment};
use anyhow::{Context as _, bail, ensure};
use data_folder::{DataFolder, FolderFiles};
use keyspace::CityKeyspace;
use marker::{SunsetMarker, SunsetStage};
use report::ReportFile;
use scangate_core::keys::Secret;
use scangate_core::time::Timestamp;
use scangate_storage::journal::{self, RealDisk};
use scangate_storage::registry::Registry;
use scangate_storage::trail::{BUCKETS, EmbeddedTrails};
use signature::SigningSeed;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A sunset to be run: the deployment, the report's path and the confirmation.
pub struct SunsetJob {
    /// The data folder, the store, and the secret if it is outside the folder.
    pub config: Config,
    /// The path of the report.
    pub report: PathBuf,
    /// The name that confirms the end. Without it nothing is changed.
    pub confirm: Option<String>,
}

/// The outcome of a sunset.
pub enum SunsetOutcome {
    /// Everything is deleted, and the report is written.
    Ended {
        /// The report.
        report: Box<SunsetReport>,
        /// The path of the report.
        path: PathBuf,
    },
    /// Nothing was changed: the confirmation is missing or wrong.
    Unconfirmed {
        /// The contents that would be deleted.
        inventory: Box<Inventory>,
        /// The name that would confirm it.
        name: String,
    },
}

/// Ends a deployment, or resumes its end. **Errors**: a gateway is running there, or the folder or keyspace
/// holds something that no gateway makes; nothing was changed then. After any other error, run it again.
pub fn end(job: &SunsetJob) -> anyhow::Result<SunsetOutcome> {
    let folder = DataFolder::open(&job.config.data)?;
    let place = ReportFile::outside(folder.path(), &job.report)?;
    if let Some(SunsetMarker { stage: SunsetStage::Ended { report }, .. }) =
        SunsetMarker::read(folder.path())?
    {
        return write_report(&report, &place);
    }
    place.ensure_free()?;
    if SunsetMarker::read(folder.path())?.is_none() {
        folder.ensure_made_by_gateway()?;
    }
    // The journal's lock covers the whole folder, as for a gateway.
    let disk = RealDisk::open(folder.path().join("journal"))
        .with_context(|| format!("{} cannot be ended: stop its gateway first", folder.path().display()))?;
    let marker = SunsetMarker::read(folder.path())?;
    let city = CityKeyspace::of(&job.config)?;
    let sunset = Sunset { job, folder, place, disk, city };
    match marker {
        None => sunset.begin(),
        Some(marker) => sunset.resume(marker),
    }
}

/// The public key that will sign the deployment's report. **Errors**: the secret cannot be read.
pub fn key(config: &Config) -> anyhow::Result<PublicKey> {
    SigningSeed::of(&deployment::existing_secret(&config.data, config.secret.as_deref())?).public_key()
}

/// Reads and verifies a report. Returns it with the key that signed it. **Errors**: the report was changed,
/// or `key` is given and did not sign it.
pub fn verify(path: &Path, key: Option<PublicKey>) -> anyhow::Result<(SunsetReport, PublicKey)> {
    let read = || -> anyhow::Result<(SunsetReport, PublicKey)> {
        let (report, signer) = SunsetReport::open(&fs::read_to_string(path)?)?;
        if let Some(key) = key {
            ensure!(signer == key, "it is signed by {signer} and not by {key}");
        }
        Ok((report, signer))
    };
    read().with_context(|| format!("{} is not valid", path.display()))
}

/// Writes the report of an ended deployment.
fn write_report(text: &str, place: &ReportFile) -> anyhow::Result<SunsetOutcome> {
    place.write(text)?;
    let (report, _) = SunsetReport::open(text).context("the report in the data folder")?;
    Ok(SunsetOutcome::Ended { report: Box::new(report), path: place.path().to_owned() })
}

/// Prints a line of progress.
fn report_progress(text: &str) {
    eprintln!("{text}");
}

/// A deployment that is being ended. Its folder is locked.
struct Sunset<'a> {
    job: &'a SunsetJob,
    folder: DataFolder,
    place: ReportFile,
    disk: RealDisk,
    /// The keyspace, if the configuration names one.
    city: Option<CityKeyspace>,
}

impl Sunset<'_> {
    /// Begins the sunset if it is confirmed.
    fn begin(self) -> anyhow::Result<SunsetOutcome> {
        self.ensure_store()?;
        let secret = self.secret()?;
        let city = self.existing_city()?;
        if let Some(city) = city {
            city.ensure_made_by_gateway()?;
            city.ensure_unserved(&secret, self.gateway()?)?;
        }
        // A keyspace that does not exist may be misspelt: its name confirms nothing.
        let name =
            city.map_or_else(|| self.folder.path().display().to_string(), |city| city.name().to_owned());
        if self.job.confirm.as_deref() != Some(&name) {
            return Ok(SunsetOutcome::Unconfirmed { inventory: Box::new(self.count(&secret)?), name });
        }
        let keyspace = self.city.as_ref().map(|city| city.name().to_owned());
        let marker = SunsetMarker { name, keyspace, begun: clock::now(), stage: SunsetStage::Begun };
        marker.write(self.folder.path())?;
        self.resume(marker)
    }

    /// Resumes at the marker's stage.
    fn resume(self, mut marker: SunsetMarker) -> anyhow::Result<SunsetOutcome> {
        self.ensure_same(&marker)?;
        if matches!(marker.stage, SunsetStage::Begun) {
            let secret = self.secret()?;
            self.close(&secret)?;
            report_progress("counting");
            marker.stage = SunsetStage::Counted {
                seed: SigningSeed::of(&secret),
                inventory: Box::new(self.count(&secret)?),
            };
            marker.write(self.folder.path())?;
        }
        match &marker.stage {
            SunsetStage::Begun => bail!("the stage is still `begun` after counting"),
            SunsetStage::Counted { seed, inventory } => {
                let report = self.delete(marker.begun, (**inventory).clone())?;
                let text = seed.sign(report.body()?)?;
                marker.stage = SunsetStage::Ended { report: text.clone() };
                marker.replace_erasing(self.folder.path())?;
                write_report(&text, &self.place)
            }
            SunsetStage::Ended { report } => write_report(report, &self.place),
        }
    }

    /// Checks that the command names the same stores and confirmation as the sunset that it resumes.
    fn ensure_same(&self, marker: &SunsetMarker) -> anyhow::Result<()> {
        let keyspace = self.city.as_ref().map(CityKeyspace::name);
        if marker.keyspace.as_deref() != keyspace {
            match &marker.keyspace {
                Some(keyspace) => bail!("this sunset began with keyspace {keyspace}: name it by --store"),
                None => bail!("this sunset began with embedded stores: leave --store out"),
            }
        }
        let name = &marker.name;
        ensure!(
            self.job.confirm.as_ref() == Some(name),
            "this sunset began {}; to resume it, confirm with --confirm {name}",
            marker.begun
        );
        Ok(())
    }

    /// Checks that `--store` names the deployment's stores, and that no other city still needs the secret in
    /// the folder.
    fn ensure_store(&self) -> anyhow::Result<()> {
        let (folder, shown) = (&self.folder, self.folder.path().display());
        if self.city.is_some() {
            return Ok(());
        }
        ensure!(
            folder.part("registry").is_some() || folder.part("snapshot").is_none(),
            "the gateway of {shown} has its stores on a cluster: name it by --store"
        );
        let is_secret_elsewhere = self.job.config.secret.is_some();
        ensure!(
            folder.part(deployment::COPY_PROGRESS).is_none() || is_secret_elsewhere,
            "{shown} was copied to a cluster, whose city may still use the secret in the folder: move the secret \
             elsewhere, and name it by --secret"
        );
        Ok(())
    }

    fn secret(&self) -> anyhow::Result<Secret> {
        deployment::existing_secret(self.folder.path(), self.job.config.secret.as_deref())
    }

    /// The number of the folder's own gateway.
    fn gateway(&self) -> anyhow::Result<Option<u64>> {
        deployment::existing_gateway_number(self.folder.path())
    }

    /// The keyspace, if it exists.
    fn existing_city(&self) -> anyhow::Result<Option<&CityKeyspace>> {
        let Some(city) = &self.city else { return Ok(None) };
        Ok(city.is_there()?.then_some(city))
    }

    /// Closes the city to gateways. Opens it again if a gateway joined in the meantime.
    fn close(&self, secret: &Secret) -> anyhow::Result<()> {
        let Some(city) = self.existing_city()? else { return Ok(()) };
        city.close()?;
        if let Err(error) = city.ensure_unserved(secret, self.gateway()?) {
            city.reopen()?;
            SunsetMarker::remove(self.folder.path())?;
            return Err(error);
        }
        Ok(())
    }

    /// Counts the contents without changing them.
    fn count(&self, secret: &Secret) -> anyhow::Result<Inventory> {
        let mut held = Vec::new();
        let city = self.existing_city()?;
        if let Some(city) = city {
            held.push(city.count(secret)?);
        }
        held.extend(self.count_embedded(secret)?);
        let found = journal::inspect(&self.disk)?;
        // Files are listed last, when the stores are closed again.
        let FolderFiles { files, links } = self.folder.files()?;
        Ok(Inventory {
            folder: self.folder.name(),
            keyspace: city.map(CityKeyspace::describe).transpose()?,
            held,
            journal: JournalSummary {
                records: found.end.0,
                undrained: found.end.0.saturating_sub(found.checkpoint.0),
            },
            files,
            links,
            elsewhere: self.elsewhere(),
        })
    }

    /// Counts the stores in the folder. A deployment that was copied to a cluster still has them.
    fn count_embedded(&self, secret: &Secret) -> anyhow::Result<Option<StoreInventory>> {
        let Some(registry) = self.folder.part("registry") else { return Ok(None) };
        deployment::FolderFormat::ensure_known(self.folder.path())?;
        let check_ins = match self.folder.part("trails") {
            Some(trails) => EmbeddedTrails::open(&trails, BUCKETS)?.count()?,
            None => BTreeMap::new(),
        };
        Ok(Some(StoreInventory::count("embedded", &Registry::embedded(&registry, secret)?, check_ins)?))
    }

    /// The files outside the folder that the configuration names.
    fn elsewhere(&self) -> Vec<String> {
        let Config { secret, certificate, key, .. } = &self.job.config;
        let named = [("secret", secret), ("certificate", certificate), ("key", key)];
        let is_outside =
            |path: &PathBuf| path.canonicalize().is_ok_and(|path| !path.starts_with(self.folder.path()));
        named
            .into_iter()
            .filter(|(_, path)| path.as_ref().is_some_and(is_outside))
            .map(|(what, _)| what.to_owned())
            .collect()
    }

    /// Deletes everything and checks that nothing is left. **Errors**: something is left.
    fn delete(&self, begun: Timestamp, inventory: Inventory) -> anyhow::Result<SunsetReport> {
        if let Some(city) = &self.city {
            report_progress(&format!("dropping keyspace {}", city.name()));
            city.drop_all()?;
        }
        report_progress(&format!("emptying {}", self.folder.path().display()));
        self.folder.clear()?;
        report_progress("checking that nothing is left");
        let files = self.folder.files()?.files.into_iter().map(|file| file.name).collect();
        let tables = self.city.as_ref().map(CityKeyspace::tables).transpose()?.unwrap_or_default();
        let found = Leftovers { files, tables };
        ensure!(
            found.is_nothing(),
            "after the deletion these are left: {}; run it again",
            [&found.files[..], &found.tables].concat().join(", ")
        );
        Ok(SunsetReport::new(begun, clock::now(), inventory, found))
    }
}

#[cfg(test)]
mod tests;
