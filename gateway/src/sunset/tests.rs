//! Sunsets of a small deployment over real stores in a real folder, some of them interrupted.

use super::*;
use crate::deployment::{ENDED_MARKER, ensure_not_ended};
use scangate_core::check_in::{CheckIn, Direction, Mode};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::person::{Document, DocumentType, PersonClass, Personal};
use scangate_core::time::DAY_MS;
use scangate_storage::trail::TrailStore as _;

struct SunsetRig {
    /// The parent of the data folder and of the reports.
    root: tempfile::TempDir,
    job: SunsetJob,
}

impl SunsetRig {
    /// A deployment of one person and three check-ins on two days.
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let data = root.path().canonicalize().unwrap().join("data");
        fs::create_dir_all(data.join("journal")).unwrap();
        let secret = deployment::secret(&data, None).unwrap();
        deployment::gateway_number(&data).unwrap();
        let registry = Registry::embedded(&data.join("registry"), &secret).unwrap();
        let document = Document { r#type: DocumentType::Passport, number: "E12345678".into() };
        let (name, phone, class) = ("Somebody".into(), "13900000000".into(), PersonClass::default());
        let personal = Personal { name, phone, document, class, district: None };
        let person = registry.register(&[personal], 1, clock::now()).unwrap()[0].person;
        let check_ins = [(1, 9), (2, 9), (3, 10)].map(|(id, day)| check_in(person, id, day));
        EmbeddedTrails::open(&data.join("trails"), BUCKETS).unwrap().write(&check_ins).unwrap();
        let config = Config { data: data.clone(), ..Config::default() };
        let (report, confirm) = (root.path().join("report.json"), Some(data.display().to_string()));
        Self { root, job: SunsetJob { config, report, confirm } }
    }

    fn data(&self) -> &Path {
        &self.job.config.data
    }

    /// The marker of the stage `counted`.
    fn counted(&self) -> SunsetMarker {
        let data = self.data();
        let secret = deployment::existing_secret(data, None).unwrap();
        let sunset = Sunset {
            job: &self.job,
            folder: DataFolder::open(data).unwrap(),
            place: ReportFile::outside(data, &self.job.report).unwrap(),
            disk: RealDisk::open(data.join("journal")).unwrap(),
            city: None,
        };
        let inventory = Box::new(sunset.count(&secret).unwrap());
        let (name, stage) =
            (data.display().to_string(), SunsetStage::Counted { seed: SigningSeed::of(&secret), inventory });
        SunsetMarker { name, keyspace: None, begun: clock::now(), stage }
    }

    #[track_caller]
    fn refused(&self, words: &str) {
        let error = end(&self.job).err().map(|error| format!("{error:#}")).unwrap_or_default();
        assert!(error.contains(words), "{error}");
    }

    #[track_caller]
    fn ended(&self) -> SunsetReport {
        match end(&self.job).unwrap() {
            SunsetOutcome::Ended { report, .. } => *report,
            SunsetOutcome::Unconfirmed { name, .. } => panic!("it wants {name}"),
        }
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.data()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn check_in(person: PersonId, id: u8, day: u64) -> CheckIn {
    CheckIn {
        id: CheckInId([id; 16]),
        person,
        venue: VenueId(5),
        at: Timestamp(day * DAY_MS),
        direction: Direction::In,
        mode: Mode::Poster,
        outcome: None,
    }
}

#[track_caller]
fn assert_whole(report: &SunsetReport) {
    let held = &report.inventory.held[0];
    assert_eq!((held.people, held.rows["documents"], &*held.store), (1, 1, "embedded"));
    let days = [("1970-01-10".to_owned(), 2), ("1970-01-11".to_owned(), 1)];
    assert_eq!(held.check_ins, BTreeMap::from(days));
    let names: Vec<&str> = report.inventory.files.iter().map(|file| file.name.as_str()).collect();
    assert!(names.contains(&"secret") && names.iter().any(|name| name.starts_with("trails/")), "{names:?}");
    assert!(report.found.is_nothing());
}

#[test]
fn an_interrupted_sunset_resumes_at_any_stage() {
    for gone in [&[][..], &["trails"], &["trails", "registry", "secret", "gateway"]] {
        let rig = SunsetRig::new();
        let marker = rig.counted();
        let expected = key(&rig.job.config).unwrap();
        marker.write(rig.data()).unwrap();
        let text = fs::read_to_string(rig.data().join(ENDED_MARKER)).unwrap();
        assert!(text.contains(r#""counted":{"seed":"#) && text.contains(r#""before":{"folder":"#), "{text}");
        for part in gone {
            let path = rig.data().join(part);
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
        assert!(ensure_not_ended(rig.data()).unwrap_err().to_string().contains("is being ended"));
        assert_whole(&rig.ended());
        let (report, _) = verify(&rig.job.report, Some(expected)).unwrap();
        assert_whole(&report);
        assert_eq!(rig.names(), [ENDED_MARKER]);
    }
    // Nothing was counted yet: the marker was just written.
    let rig = SunsetRig::new();
    SunsetMarker { stage: SunsetStage::Begun, ..rig.counted() }.write(rig.data()).unwrap();
    assert_whole(&rig.ended());
}

#[test]
fn an_ended_deployment_returns_its_report_again_and_holds_no_key() {
    let mut rig = SunsetRig::new();
    let first = rig.ended();
    let marker = fs::read_to_string(rig.data().join(ENDED_MARKER)).unwrap();
    assert!(!marker.contains("seed"), "{marker}");
    assert!(ensure_not_ended(rig.data()).unwrap_err().to_string().contains("was ended"));
    assert_eq!(rig.ended(), first);
    let text = fs::read(&rig.job.report).unwrap();
    fs::write(&rig.job.report, "another's").unwrap();
    rig.refused("name another file by --report");
    rig.job.report = rig.root.path().join("again.json");
    assert_eq!(rig.ended(), first);
    assert_eq!(fs::read(&rig.job.report).unwrap(), text);
    assert_eq!(rig.names(), [ENDED_MARKER]);
}

#[test]
fn nothing_is_changed_after_an_error() {
    let mut rig = SunsetRig::new();
    let before = rig.names();
    let name = rig.job.confirm.take();
    for wrong in [None, Some("data".to_owned()), name.clone().map(|name| name + "/")] {
        rig.job.confirm = wrong;
        assert!(matches!(end(&rig.job), Ok(SunsetOutcome::Unconfirmed { .. })));
    }
    rig.job.confirm = name;
    rig.job.report = rig.data().join("registry/../report.json");
    rig.refused("lies in the data folder");
    rig.job.report = rig.root.path().join("report.json");
    fs::write(&rig.job.report, "another's").unwrap();
    rig.refused("is not overwritten");
    fs::remove_file(&rig.job.report).unwrap();
    let other = rig.root.path().join("other");
    fs::write(&other, [9; 32]).unwrap();
    rig.job.config.secret = Some(other);
    let unconfirmed =
        SunsetJob { config: rig.job.config.clone(), report: rig.job.report.clone(), confirm: None };
    assert!(end(&unconfirmed).err().unwrap().to_string().contains("this deployment's secret"));
    rig.job.config.secret = None;
    fs::write(rig.data().join(deployment::COPY_PROGRESS), "{}").unwrap();
    rig.refused("move the secret");
    fs::remove_file(rig.data().join(deployment::COPY_PROGRESS)).unwrap();
    fs::rename(rig.data().join("registry"), rig.root.path().join("registry")).unwrap();
    fs::write(rig.data().join("snapshot"), "").unwrap();
    rig.refused("name it by --store");
    fs::remove_file(rig.data().join("snapshot")).unwrap();
    fs::rename(rig.root.path().join("registry"), rig.data().join("registry")).unwrap();
    let held = RealDisk::open(rig.data().join("journal")).unwrap();
    rig.refused("stop its gateway first");
    drop(held);
    let sorted = |mut names: Vec<String>| {
        names.sort_unstable();
        names
    };
    assert_eq!(sorted(rig.names()), sorted(before));
    assert_whole(&rig.ended());
}

#[test]
fn a_sunset_resumes_only_with_the_same_arguments() {
    let mut rig = SunsetRig::new();
    let marker = rig.counted();
    SunsetMarker { keyspace: Some("city".into()), ..rig.counted() }.write(rig.data()).unwrap();
    rig.refused("name it by --store");
    marker.write(rig.data()).unwrap();
    let name = rig.job.confirm.replace("city".into());
    rig.refused("confirm with --confirm");
    rig.job.confirm = name;
    assert_whole(&rig.ended());
}
