//! The data folder: the room on its disk, the time of a sync, the secret, and the certificate.

use super::finding::DoctorFinding;
use super::running::NeighbourGateway;
use scangate_core::text::OneLine;
use scangate_core::time::HOUR_MS;
use scangate_gateway::clock;
use scangate_gateway::config::Config;
use scangate_gateway::deployment::{
    CertificateFault, DiskRoom, Identity, ensure_not_ended, existing_secret, nearest_folder,
};
use scangate_gateway::ops::backup::last::{BACKUP_AGE_MS_MAX, unsaved_since};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

/// Syncs that are timed.
const SYNCS: u32 = 20;
/// The mean time of a sync from which answers are slow. **Units**: milliseconds.
const SYNC_MS_MAX: f64 = 10.0;
/// Bytes of a write that is synced: a page, as the journal's smallest group.
const WRITE_BYTES: usize = 4_096;
/// The share of the disk that should stay free for the stores and the system. **Units**: percent.
const FREE_PERCENT_MIN: u64 = 10;

/// All of it.
pub(super) fn examine(config: &Config, neighbour: Option<&NeighbourGateway>) -> Vec<DoctorFinding> {
    if let Err(error) = ensure_not_ended(&config.data) {
        return vec![DoctorFinding::error("secret", error.to_string())];
    }
    let mut findings = vec![sync(&config.data), room(config), secret(config, neighbour), backup(config)];
    findings.extend(certificate(config));
    findings
}

fn sync(data: &Path) -> DoctorFinding {
    let timed = (|| -> anyhow::Result<f64> {
        let path = nearest_folder(data)?.join(format!(".scangate-doctor-{}", std::process::id()));
        let mut file = File::create(&path)?;
        // The file has no name from here on, so nothing is left behind.
        fs::remove_file(&path)?;
        let began = Instant::now();
        for _ in 0..SYNCS {
            file.write_all(&[0; WRITE_BYTES])?;
            file.sync_data()?;
        }
        Ok(began.elapsed().as_secs_f64() * 1e3 / f64::from(SYNCS))
    })();
    let data = data.display();
    match timed {
        Ok(ms) if ms < SYNC_MS_MAX => {
            DoctorFinding::ok("disk-slow", format!("a sync in {data} takes {ms:.2} ms"))
        }
        Ok(ms) => DoctorFinding::warning(
            "disk-slow",
            format!("a sync in {data} takes {ms:.0} ms: answers wait as long"),
        ),
        Err(error) => DoctorFinding::error("disk-slow", format!("{data}: {}", OneLine(error.as_ref()))),
    }
}

/// Compares the free space with what the journal may still take.
fn room(config: &Config) -> DoctorFinding {
    const PAGE: &str = "disk-room";
    let data = config.data.display();
    let DiskRoom { all_mib, free_mib, journal_mib } = match DiskRoom::of(&config.data) {
        Ok(room) => room,
        Err(error) => return DoctorFinding::error(PAGE, format!("{data}: {}", OneLine(error.as_ref()))),
    };
    let more_mib = u64::from(config.journal.disk_mib_max).saturating_sub(journal_mib);
    let told =
        format!("the disk of {data} has {free_mib} MiB free, of which the journal may take {more_mib}");
    if free_mib < more_mib {
        DoctorFinding::error(PAGE, told)
    } else if (free_mib - more_mib) * 100 < all_mib * FREE_PERCENT_MIN {
        DoctorFinding::warning(PAGE, told)
    } else {
        DoctorFinding::ok(PAGE, told)
    }
}

fn secret(config: &Config, neighbour: Option<&NeighbourGateway>) -> DoctorFinding {
    const PAGE: &str = "secret";
    let named = config.secret.as_deref();
    if named.is_none() && neighbour.is_none() && !config.data.join("secret").exists() {
        return DoctorFinding::ok(PAGE, "the first start makes the deployment's secret");
    }
    match existing_secret(&config.data, named) {
        Ok(_) => DoctorFinding::ok(PAGE, "the deployment's secret can be read"),
        Err(error) => DoctorFinding::error(PAGE, OneLine(error.as_ref()).to_string()),
    }
}

/// Tells the age of the last backup.
fn backup(config: &Config) -> DoctorFinding {
    const PAGE: &str = "backup-old";
    let Some(since) = unsaved_since(&config.data) else {
        return DoctorFinding::ok(PAGE, "no deployment here needs a backup yet");
    };
    let age_ms = clock::now().since_ms(since);
    let (data, hours) = (config.data.display(), age_ms / HOUR_MS);
    let told = format!("{data} has changes of the last {hours} hours that no backup has");
    if age_ms > BACKUP_AGE_MS_MAX {
        DoctorFinding::warning(PAGE, told)
    } else {
        DoctorFinding::ok(PAGE, told)
    }
}

/// Checks the certificate, one finding for each fault. A development certificate that does not exist yet is
/// made by the first start.
fn certificate(config: &Config) -> Vec<DoctorFinding> {
    const PAGE: &str = "certificate";
    if config.certificate.is_none() && !config.data.join("certificate.pem").exists() {
        return vec![DoctorFinding::ok(PAGE, "the first start makes a certificate for development")];
    }
    let identity = match Identity::of(config) {
        Ok(identity) => identity,
        Err(error) => {
            return vec![DoctorFinding::error(PAGE, format!("the certificate: {}", OneLine(error.as_ref())))];
        }
    };
    let (file, expires) = (identity.file().display(), identity.leaf_expires());
    let finding = |fault| match fault {
        CertificateFault::ExpiresSoon(_) => DoctorFinding::warning(PAGE, format!("{file}: {fault}")),
        CertificateFault::Early(_)
        | CertificateFault::Expired(_)
        | CertificateFault::Uncovered(_)
        | CertificateFault::Unsigned(_) => DoctorFinding::error(PAGE, format!("{file}: {fault}")),
    };
    let findings: Vec<_> = identity.faults(clock::now()).into_iter().map(finding).collect();
    if findings.is_empty() {
        let text = format!("{file} is valid until {expires}, for every configured host");
        return vec![DoctorFinding::ok(PAGE, text)];
    }
    findings
}
