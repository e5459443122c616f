//! Crashes, rot and full disks. The faulty disk models power loss: what was not synced may survive in any
//! part, slot by slot, length and content apart.

#![expect(clippy::cast_possible_truncation, reason = "offsets of files in memory")]

use super::record::{self, SLOT_BYTES, Sequence};
use super::recover::scan_segment;
use super::segment::{self, Header, HeaderKind};
use super::{
    Disk, DiskFile, Journal, JournalConfig, JournalError, Lane, PushRefusal, RealDisk, Recovered, look,
};
use scangate_core::check_in::{CheckIn, Direction, Mode, Outcome, PolicyNumber};
use scangate_core::colour::{Checks, Colour, Reasons, Verdict};
use scangate_core::id::{CheckInId, PersonId, VenueId};
use scangate_core::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

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
    gate: Arc<Gate>,
}

/// Holds syncs back while it is shut, and lets so many pass.
#[derive(Default)]
struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    left: Option<u64>,
    waiting: bool,
}

impl Gate {
    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.waiting = true;
        self.changed.notify_all();
        state = self.changed.wait_while(state, |state| state.left == Some(0)).unwrap();
        state.waiting = false;
        state.left = state.left.map(|left| left - 1);
    }

    /// Lets so many syncs pass from now on, or all.
    fn set(&self, left: Option<u64>) {
        self.state.lock().unwrap().left = left;
        self.changed.notify_all();
    }

    /// Waits until a sync stands at the shut gate.
    fn wait_until_held(&self) {
        let state = self.state.lock().unwrap();
        let is_held = |state: &mut GateState| !(state.waiting && state.left == Some(0));
        drop(self.changed.wait_while(state, is_held).unwrap());
    }
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
        // A segment that is only being made ready holds nobody up.
        if self.live.lock().unwrap().first() != Some(&0) {
            self.gate.pass();
        }
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
    gate: Arc<Gate>,
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
        let file =
            Arc::new(File { fuse: Arc::clone(&self.fuse), gate: Arc::clone(&self.gate), ..File::default() });
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
    /// The disk as it may be after power was lost now: every unsynced piece survives or not.
    fn crash(&self, random: &mut Random) -> Self {
        let crashed = Self::default();
        let piece = [16, SLOT_BYTES, 8 * SLOT_BYTES][random.next() as usize % 3];
        for (name, file) in &*self.files.lock().unwrap() {
            let live = file.live.lock().unwrap().clone();
            let mut bytes = file.synced.lock().unwrap().clone();
            if live.len() > bytes.len() && random.coin() {
                bytes.resize(live.len(), 0);
            }
            for at in (0..bytes.len().min(live.len())).step_by(piece) {
                let end = (at + piece).min(bytes.len()).min(live.len());
                if bytes[at..end] != live[at..end] && random.coin() {
                    bytes[at..end].copy_from_slice(&live[at..end]);
                }
            }
            let file = File {
                live: Mutex::new(bytes.clone()),
                synced: Mutex::new(bytes),
                fuse: Arc::clone(&crashed.fuse),
                gate: Arc::clone(&crashed.gate),
            };
            crashed.files.lock().unwrap().insert(name.clone(), Arc::new(file));
        }
        crashed
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

/// Opens the gate when a test ends, lest its journal waits there for ever.
struct OpensGate(Arc<Gate>);

impl Drop for OpensGate {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

/// A journal with one lane and a bell to wait by.
struct Rig {
    // Fields are dropped in their order: the gate opens before the journal is closed.
    _opens_gate: OpensGate,
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
    Ok(Rig {
        _opens_gate: OpensGate(Arc::clone(&disk.gate)),
        journal,
        lane: lanes.remove(0),
        recovered,
        bell,
    })
}

impl Rig {
    /// Waits until so many records are durable; false if the journal is poisoned first, or nothing comes.
    fn wait(&self, durable: u64) -> bool {
        let guard = self.bell.0.lock().unwrap();
        let is_waiting = |_: &mut u64| self.lane.durable() < durable && !self.journal.is_poisoned();
        drop(self.bell.1.wait_timeout_while(guard, Duration::from_secs(20), is_waiting).unwrap());
        self.lane.durable() >= durable
    }

    /// Pushes a check-in, after waiting for room if it must.
    fn push(&mut self, number: u64) {
        let patience = Instant::now() + Duration::from_secs(20);
        while let Err(refusal) = self.lane.push(check_in(number)) {
            assert!(refusal != PushRefusal::Poisoned && Instant::now() < patience, "{refusal:?}");
            std::thread::yield_now();
        }
    }

    /// Ends as a killed process does: nothing more reaches the disk.
    fn kill(self, disk: &FaultyDisk) {
        *disk.fuse.left.lock().unwrap() = Some((0, io::ErrorKind::Other));
        drop(self);
        *disk.fuse.left.lock().unwrap() = None;
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

/// Pushes some in groups as they come, sometimes waiting; returns the number after the last.
fn push_some(rig: &mut Rig, random: &mut Random, first: u64, bursts: u64) -> u64 {
    let mut number = first;
    for _ in 0..bursts {
        for _ in 0..=random.next() % 6 {
            rig.push(number);
            number += 1;
        }
        if random.coin() {
            assert!(rig.wait(number - first));
        }
    }
    number
}

/// Leaves a group of so many records written and not synced; returns the number after the last.
fn hold_a_group(rig: &mut Rig, disk: &FaultyDisk, first: u64, count: u64) -> u64 {
    disk.gate.set(Some(0));
    rig.push(first);
    disk.gate.wait_until_held();
    for number in 1..count {
        rig.push(first + number);
    }
    if count > 1 {
        let durable = rig.lane.durable();
        disk.gate.set(Some(1));
        assert!(rig.wait(durable + 1));
        disk.gate.wait_until_held();
    }
    first + count.max(1)
}

/// Crashes the disk and opens what is left: nothing that was promised is missing, nothing is there twice,
/// nothing was never pushed. Gives back the disk and the numbers that are on it.
fn crash_and_check(
    disk: &FaultyDisk,
    random: &mut Random,
    promised: &BTreeSet<u64>,
    pushed: u64,
) -> (Arc<FaultyDisk>, BTreeSet<u64>) {
    let crashed = Arc::new(disk.crash(random));
    let found = open(&crashed, &config()).unwrap();
    let all = found.everything();
    assert!(all.iter().all(|found| *found == check_in(found.person.0) && found.person.0 < pushed));
    let numbers: BTreeSet<_> = all.iter().map(|check_in| check_in.person.0).collect();
    assert_eq!(numbers.len(), all.len(), "doubled");
    assert!(promised.is_subset(&numbers), "lost {:?}", promised.difference(&numbers));
    assert_eq!(found.recovered.damaged, [], "a crash is no corruption");
    found.kill(&crashed);
    (crashed, numbers)
}

#[test]
fn no_crash_loses_what_was_acknowledged_or_invents_anything() {
    let mut random = Random(0x5ca9_9a7e);
    for _ in 0..60 {
        let disk = Arc::new(FaultyDisk::default());
        let mut rig = open(&disk, &config()).unwrap();
        let bursts = random.next() % 40;
        let pushed = push_some(&mut rig, &mut random, 0, bursts);
        for _ in 0..20 {
            // First the promise, then the image: what is promised after it is not asked of it.
            let promised = (0..rig.lane.durable()).collect();
            crash_and_check(&disk, &mut random, &promised, pushed);
        }
    }
}

#[test]
fn no_row_of_crashes_loses_anything_either() {
    let mut random = Random(0x0dd_ba11);
    for _ in 0..40 {
        let mut disk = Arc::new(FaultyDisk::default());
        let mut promised = BTreeSet::new();
        let mut pushed = 0;
        for _ in 0..12 {
            let mut rig = open(&disk, &config()).unwrap();
            let bursts = random.next() % 12;
            let first = pushed;
            pushed = push_some(&mut rig, &mut random, first, bursts);
            assert!(rig.wait(pushed - first));
            let held = random.next() % LANE as u64;
            pushed = hold_a_group(&mut rig, &disk, pushed, held);
            promised.extend(first..first + rig.lane.durable());
            // What a start has found is as good as promised: a scan repeated after it is told so.
            let (crashed, found) = crash_and_check(&disk, &mut random, &promised, pushed);
            disk.gate.set(None);
            disk = crashed;
            promised = found;
        }
    }
}

#[test]
fn every_flipped_byte_is_found_and_costs_its_own_record_only() {
    let disk = Arc::new(FaultyDisk::default());
    let config = JournalConfig { segment_bytes: 1_100 * SLOT_BYTES as u64, ..config() };
    let mut rig = open(&disk, &config).unwrap();
    for number in 0..400 {
        rig.push(number);
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
        let scan = scan_segment(&bytes, 1, Sequence(0), |check_in| found.push(check_in));
        assert!(!scan.damaged.is_empty() || scan.torn.is_some(), "byte {at} was not found");
        let lost = 400 - found.len();
        assert!(lost <= 1, "byte {at} cost {lost} records");
        assert!(found.iter().all(|found| *found == check_in(found.person.0)));
    }
}

/// A segment of one group a row, each of check-ins of these numbers, and zeros behind.
fn segment_of(groups: &[std::ops::Range<u64>]) -> Vec<u8> {
    let header = |first, count| Header { segment: 1, first: Sequence(first), count };
    let mut bytes = segment::encode(HeaderKind::Segment, header(0, 0)).to_vec();
    for group in groups {
        let count = (group.end - group.start) as u32;
        bytes.extend(segment::encode(HeaderKind::Group, header(group.start, count)));
        group.clone().for_each(|number| bytes.extend(record::encode(&check_in(number), Sequence(number))));
    }
    bytes.resize(SEGMENT as usize, 0);
    bytes
}

#[test]
fn whatever_a_crash_leaves_of_the_last_group_is_no_corruption() {
    let whole = segment_of(&[0..3, 3..10]);
    let group = 5..5 + 1 + 7;
    for survives in 0..1_u32 << group.len() {
        let mut bytes = whole.clone();
        for slot in group.clone().filter(|slot| survives >> (slot - group.start) & 1 == 0) {
            bytes[slot * SLOT_BYTES..][..SLOT_BYTES].fill(0);
        }
        let mut found = Vec::new();
        let scan = scan_segment(&bytes, 1, Sequence(0), |check_in| found.push(check_in.person.0));
        assert!(scan.damaged.is_empty(), "{survives:b}");
        assert!(found.starts_with(&[0, 1, 2]) && found.is_sorted(), "{survives:b} gives {found:?}");
        let has_header = survives & 1 == 1;
        let records = if has_header { (survives >> 1).count_ones() } else { 0 };
        assert!(found.len() >= 3 + records as usize, "{survives:b} gives {found:?}");
        assert_eq!(scan.torn.is_some(), has_header && records < 7, "{survives:b}");
    }
}

#[test]
fn nor_is_whatever_it_leaves_of_the_first_group_and_the_header() {
    let whole = segment_of(std::slice::from_ref(&(0..4)));
    for survives in 0..1_u32 << 6 {
        let mut bytes = whole.clone();
        for slot in (0..6).filter(|slot| survives >> slot & 1 == 0) {
            bytes[slot * SLOT_BYTES..][..SLOT_BYTES].fill(0);
        }
        let scan = scan_segment(&bytes, 1, Sequence(0), |_| {});
        assert!(scan.damaged.is_empty(), "{survives:b}");
    }
    let mut bytes = segment_of(&[0..4, 4..5]);
    bytes[..SLOT_BYTES].fill(0);
    assert_eq!(scan_segment(&bytes, 1, Sequence(0), |_| {}).damaged, [0], "a later group tells it was whole");
}

#[test]
fn damage_before_the_last_group_is_corruption_however_little_is_left_of_that() {
    let whole = segment_of(&[0..3, 3..6]);
    for left in 5..9 {
        let mut bytes = whole.clone();
        bytes[3 * SLOT_BYTES + 9] ^= 1;
        bytes[5 * SLOT_BYTES + 9] ^= u8::from(left > 5);
        for slot in (6..9).filter(|slot| *slot != left) {
            bytes[slot * SLOT_BYTES + 9] ^= 1;
        }
        let scan = scan_segment(&bytes, 1, Sequence(0), |_| {});
        // Of a group without its header only what follows at once can be told.
        assert_eq!(scan.damaged == [3], left <= 6, "only slot {left} of the last group is left");
    }
}

#[test]
fn a_group_never_outgrows_its_segment() {
    let disk = Arc::new(FaultyDisk::default());
    let mut rig = open(&disk, &config()).unwrap();
    let shared = Arc::clone(&rig.journal.shared);
    // With the thread gone, its part is done here, step by step.
    rig.journal.close();
    let mut writer = super::writer::Writer::new(shared, Sequence(0));
    for number in 0..3 * LANE as u64 {
        let _ = rig.lane.push(check_in(number));
        writer.gather_more(Instant::now());
    }
    assert_eq!(rig.lane.reserve(1), Err(PushRefusal::Overloaded));
}

#[test]
fn many_lanes_share_what_a_segment_holds() {
    let open = |lanes| {
        let wakes = (0..lanes).map(|_| Box::new(|| {}) as super::WakeLane).collect();
        Journal::open(&config(), Arc::new(FaultyDisk::default()), wakes)
    };
    let (journal, lanes, _) = open(20).unwrap();
    assert!(lanes.iter().all(|lane| lane.reserve(1).is_ok()));
    assert!(journal.shared.lanes_records() * 3 < SEGMENT as usize / SLOT_BYTES);
    assert!(open(60).is_err(), "a lane must hold something");
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
    for _ in 0..100 {
        rig.push(pushed);
        pushed += 1;
        assert!(rig.wait(pushed));
    }
    rig.kill(&disk);
    // Recycled segments do not bring back what they held, nor look torn for it.
    let found = open(&disk, &config).unwrap();
    assert_eq!((found.recovered.torn_tail, found.recovered.damaged.len()), (None, 0));
    let mut left = Vec::new();
    found.journal.reader(found.recovered.checkpoint).read(usize::MAX, &mut left).unwrap();
    assert_eq!(left, (pushed - 100..pushed).map(check_in).collect::<Vec<_>>());
}

#[test]
fn what_a_filling_journal_takes_it_has_room_for() {
    let config = JournalConfig { disk_bytes_max: SEGMENT, ..config() };
    for singles in 0..SEGMENT / SLOT_BYTES as u64 / 2 {
        let disk = Arc::new(FaultyDisk::default());
        let mut rig = open(&disk, &config).unwrap();
        let mut pushed = 0;
        while pushed < singles && rig.lane.push(check_in(pushed)).is_ok() {
            pushed += 1;
            assert!(rig.wait(pushed));
        }
        // A group under way and a full lane behind it.
        disk.gate.set(Some(0));
        if rig.lane.push(check_in(pushed)).is_ok() {
            pushed += 1;
            disk.gate.wait_until_held();
        }
        while rig.lane.push(check_in(pushed)).is_ok() {
            pushed += 1;
        }
        disk.gate.set(None);
        assert!(rig.wait(pushed), "after {singles}, {} of {pushed} got room", rig.lane.durable());
    }
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
    rig.push(pushed);
    assert!(rig.wait(before + 1));
}

#[test]
fn a_reader_follows_from_any_place() {
    let disk = Arc::new(FaultyDisk::default());
    let mut rig = open(&disk, &config()).unwrap();
    for number in 0..500 {
        rig.push(number);
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
                        Err(refusal) => {
                            assert_ne!(refusal, PushRefusal::Poisoned);
                            std::thread::yield_now();
                        }
                    }
                }
                while lane.durable() < pushed {
                    assert_ne!(lane.reserve(1), Err(PushRefusal::Poisoned));
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
fn a_start_goes_on_in_the_last_segment() {
    let disk = Arc::new(FaultyDisk::default());
    for start in 0..SEGMENT / SLOT_BYTES as u64 / 4 {
        let mut rig = open(&disk, &config()).unwrap();
        rig.push(start);
        assert!(rig.wait(1));
        if start % 2 == 0 {
            rig.journal.close();
        }
    }
    let found = open(&disk, &config()).unwrap();
    let expected: Vec<_> = (0..SEGMENT / SLOT_BYTES as u64 / 4).map(check_in).collect();
    assert_eq!((found.everything(), found.recovered.damaged.len()), (expected, 0));
    let used = found.journal.room();
    assert!(used > 62 * SEGMENT / SLOT_BYTES as u64, "{used} slots are left of 64 segments");
}

#[test]
fn what_a_start_found_unsynced_outlives_power_loss_after_it() {
    let mut random = Random(7);
    let disk = Arc::new(FaultyDisk::default());
    let mut rig = open(&disk, &config()).unwrap();
    rig.push(0);
    assert!(rig.wait(1));
    rig.kill(&disk);
    // Killed between write and sync: the file is as written, the disk as before.
    for file in disk.files.lock().unwrap().values() {
        file.synced.lock().unwrap().fill(0);
    }
    let found = open(&disk, &config()).unwrap();
    assert_eq!(found.everything(), [check_in(0)]);
    for _ in 0..20 {
        let crashed = Arc::new(disk.crash(&mut random));
        assert_eq!(open(&crashed, &config()).unwrap().everything(), [check_in(0)]);
    }
}

#[test]
fn segments_of_another_size_are_not_written_on() {
    let disk = Arc::new(FaultyDisk::default());
    let mut pushed = 0;
    for segment_bytes in [SEGMENT, 2 * SEGMENT, SEGMENT] {
        let config = JournalConfig { segment_bytes, ..config() };
        let mut rig = open(&disk, &config).unwrap();
        for durable in 1..=100 {
            rig.push(pushed);
            pushed += 1;
            assert!(rig.wait(durable));
        }
        rig.journal.checkpoint(rig.journal.durable_end(), Timestamp(u64::MAX)).unwrap();
    }
    let sizes: BTreeSet<_> = disk.files.lock().unwrap().values().map(|file| file.size().unwrap()).collect();
    assert!(sizes.iter().all(|size| [SLOT_BYTES as u64, SEGMENT, 2 * SEGMENT].contains(size)), "{sizes:?}");
    let found = open(&disk, &config()).unwrap();
    assert_eq!(found.recovered.end, Sequence(pushed));
}

#[test]
fn who_looks_sees_what_the_store_does_not_have_and_writes_nothing() {
    let disk = Arc::new(FaultyDisk::default());
    let extent = || look(&*disk).map(|found| (found.checkpoint.0, found.end.0)).unwrap();
    assert_eq!(extent(), (0, 0));
    let mut rig = open(&disk, &config()).unwrap();
    (0..50).for_each(|number| rig.push(number));
    assert!(rig.wait(50));
    rig.journal.checkpoint(Sequence(30), Timestamp(0)).unwrap();
    rig.journal.close();
    assert_eq!(extent(), (30, 50));
    let mut rig = open(&disk, &config()).unwrap();
    (50..60).for_each(|number| rig.push(number));
    assert!(rig.wait(10));
    rig.kill(&disk);
    let calls = *disk.fuse.calls.lock().unwrap();
    assert_eq!(extent(), (30, 60));
    assert_eq!(*disk.fuse.calls.lock().unwrap(), calls);
    let rig = open(&disk, &config()).unwrap();
    rig.journal.checkpoint(Sequence(60), Timestamp(u64::MAX)).unwrap();
    rig.journal.close();
    assert_eq!(extent(), (60, 60));
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
