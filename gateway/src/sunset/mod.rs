//! Sunset: a deployment is ended, all that it holds deleted, and a signed report left that others can check. It may
//! be killed anywhere and run again. Before anything is deleted a marker is on disk, by which no gateway starts there
//! any more; what the report says is in it, since what is deleted can be counted no more.

mod data_folder;
mod inventory;
mod keyspace;
mod marker;
mod report;
mod signature;

pub use inventory::{AuditHeld, Before, Held, JournalHeld, Keyspace, RemovedFile};
pub use report::{Found, Report};
pub use signature::{NoKey, PublicKey};

use crate::config::Config;
use crate::{clock, deployment};
use anyhow::{Context as _, bail, ensure};
use data_folder::{Files, Folder};
use keyspace::City;
use marker::{Marker, Stage};
use report::Place;
use scangate_core::keys::Secret;
use scangate_core::time::Timestamp;
use scangate_storage::journal::{self, RealDisk};
use scangate_storage::registry::Registry;
use scangate_storage::trail::{BUCKETS, EmbeddedTrails};
use signature::Seed;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What is to be ended.
pub struct Order {
    /// The data folder, the store, and the secret where it lies elsewhere.
    pub config: Config,
    /// Where the report goes.
    pub report: PathBuf,
    /// The name that says it is meant: nothing is touched without it.
    pub confirm: Option<String>,
}

/// What came of it.
pub enum Outcome {
    /// All is deleted, and the report written.
    Ended {
        /// The report.
        report: Box<Report>,
        /// Where it is.
        path: PathBuf,
    },
    /// Nothing was touched, for want of this name.
    Unconfirmed {
        /// What would be deleted.
        before: Box<Before>,
        /// The name.
        name: String,
    },
}

/// Ends a deployment, or goes on doing so. **Errors**: a gateway is at work there, or something is there that no
/// gateway makes: nothing was touched then. Anything else: run it again.
pub fn end(order: &Order) -> anyhow::Result<Outcome> {
    let folder = Folder::open(&order.config.data)?;
    let place = Place::outside(folder.path(), &order.report)?;
    if let Some(Marker { stage: Stage::Ended { report }, .. }) = Marker::read(folder.path())? {
        return hand_over(&report, &place);
    }
    place.ensure_free()?;
    if Marker::read(folder.path())?.is_none() {
        folder.ensure_gateways()?;
    }
    // The lock on the journal is the one on the whole folder, as for a gateway.
    let disk = RealDisk::open(folder.path().join("journal"))
        .with_context(|| format!("{} cannot be ended: stop its gateway first", folder.path().display()))?;
    let marker = Marker::read(folder.path())?;
    let city = City::of(&order.config)?;
    let sunset = Sunset { order, folder, place, disk, city };
    match marker {
        None => sunset.begin(),
        Some(marker) => sunset.go_on(marker),
    }
}

/// The key by which the report of this deployment will be signed.
pub fn key(config: &Config) -> anyhow::Result<PublicKey> {
    Seed::of(&deployment::existing_secret(&config.data, config.secret.as_deref())?).public_key()
}

/// Reads a report and says by which key it is signed. **Errors**: it was changed; it is not signed by `key`, where
/// one is given.
pub fn verify(path: &Path, key: Option<PublicKey>) -> anyhow::Result<(Report, PublicKey)> {
    let read = || -> anyhow::Result<(Report, PublicKey)> {
        let (report, signer) = Report::open(&fs::read_to_string(path)?)?;
        if let Some(key) = key {
            ensure!(signer == key, "it is signed by {signer} and not by {key}");
        }
        Ok((report, signer))
    };
    read().with_context(|| format!("{} does not hold", path.display()))
}

/// Writes the report of what has ended.
fn hand_over(text: &str, place: &Place) -> anyhow::Result<Outcome> {
    place.write(text)?;
    let (report, _) = Report::open(text).context("the report in the data folder")?;
    Ok(Outcome::Ended { report: Box::new(report), path: place.path().to_owned() })
}

/// Says how far it is.
fn say(text: &str) {
    eprintln!("{text}");
}

/// A deployment that is being ended. Its folder is held.
struct Sunset<'a> {
    order: &'a Order,
    folder: Folder,
    place: Place,
    disk: RealDisk,
    /// The keyspace, where the configuration names one.
    city: Option<City>,
}

impl Sunset<'_> {
    /// Begins, where that is confirmed.
    fn begin(self) -> anyhow::Result<Outcome> {
        self.ensure_store()?;
        let secret = self.secret()?;
        let city = self.city_there()?;
        if let Some(city) = city {
            city.ensure_gateways()?;
            city.ensure_nobody_serves(&secret, self.gateway()?)?;
        }
        // A keyspace that is not there may be one that was misspelt: its name confirms nothing.
        let name =
            city.map_or_else(|| self.folder.path().display().to_string(), |city| city.name().to_owned());
        if self.order.confirm.as_deref() != Some(&name) {
            return Ok(Outcome::Unconfirmed { before: Box::new(self.count(&secret)?), name });
        }
        let keyspace = self.city.as_ref().map(|city| city.name().to_owned());
        let marker = Marker { name, keyspace, begun: clock::now(), stage: Stage::Begun };
        marker.write(self.folder.path())?;
        self.go_on(marker)
    }

    /// Goes on where the marker says that it is.
    fn go_on(self, mut marker: Marker) -> anyhow::Result<Outcome> {
        self.ensure_same(&marker)?;
        if matches!(marker.stage, Stage::Begun) {
            let secret = self.secret()?;
            self.close(&secret)?;
            say("counting what there is");
            marker.stage = Stage::Counted { seed: Seed::of(&secret), before: Box::new(self.count(&secret)?) };
            marker.write(self.folder.path())?;
        }
        match &marker.stage {
            Stage::Begun => bail!("it was counted just now"),
            Stage::Counted { seed, before } => {
                let report = self.delete(marker.begun, (**before).clone())?;
                let text = seed.sign(report.body()?)?;
                marker.stage = Stage::Ended { report: text.clone() };
                marker.write_over(self.folder.path())?;
                hand_over(&text, &self.place)
            }
            Stage::Ended { report } => hand_over(report, &self.place),
        }
    }

    /// Finds out that what was begun is what is gone on with.
    fn ensure_same(&self, marker: &Marker) -> anyhow::Result<()> {
        let keyspace = self.city.as_ref().map(City::name);
        if marker.keyspace.as_deref() != keyspace {
            match &marker.keyspace {
                Some(keyspace) => bail!("this end began with keyspace {keyspace}: name it by --store"),
                None => bail!("this end began with the stores in the folder: leave --store out"),
            }
        }
        let name = &marker.name;
        ensure!(
            self.order.confirm.as_ref() == Some(name),
            "this end began {}; to go on with it confirm it by --confirm {name}",
            marker.begun
        );
        Ok(())
    }

    /// Finds out that the stores are where they are looked for, and that the secret is not another's still.
    fn ensure_store(&self) -> anyhow::Result<()> {
        let (folder, shown) = (&self.folder, self.folder.path().display());
        if self.city.is_some() {
            return Ok(());
        }
        ensure!(
            folder.part("registry").is_some() || folder.part("snapshot").is_none(),
            "the gateway of {shown} has its stores on a cluster: name it by --store"
        );
        let is_secret_elsewhere = self.order.config.secret.is_some();
        ensure!(
            folder.part(deployment::COPY_PROGRESS).is_none() || is_secret_elsewhere,
            "{shown} was copied to a cluster, whose city may live by the secret in it: put that elsewhere, and name \
             it by --secret"
        );
        Ok(())
    }

    fn secret(&self) -> anyhow::Result<Secret> {
        deployment::existing_secret(self.folder.path(), self.order.config.secret.as_deref())
    }

    /// The number of the folder's own gateway.
    fn gateway(&self) -> anyhow::Result<Option<u64>> {
        deployment::existing_gateway_number(self.folder.path())
    }

    /// The keyspace, where it is there.
    fn city_there(&self) -> anyhow::Result<Option<&City>> {
        let Some(city) = &self.city else { return Ok(None) };
        Ok(city.is_there()?.then_some(city))
    }

    /// Closes the city to gateways. One that came in a moment ago has it opened again.
    fn close(&self, secret: &Secret) -> anyhow::Result<()> {
        let Some(city) = self.city_there()? else { return Ok(()) };
        city.close()?;
        if let Err(error) = city.ensure_nobody_serves(secret, self.gateway()?) {
            city.open_again()?;
            Marker::take_back(self.folder.path())?;
            return Err(error);
        }
        Ok(())
    }

    /// Counts what there is. Nothing of it is changed.
    fn count(&self, secret: &Secret) -> anyhow::Result<Before> {
        let mut held = Vec::new();
        let city = self.city_there()?;
        if let Some(city) = city {
            held.push(city.count(secret)?);
        }
        held.extend(self.count_embedded(secret)?);
        let found = journal::inspect(&self.disk)?;
        // Last, when nobody has the stores open any more.
        let Files { files, links } = self.folder.files()?;
        Ok(Before {
            folder: self.folder.name(),
            keyspace: city.map(City::describe).transpose()?,
            held,
            journal: JournalHeld {
                records: found.end.0,
                undrained: found.end.0.saturating_sub(found.checkpoint.0),
            },
            files,
            links,
            elsewhere: self.elsewhere(),
        })
    }

    /// Counts the stores in the folder: those of a deployment that moved to a cluster are still there.
    fn count_embedded(&self, secret: &Secret) -> anyhow::Result<Option<Held>> {
        let Some(registry) = self.folder.part("registry") else { return Ok(None) };
        let check_ins = match self.folder.part("trails") {
            Some(trails) => EmbeddedTrails::open(&trails, BUCKETS)?.count()?,
            None => BTreeMap::new(),
        };
        Held::count("embedded", &Registry::embedded(&registry, secret)?, check_ins).map(Some)
    }

    /// What the configuration names outside the folder.
    fn elsewhere(&self) -> Vec<String> {
        let Config { secret, certificate, key, .. } = &self.order.config;
        let named = [("secret", secret), ("certificate", certificate), ("key", key)];
        let is_outside =
            |path: &PathBuf| path.canonicalize().is_ok_and(|path| !path.starts_with(self.folder.path()));
        named
            .into_iter()
            .filter(|(_, path)| path.as_ref().is_some_and(is_outside))
            .map(|(what, _)| what.to_owned())
            .collect()
    }

    /// Deletes everything, and looks again. **Errors**: something is left.
    fn delete(&self, begun: Timestamp, before: Before) -> anyhow::Result<Report> {
        if let Some(city) = &self.city {
            say(&format!("dropping keyspace {}", city.name()));
            city.drop_all()?;
        }
        say(&format!("emptying {}", self.folder.path().display()));
        self.folder.clear()?;
        say("looking again");
        let files = self.folder.files()?.files.into_iter().map(|file| file.name).collect();
        let tables = self.city.as_ref().map(City::tables).transpose()?.unwrap_or_default();
        let found = Found { files, tables };
        ensure!(
            found.is_nothing(),
            "{} is there after all was deleted: run it again",
            [&found.files[..], &found.tables].concat().join(", ")
        );
        Ok(Report::new(begun, clock::now(), before, found))
    }
}

#[cfg(test)]
mod tests;
