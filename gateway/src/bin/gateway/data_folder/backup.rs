//! `gateway backup` and `gateway restore`.

use clap::Args;
use scangate_gateway::config::{ConfigSources, LogSetting, StoreLocation};
use scangate_gateway::ops::backup::request::{self, BackupJob, BackupOrigin, SecretPlace, TakenBackup};
use scangate_gateway::ops::backup::restore::{self, RestoreJob, RestoredFolder, Verification};
use scangate_gateway::ops::telemetry;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct BackupOptions {
    /// The data folder, whether or not a gateway runs on it [default: data].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The backup's file, or a folder in which to make one that is named after the time.
    #[arg(long, value_name = "FILE|DIR")]
    to: PathBuf,
    /// The file of the deployment's secret [default: `secret` in the data folder].
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
    /// Writes the secret to this new file too. A backup never holds it.
    #[arg(long, value_name = "FILE")]
    secret_to: Option<PathBuf>,
    /// The configuration file, for its data folder, secret and store.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The store of trails and registry, if no gateway runs: `embedded`, or
    /// `cql://HOST[:PORT][,HOST…]/KEYSPACE` [default: embedded].
    #[arg(long, value_name = "STORE")]
    store: Option<StoreLocation>,
}

#[derive(Args)]
pub(crate) struct RestoreOptions {
    /// The backup's file, or a folder of which to take the newest backup.
    #[arg(long, value_name = "FILE|DIR")]
    from: PathBuf,
    /// The data folder, which must be empty.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The file of the deployment's secret, which is copied to the data folder.
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
    /// Reads everything back and compares it with the backup's list.
    #[arg(long)]
    verify: bool,
}

/// Takes a backup.
pub(crate) fn backup(options: BackupOptions) -> anyhow::Result<()> {
    telemetry::start_logs(&LogSetting::default())?;
    let BackupOptions { data, to, secret, secret_to, config, store } = options;
    let sources = ConfigSources::of_process(config)
        .with("--data", "data", data.as_deref().map(Path::display))
        .with("--store", "store", store.as_ref())
        .with("--secret", "secret", secret.as_deref().map(Path::display));
    let config = sources.read()?.config;
    let TakenBackup { path, origin, head, manifest, secret } =
        request::backup(&BackupJob { config, to, secret_to })?;
    let by = match origin {
        BackupOrigin::Running => "from the running gateway",
        BackupOrigin::Stopped => "from the folder; no gateway runs on it",
    };
    println!("backup      {} {by}\n{head}\n{manifest}", path.display());
    if head.store != StoreLocation::Embedded.to_string() {
        println!("Registry and trails are on {}: keep them by snapshots there.", head.store);
    }
    match secret {
        SecretPlace::Written(file) => {
            println!("The secret is in {}: keep it apart from the backup.", file.display())
        }
        SecretPlace::At(file) => {
            println!(
                "The secret is in {}: keep a copy apart, the backup is useless without it.",
                file.display()
            );
        }
        SecretPlace::Elsewhere(file) => {
            println!(
                "The secret is not in {}: keep a copy of it, the backup is useless without it.",
                file.display()
            );
        }
    }
    Ok(())
}

/// Restores a backup.
pub(crate) fn restore(options: RestoreOptions) -> anyhow::Result<()> {
    telemetry::start_logs(&LogSetting::default())?;
    let RestoreOptions { from, data, secret, verify } = options;
    let verification = if verify { Verification::ReadBack } else { Verification::Skip };
    let has_secret = secret.is_some();
    let job = RestoreJob { from, data, secret, verification };
    let RestoredFolder { from, head, manifest, comparison } = restore::restore(&job)?;
    println!("restored    {} to {}\n{head}\n{manifest}", from.display(), job.data.display());
    if let Some(comparison) = comparison {
        println!("{comparison}");
    }
    if !has_secret {
        println!(
            "The secret is missing: copy it to {}, or name it with --secret when the gateway starts.",
            job.data.join("secret").display()
        );
    }
    Ok(())
}
