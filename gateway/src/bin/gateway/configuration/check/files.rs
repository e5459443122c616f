//! The files that a configuration names: each is opened as a start would open it.

use super::{CheckFinding, at};
use scangate_core::keys::{SECRET_BYTES_MIN, Secret};
use scangate_core::text::OneLine;
use scangate_gateway::clock;
use scangate_gateway::config::{Config, EffectiveConfig, StoreLocation};
use scangate_gateway::deployment::{self, Identity, store};
use scangate_gateway::office::registration::providers::Providers;
use scangate_storage::cql::Schema;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// The permissions of users who are neither the owner nor in the group. Kubernetes mounts a secret for its
/// group.
const OTHERS: u32 = 0o007;

/// All files.
pub(super) fn examine(effective: &EffectiveConfig) -> Vec<CheckFinding> {
    let config = &effective.config;
    let mut findings = certificate(effective);
    findings.extend(secret(effective));
    let broken = [deployment::ensure_not_ended(&config.data), deployment::ensure_whole(config)];
    let broken = broken.into_iter().filter_map(Result::err);
    findings.extend(
        broken.map(|error| CheckFinding::Error(at(effective, "data", OneLine(error.as_ref()).to_string()))),
    );
    if let Some(Err(error)) = config.policy.as_deref().map(deployment::policy) {
        findings.extend(
            OneLine(error.as_ref())
                .to_string()
                .lines()
                .map(|line| CheckFinding::Error(at(effective, "policy", line))),
        );
    }
    findings.extend(
        config.city.shown().err().map(|error| CheckFinding::Error(at(effective, "city.mark", error))),
    );
    findings.extend(cluster(effective));
    if let Err(error) = Providers::new(&config.registration) {
        let key = "registration.webhook_token";
        findings.push(CheckFinding::Error(at(effective, key, OneLine(error.as_ref()).to_string())));
    }
    findings
}

/// A certificate that clients may refuse is only a warning, because the gateway starts with it. A service
/// manager that runs this before a start would keep the doors shut.
fn certificate(effective: &EffectiveConfig) -> Vec<CheckFinding> {
    if effective.config.certificate.is_none() {
        return Vec::new();
    }
    match Identity::of(&effective.config) {
        Ok(identity) => {
            let faults = identity.faults(clock::now()).into_iter();
            let told = |fault| format!("{}: {fault}", identity.file().display());
            faults.map(|fault| CheckFinding::Warning(at(effective, "certificate", told(fault)))).collect()
        }
        Err(error) => {
            vec![CheckFinding::Error(at(effective, "certificate", OneLine(error.as_ref()).to_string()))]
        }
    }
}

fn secret(effective: &EffectiveConfig) -> Option<CheckFinding> {
    let path = effective.config.secret.as_deref()?;
    let shown = path.display();
    let error = |why: String| Some(CheckFinding::Error(at(effective, "secret", format!("{shown}: {why}"))));
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            return error(format!(
                "there is no such file: `openssl rand -out {shown} {SECRET_BYTES_MIN}` makes the secret of a new \
                 deployment; all gateways of a city share one"
            ));
        }
        Err(cause) => return error(cause.to_string()),
    };
    if Secret::new(&bytes).is_err() {
        return error(format!(
            "it has {} bytes, and a secret has {SECRET_BYTES_MIN} random bytes or more",
            bytes.len()
        ));
    }
    let mode = mode_of(path)?;
    (mode & OTHERS != 0).then(|| {
        let text = format!("{shown}: every user may read it (mode {mode:03o}): `chmod 600 {shown}`");
        CheckFinding::Warning(at(effective, "secret", text))
    })
}

fn mode_of(path: &Path) -> Option<u32> {
    fs::metadata(path).ok().map(|file| file.permissions().mode() & 0o777)
}

/// The login and the authority of a cluster. With the embedded store neither is used.
fn cluster(effective: &EffectiveConfig) -> Vec<CheckFinding> {
    let Config { store, cql, .. } = &effective.config;
    match store {
        StoreLocation::Cql(address) => {
            let opened = store::cluster(address, cql, Schema::Leave).err();
            opened
                .map(|error| CheckFinding::Error(at(effective, "store", OneLine(error.as_ref()).to_string())))
                .into_iter()
                .collect()
        }
        StoreLocation::Embedded => {
            let set = [("cql.login", &cql.login), ("cql.authority", &cql.authority)];
            let set = set.into_iter().filter(|(_, path)| path.is_some());
            set.map(|(key, _)| {
                CheckFinding::Warning(at(effective, key, "the embedded store does not use it"))
            })
            .collect()
        }
    }
}
