//! Crashes, rot and full disks. The faulty disk models power loss: what was not synced may survive in any
//! part, slot by slot, length and content apart.

#![expect(clippy::cast_possible_truncation, reason = "offsets of files in memory")]

use super::record::{SLOT_BYTES, Sequence};
use super::{Disk, DiskFile, Journal, JournalConfig, JournalError, Lane, PushRefusal, RealDisk, Recovered};
use scangate_core::check_in::{CheckIn, Direction, Mode, Outcome, PolicyNumber};
use scangate_core::colour::{Checks, Colour, Reasons, Verdict};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Condvar, Mutex};

const LANE: usize = 16;
const SEGMENT: u64 = 160 * SLOT_BYTES as u64;

fn check_in(number: u64) -> CheckIn {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    CheckIn {
        id: CheckInId(id),
        person: PersonId(number),
        venue: VenueId(number % 7),
        at: Timestamp(1_000 + number),
        direction: if number.is_multiple_of(5) { Direction::Out } else { Direction::In },
        mode: Mode::Door,
        outcome: (!number.is_multiple_of(3)).then_some(Outcome {
            colour: Colour::Yellow,
            verdict: Verdict::Check,
            checks: Checks::FULL,
            reasons: Reasons::rule(4).and(Reasons::FEVER),
            policy: PolicyNumber(9),
        }),
    }
}

#[derive(Default)]
struct File {
    live: Mutex<Vec<u8>>,
    synced: Mutex<Vec<u8>>,
    fuse: Arc<Fuse>,
}

/// Counts down to the call that fails.
#[derive(Default)]
struct Fuse {
    left: Mutex<Option<(u64, io::ErrorKind)>>,
    calls: Mutex<u64>,
}

impl Fuse {
    fn burn(&self) -> io::Result<()> {
        *self.calls.lock().unwrap() += 1;
        let mut left = self.left.lock().unwrap();
        match left.as_mut() {
            None => Ok(()),
            Some((0, kind)) => Err(io::Error::from(*kind)),
            Some((count, _)) => {
                *count -= 1;
                Ok(())
            }
        }
    }
}

impl DiskFile for File {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.fuse.burn()?;
        let (offset, end) = (offset as usize, offset as usize + bytes.len());
        let mut live = self.live.lock().unwrap();
        if live.len() < end {
            live.resize(end, 0);
        }
        live[offset..end].copy_from_slice(bytes);
        Ok(())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let live = self.live.lock().unwrap();
        let from = live.get(offset as usize..offset as usize + buffer.len());
        buffer.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.fuse.burn()?;
        self.synced.lock().unwrap().clone_from(&self.live.lock().unwrap());
        Ok(())
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.live.lock().unwrap().len() as u64)
    }
}

/// A disk in memory.
#[derive(Default)]
struct FaultyDisk {
    files: Mutex<BTreeMap<String, Arc<File>>>,
    fuse: Arc<Fuse>,
    room: Mutex<Option<usize>>,
}

impl Disk for FaultyDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.files.lock().unwrap().keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let files = self.files.lock().unwrap();
        let file = files.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::clone(file) as Arc<dyn DiskFile>)
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.fuse.burn()?;
        let mut files = self.files.lock().unwrap();
        let segments = files.keys().filter(|name| name.ends_with(".segment")).count();
        if name == "unfinished" && self.room.lock().unwrap().is_some_and(|room| segments >= room) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let file = Arc::new(File { fuse: Arc::clone(&self.fuse), ..File::default() });
        files.insert(name.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.fuse.burn()?;
        let mut files = self.files.lock().unwrap();
        let file = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.files.lock().unwrap().remove(name);
        Ok(())
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.fuse.burn()
    }
}

impl FaultyDisk {
    /// The disk as it may be after power was lost now: every unsynced slot survives or not.
    fn crash(&self, random: &mut Random) -> Self {
        let image = |(name, file): (&String, &Arc<File>)| {
            let live = file.live.lock().unwrap().clone();
            let mut bytes = file.synced.lock().unwrap().clone();
            if live.len() > bytes.len() && random.coin() {
                bytes.resize(live.len(), 0);
            }
            for at in (0..bytes.len().min(live.len())).step_by(16) {
                let end = (at + 16).min(bytes.len()).min(live.len());
                if bytes[at..end] != live[at..end] && random.coin() {
                    bytes[at..end].copy_from_slice(&live[at..end]);
                }
            }
            let file =
                File { live: Mutex::new(bytes.clone()), synced: Mutex::new(bytes), fuse: Arc::default() };
            (name.clone(), Arc::new(file))
        };
        let files = self.files.lock().unwrap().iter().map(image).collect();
        Self { files: Mutex::new(files), ..Self::default() }
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }
}

/// A journal with one lane and a bell to wait by.
struct Rig {
    journal: Journal,
    lane: Lane,
    recovered: Recovered,
    bell: Arc<(Mutex<u64>, Condvar)>,
}

fn config() -> JournalConfig {
    JournalConfig {
        segment_bytes: SEGMENT,
        disk_bytes_max: 64 * SEGMENT,
        lane_records: LANE,
        recent_since: Timestamp(0),
    }
}

fn open(disk: &Arc<FaultyDisk>, config: &JournalConfig) -> Result<Rig, JournalError> {
    let bell = Arc::new((Mutex::new(0), Condvar::new()));
    let ring = Arc::clone(&bell);
    let wake = Box::new(move || {
        *ring.0.lock().unwrap() += 1;
        ring.1.notify_all();
    });
    let (journal, mut lanes, recovered) = Journal::open(config, Arc::clone(disk) as _, vec![wake])?;
    Ok(Rig { journal, lane: lanes.remove(0), recovered, bell })
}

impl Rig {
    /// Waits until so many records are durable; false if the journal is poisoned first.
    fn wait(&self, durable: u64) -> bool {
        let guard = self.bell.0.lock().unwrap();
        let is_waiting = |_: &mut u64| self.lane.durable() < durable && !self.journal.is_poisoned();
        drop(self.bell.1.wait_while(guard, is_waiting).unwrap());
        self.lane.durable() >= durable
    }

    fn everything(&self) -> Vec<CheckIn> {
        let mut all = Vec::new();
        self.journal.reader(Sequence(0)).read(usize::MAX, &mut all).unwrap();
        all
    }
}

#[test]
fn what_was_acknowledged_is_read_back_in_order_across_segments_and_restarts() {
    let disk = Arc::new(FaultyDisk::default());
    let mut pushed = Vec::new();
    for start in 0..4 {
        let mut rig = open(&disk, &config()).unwrap();
        assert_eq!(rig.everything(), pushed);
        assert_eq!((rig.recovered.torn_tail, rig.recovered.damaged.len()), (None, 0));
        for number in 0..300 {
            let check_in = check_in(start * 300 + number);
            rig.lane.push(check_in).unwrap();
            pushed.push(check_in);
            assert!(rig.wait(number + 1));
        }
        assert_eq!(rig.everything(), pushed);
        rig.journal.close();
    }
}

#[test]
fn no_crash_loses_what_was_acknowledged_or_invents_anything() {
    let mut random = Random(0x5ca9_9a7e);
    for round in 0..60 {
        let disk = Arc::new(FaultyDisk::default());
        let mut rig = open(&disk, &config()).unwrap();
        let mut number = 0;
        for _ in 0..random.next() % 40 {
            for _ in 0..=random.next() % 6 {
                if rig.lane.push(check_in(number)).is_err() {
                    assert!(rig.wait(number));
                    rig.lane.push(check_in(number)).unwrap();
                }
                number += 1;
            }
            if random.coin() {
                assert!(rig.wait(number));
            }
        }
        for image in 0..20 {
            // First the promise, then the image: what is promised after it is not asked of it.
            let promised = rig.lane.durable();
            let crashed = Arc::new(disk.crash(&mut random));
            let found = open(&crashed, &config()).unwrap();
            let all = found.everything();
            let ids: BTreeSet<_> = all.iter().map(|check_in| check_in.id).collect();
            assert_eq!(ids.len(), all.len(), "doubled in image {image} of round {round}");
            assert!(
                (0..promised).all(|number| ids.contains(&check_in(number).id)),
                "lost, {image} of {round}"
            );
            assert!(all.iter().all(|found| *found == check_in(found.person.0) && found.person.0 < number));
            assert_eq!(found.recovered.damaged, [], "a crash is no corruption");
        }
    }
}

#[test]
fn every_flipped_byte_is_found_and_costs_its_own_record_only() {
    let disk = Arc::new(FaultyDisk::default());
    let config = JournalConfig { segment_bytes: 1_100 * SLOT_BYTES as u64, ..config() };
    let mut rig = open(&disk, &config).unwrap();
    for number in 0..400 {
        rig.lane.push(check_in(number)).unwrap();
        assert!(rig.wait(number + 1));
    }
    rig.journal.close();
    let files = disk.files.lock().unwrap();
    let name = files.keys().find(|name| name.ends_with("1.segment")).unwrap();
    let whole = files[name].live.lock().unwrap().clone();
    let used = 801 * SLOT_BYTES;
    for at in 0..used {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        let mut found = Vec::new();
        let scan = super::recover::scan_segment(&bytes, 1, Sequence(0), |check_in| found.push(check_in));
        assert!(!scan.damaged.is_empty() || scan.torn.is_some(), "byte {at} was not found");
        let lost = 400 - found.len();
        assert!(lost <= 1, "byte {at} cost {lost} records");
        assert!(found.iter().all(|found| *found == check_in(found.person.0)));
    }
}

#[test]
fn whichever_call_fails_nothing_promised_is_lost() {
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::Other] {
        for fails in 0..80 {
            let disk = Arc::new(FaultyDisk::default());
            let Ok(mut rig) = open(&disk, &config()) else { panic!("nothing has failed yet") };
            *disk.fuse.left.lock().unwrap() = Some((fails, kind));
            let mut pushed = 0;
            while pushed < 200 && rig.lane.push(check_in(pushed)).is_ok() {
                pushed += 1;
                if !rig.wait(pushed) {
                    break;
                }
            }
            let promised = rig.lane.durable();
            *disk.fuse.left.lock().unwrap() = None;
            if rig.journal.is_poisoned() {
                assert_eq!(rig.lane.push(check_in(0)), Err(PushRefusal::Poisoned));
            }
            drop(rig.journal);
            let found = open(&disk, &config()).unwrap();
            let ids: BTreeSet<_> = found.everything().iter().map(|check_in| check_in.id).collect();
            assert!((0..promised).all(|number| ids.contains(&check_in(number).id)), "call {fails}, {kind}");
        }
    }
}

#[test]
fn a_full_journal_refuses_and_heals_when_the_store_has_taken_its_backlog() {
    let disk = Arc::new(FaultyDisk::default());
    let config = JournalConfig { disk_bytes_max: 3 * SEGMENT, ..config() };
    let mut rig = open(&disk, &config).unwrap();
    let mut pushed = 0;
    let refused = loop {
        match rig.lane.push(check_in(pushed)) {
            Ok(_) => pushed += 1,
            Err(PushRefusal::Overloaded) => {}
            Err(refusal) => break refusal,
        }
        assert!(rig.wait(pushed));
    };
    assert_eq!(refused, PushRefusal::Full);
    assert!(rig.wait(pushed));
    rig.journal.checkpoint(rig.journal.durable_end(), Timestamp(u64::MAX)).unwrap();
    while rig.journal.is_full() {
        std::thread::yield_now();
    }
    rig.lane.push(check_in(pushed)).unwrap();
    assert!(rig.wait(pushed + 1));
    rig.journal.close();
    // Recycled segments do not bring back what they held.
    let found = open(&disk, &config).unwrap();
    let mut left = Vec::new();
    found.journal.reader(found.recovered.checkpoint).read(usize::MAX, &mut left).unwrap();
    assert_eq!(left, [check_in(pushed)]);
}

#[test]
fn a_disk_without_room_refuses_and_heals_by_itself() {
    let disk = Arc::new(FaultyDisk::default());
    *disk.room.lock().unwrap() = Some(2);
    let mut rig = open(&disk, &config()).unwrap();
    let mut pushed = 0;
    while rig.lane.push(check_in(pushed)) != Err(PushRefusal::Full) {
        pushed += 1;
        assert!(rig.wait(pushed));
    }
    *disk.room.lock().unwrap() = None;
    while rig.journal.is_full() {
        std::thread::yield_now();
    }
    let before = rig.lane.durable();
    rig.lane.push(check_in(pushed)).unwrap();
    assert!(rig.wait(before + 1));
}

#[test]
fn a_reader_follows_from_any_place() {
    let disk = Arc::new(FaultyDisk::default());
    let mut rig = open(&disk, &config()).unwrap();
    for number in 0..500 {
        rig.lane.push(check_in(number)).unwrap();
        assert!(rig.wait(number + 1));
    }
    for from in (0..500).step_by(37) {
        let mut reader = rig.journal.reader(Sequence(from));
        let mut read = Vec::new();
        while (read.len() as u64) < 500 - from {
            let before = read.len();
            reader.read(before + 1, &mut read).unwrap();
            assert!(read.len() > before);
        }
        let expected: Vec<_> = (from..500).map(check_in).collect();
        assert_eq!(read, expected);
        assert_eq!(reader.next(), Sequence(500));
    }
}

#[test]
fn lanes_of_several_threads_each_see_their_own_progress() {
    let disk = Arc::new(FaultyDisk::default());
    let wakes = (0..3).map(|_| Box::new(|| {}) as _).collect();
    let config = JournalConfig { segment_bytes: 3 * SEGMENT, ..config() };
    let (journal, lanes, _) = Journal::open(&config, Arc::clone(&disk) as _, wakes).unwrap();
    std::thread::scope(|scope| {
        for (number, mut lane) in lanes.into_iter().enumerate() {
            scope.spawn(move || {
                let mut pushed = 0;
                while pushed < 700 {
                    match lane.push(check_in(number as u64 * 1_000 + pushed)) {
                        Ok(ticket) => {
                            assert_eq!(ticket.0, pushed);
                            pushed += 1;
                        }
                        Err(_) => std::thread::yield_now(),
                    }
                }
                while lane.durable() < pushed {
                    std::thread::yield_now();
                }
                assert_eq!(lane.durable(), pushed);
            });
        }
    });
    let mut all = Vec::new();
    journal.reader(Sequence(0)).read(usize::MAX, &mut all).unwrap();
    assert_eq!(all.len(), 2_100);
}

#[test]
fn one_folder_one_journal() {
    let folder = tempfile::tempdir().unwrap();
    let held = RealDisk::open(folder.path().join("journal")).unwrap();
    assert!(matches!(RealDisk::open(folder.path().join("journal")), Err(JournalError::Locked { .. })));
    drop(held);
    RealDisk::open(folder.path().join("journal")).unwrap();
}

#[test]
fn the_real_disk_keeps_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    for start in 0..3 {
        let disk = Arc::new(RealDisk::open(folder.path().to_owned()).unwrap());
        let (journal, mut lanes, recovered) = Journal::open(&config(), disk, vec![Box::new(|| {})]).unwrap();
        assert_eq!((recovered.end, recovered.recent.len()), (Sequence(start * 50), start as usize * 50));
        for number in 0..50 {
            while lanes[0].push(check_in(start * 50 + number)).is_err() {
                std::thread::yield_now();
            }
        }
        journal.close();
        assert_eq!(lanes[0].durable(), 50);
    }
}
