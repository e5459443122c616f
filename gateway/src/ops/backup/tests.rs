//! Backups of stopped folders, and backups that broke on their way.

use super::control::{self, BackupDesk, CONTROL_SOCKET};
use super::fingerprint;
use super::frame::{self, ArchiveFrameKind};
use super::request::{BackupJob, BackupOrigin, SecretPlace, TakenBackup, backup};
use super::restore::{RestoreJob, RestoredFolder, Verification, restore};
use crate::config::Config;
use crate::deployment::{RESTORE_MARKER, ensure_restored, gateway_number, secret};
use crate::serve::life::phase::Phase;
use scangate_core::check_in::{CheckIn, Direction, Mode};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::keys::Secret;
use scangate_core::time::{HOUR_MS, Timestamp};
use scangate_storage::journal::{Journal, JournalConfig, JournalRebuild, RealDisk, Sequence};
use scangate_storage::registry::Registry;
use scangate_storage::trail::{BUCKETS, EmbeddedTrails, TrailStore as _};
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// Check-ins of the folder: the first half is in the trails, the rest in the journal.
const CHECK_INS: u64 = 40;
const CHECKPOINT: u64 = 20;

fn check_in(number: u64) -> CheckIn {
    CheckIn {
        id: CheckInId([u8::try_from(number).unwrap(); 16]),
        person: PersonId(number % 5),
        venue: VenueId(100 + number % 3),
        at: Timestamp(1_641_283_200_000 + number * HOUR_MS),
        direction: Direction::In,
        mode: Mode::Door,
        outcome: None,
    }
}

/// The data folder of a gateway that was stopped.
struct Folder {
    root: TempDir,
}

impl Folder {
    fn new() -> Self {
        let folder = Self { root: tempfile::tempdir().unwrap() };
        let data = folder.data();
        fs::create_dir(&data).unwrap();
        let secret = secret(&data, None).unwrap();
        gateway_number(&data).unwrap();
        fs::write(data.join("certificate.pem"), vec![b'x'; 3 << 20]).unwrap();
        let check_ins: Vec<CheckIn> = (0..CHECK_INS).map(check_in).collect();
        let trails = EmbeddedTrails::open(&data.join("trails"), BUCKETS).unwrap();
        trails.write(&check_ins[..20]).unwrap();
        Registry::embedded(&data.join("registry"), &secret).unwrap().report_drained(7, Timestamp(9)).unwrap();
        let mut journal = JournalRebuild::create(&data.join("journal")).unwrap();
        journal.push(Sequence(0), &check_ins).unwrap();
        journal.finish(Sequence(CHECKPOINT), Sequence(CHECK_INS)).unwrap();
        folder
    }

    fn data(&self) -> PathBuf {
        self.path("data")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn backup(&self, secret_to: Option<&str>) -> anyhow::Result<TakenBackup> {
        let config = Config { data: self.data(), ..Config::default() };
        let secret_to = secret_to.map(|name| self.path(name));
        backup(&BackupJob { config, to: self.path("city.backup"), secret_to })
    }

    fn restore(&self, secret: Option<&str>) -> anyhow::Result<RestoredFolder> {
        restore(&RestoreJob {
            from: self.path("city.backup"),
            data: self.path("restored"),
            secret: secret.map(|name| self.path(name)),
            verification: Verification::ReadBack,
        })
    }

    /// The names beside the data folder.
    fn beside(&self) -> Vec<String> {
        names(self.root.path())
    }

    fn restored_names(&self) -> Vec<String> {
        names(&self.path("restored"))
    }
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

fn recovered(data: &Path) -> (u64, u64, Vec<CheckIn>) {
    let config = JournalConfig {
        segment_bytes: 1 << 16,
        disk_bytes_max: 1 << 20,
        lane_records: 16,
        recent_since: Timestamp(0),
    };
    let disk = Arc::new(RealDisk::open(data.join("journal")).unwrap());
    let (_journal, _lanes, recovered) = Journal::open(&config, disk, vec![Box::new(|| {})]).unwrap();
    (recovered.checkpoint.0, recovered.end.0, recovered.recent)
}

#[test]
fn a_stopped_folder_is_restored_with_its_backlog() {
    let folder = Folder::new();
    let taken = folder.backup(Some("apart")).unwrap();
    assert_eq!(
        (taken.origin, taken.secret),
        (BackupOrigin::Stopped, SecretPlace::Written(folder.path("apart")))
    );
    assert_eq!(
        (taken.manifest.checkpoint, taken.manifest.mark, taken.manifest.damaged),
        (CHECKPOINT, CHECK_INS, 0)
    );
    for name in ["city.backup", "apart"] {
        assert_eq!(fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    let own = fs::read(folder.data().join("secret")).unwrap();
    let archive = fs::read(folder.path("city.backup")).unwrap();
    assert!(!archive.windows(own.len()).any(|bytes| bytes == own), "the secret is in the backup");
    let restored = folder.restore(Some("apart")).unwrap();
    let comparison = restored.comparison.unwrap();
    assert_eq!((comparison.check_ins, comparison.records, comparison.mark), (20, 20, CHECK_INS));
    let data = folder.path("restored");
    for name in ["gateway", "certificate.pem", "secret"] {
        assert_eq!(fs::read(data.join(name)).unwrap(), fs::read(folder.data().join(name)).unwrap(), "{name}");
    }
    let backlog: Vec<CheckIn> = (CHECKPOINT..CHECK_INS).map(check_in).collect();
    assert_eq!(recovered(&data), (CHECKPOINT, CHECK_INS, backlog));
    let registry = Registry::embedded(&data.join("registry"), &Secret::new(&own).unwrap()).unwrap();
    assert_eq!(registry.drained().unwrap(), [(7, Timestamp(9))]);
    ensure_restored(&data).unwrap();
}

#[test]
fn a_folder_of_a_cluster_is_restored_without_its_stores() {
    let folder = Folder::new();
    for store in ["registry", "trails"] {
        fs::remove_dir_all(folder.data().join(store)).unwrap();
    }
    let store = "cql://127.0.0.1:9/city";
    let config = Config { data: folder.data(), store: store.parse().unwrap(), ..Config::default() };
    let taken = backup(&BackupJob { config, to: folder.path("city.backup"), secret_to: None }).unwrap();
    assert_eq!(taken.head.store, store);
    let comparison = folder.restore(None).unwrap().comparison.unwrap();
    assert_eq!((comparison.registry_rows, comparison.trail_rows, comparison.records), (0, 0, 20));
    assert_eq!(folder.restored_names(), ["certificate.pem", "gateway", "journal"]);
}

#[test]
fn a_taken_name_a_full_folder_and_another_secret_are_refused() {
    let folder = Folder::new();
    let taken = folder.backup(None).unwrap();
    assert_eq!(taken.secret, SecretPlace::At(folder.data().join("secret")));
    assert!(folder.backup(None).is_err_and(|error| error.to_string().contains("exists")));
    fs::write(folder.path("other"), [9; 32]).unwrap();
    let refused = folder.restore(Some("other")).err().unwrap();
    assert!(refused.to_string().contains("another deployment"), "{refused}");
    folder.restore(None).unwrap();
    let refused = folder.restore(None).err().unwrap();
    assert!(refused.to_string().contains("is not empty"), "{refused}");
    let secret = secret(&folder.path("restored"), None).err().unwrap();
    assert!(secret.to_string().contains("without its secret"), "{secret}");
    fs::write(folder.path("restored").join(RESTORE_MARKER), "").unwrap();
    assert!(ensure_restored(&folder.path("restored")).is_err());
}

#[test]
fn a_cut_or_flipped_backup_is_refused_and_leaves_the_folder_empty() {
    let folder = Folder::new();
    folder.backup(None).unwrap();
    let (whole, path) = (fs::read(folder.path("city.backup")).unwrap(), folder.path("city.backup"));
    let cuts = (0..40).map(|part| whole[..part * whole.len() / 40].to_vec());
    let flips = (0..200).map(|part| {
        let mut bytes = whole.clone();
        bytes[part * whole.len() / 200] ^= 0x10;
        bytes
    });
    let longer = [&whole[..], b"x"].concat();
    for (number, bytes) in cuts.chain(flips).chain([longer]).enumerate() {
        fs::write(&path, bytes).unwrap();
        let refused = folder.restore(None).err().unwrap_or_else(|| panic!("{number} was restored"));
        let said = format!("{refused:#}");
        assert!(said.contains("backup") && !said.contains('\n'), "{number}: {said}");
        assert!(!folder.path("restored").exists(), "{number}");
    }
}

#[test]
fn a_gateway_that_dies_half_way_leaves_no_file() {
    let folder = Folder::new();
    folder.backup(None).unwrap();
    let whole = fs::read(folder.path("city.backup")).unwrap();
    fs::remove_file(folder.path("city.backup")).unwrap();
    let mut failure = whole[..whole.len() / 2].to_vec();
    frame::write(&mut failure, ArchiveFrameKind::Failure, b"no space left").unwrap();
    for bytes in [&[][..], &whole[..5], &whole[..whole.len() / 2], &whole[..whole.len() - 1], &failure] {
        let listener = UnixListener::bind(folder.data().join(CONTROL_SOCKET)).unwrap();
        let error = thread::scope(|scope| {
            scope.spawn(|| {
                let (mut peer, _) = listener.accept().unwrap();
                peer.read_exact(&mut [0; 9]).unwrap();
                peer.write_all(bytes).unwrap();
            });
            folder.backup(Some("apart")).err().unwrap()
        });
        assert!(!format!("{error:#}").contains('\n'), "{error:#}");
        assert_eq!(folder.beside(), ["data"]);
        fs::remove_file(folder.data().join(CONTROL_SOCKET)).unwrap();
    }
}

/// A desk whose backup is larger than what a socket holds.
fn desk(folder: &Folder, phase: &watch::Receiver<Phase>) -> BackupDesk {
    let data = folder.data();
    let secret = secret(&data, None).unwrap();
    let disk = Arc::new(RealDisk::open(data.join("journal")).unwrap());
    let config = JournalConfig {
        segment_bytes: 1 << 16,
        disk_bytes_max: 1 << 20,
        lane_records: 16,
        recent_since: Timestamp(u64::MAX),
    };
    let (journal, _, _) = Journal::open(&config, disk, vec![Box::new(|| {})]).unwrap();
    BackupDesk {
        store: "embedded".into(),
        secret: fingerprint(&secret),
        registry: Registry::embedded(&data.join("registry"), &secret).unwrap(),
        trails: Arc::new(EmbeddedTrails::open(&data.join("trails"), BUCKETS).unwrap()),
        journal: Arc::new(journal),
        phase: phase.clone(),
        data,
    }
}

fn ask(folder: &Folder) -> UnixStream {
    control::ask(&folder.data()).unwrap().unwrap()
}

#[test]
fn a_refusal_that_comes_before_the_request_is_read() {
    let (mut near, mut far) = UnixStream::pair().unwrap();
    far.write_all(b"refused").unwrap();
    drop(far);
    control::request(&near).unwrap();
    let mut answer = String::new();
    near.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "refused");
}

#[test]
fn a_gateway_writes_one_backup_at_a_time_and_ends_it_when_it_stops() {
    let folder = Folder::new();
    let (set_phase, phase) = watch::channel(Phase::Serving);
    let runtime = Runtime::new().unwrap();
    let inside = runtime.enter();
    let socket = control::listen(&folder.data()).unwrap();
    runtime.spawn(control::serve(socket, desk(&folder, &phase)));
    drop(inside);
    let mode = fs::metadata(folder.data().join(CONTROL_SOCKET)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut first = ask(&folder);
    // The first backup has begun, and waits for its reader.
    first.read_exact(&mut [0]).unwrap();
    let refused = folder.backup(None).err().unwrap();
    assert!(format!("{refused:#}").contains("another backup"), "{refused:#}");
    set_phase.send_replace(Phase::Draining);
    let mut rest = Vec::new();
    first.read_to_end(&mut rest).unwrap();
    assert!(rest.len() < 3 << 20, "the backup was written to its end");
    set_phase.send_replace(Phase::Serving);
    let taken = folder.backup(None);
    assert_eq!(taken.unwrap().origin, BackupOrigin::Running);
    assert_eq!(folder.restore(None).unwrap().comparison.unwrap().records, CHECK_INS - CHECKPOINT);
}
