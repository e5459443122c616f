//! A disk that fails on purpose, and models power loss: any part of the unsynced writes may survive, slot by
//! slot, and length and content independently.

use super::super::record::SLOT_BYTES;
use super::super::{Disk, DiskFile};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, RwLock};

#[derive(Default)]
pub(super) struct FaultyFile {
    pub(super) live: Mutex<Vec<u8>>,
    pub(super) synced: Mutex<Vec<u8>>,
    pub(super) fuse: Arc<Fuse>,
    pub(super) gate: Arc<SyncGate>,
    power: Arc<RwLock<()>>,
}

/// Blocks syncs while it is shut, and lets a set number pass.
#[derive(Default)]
pub(super) struct SyncGate {
    pub(super) state: Mutex<SyncGateState>,
    pub(super) changed: Condvar,
}

#[derive(Default)]
pub(super) struct SyncGateState {
    pub(super) left: Option<u64>,
    pub(super) waiting: bool,
}

impl SyncGate {
    pub(super) fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.waiting = true;
        self.changed.notify_all();
        state = self.changed.wait_while(state, |state| state.left == Some(0)).unwrap();
        state.waiting = false;
        state.left = state.left.map(|left| left - 1);
    }

    /// Lets this many syncs pass from now on, or all.
    pub(super) fn set(&self, left: Option<u64>) {
        self.state.lock().unwrap().left = left;
        self.changed.notify_all();
    }

    /// Waits until a sync is blocked at the shut gate.
    pub(super) fn wait_until_held(&self) {
        let state = self.state.lock().unwrap();
        let is_held = |state: &mut SyncGateState| !(state.waiting && state.left == Some(0));
        drop(self.changed.wait_while(state, is_held).unwrap());
    }
}

/// Counts down to the call that fails.
#[derive(Default)]
pub(super) struct Fuse {
    pub(super) left: Mutex<Option<(u64, io::ErrorKind)>>,
    pub(super) calls: Mutex<u64>,
}

impl Fuse {
    pub(super) fn burn(&self) -> io::Result<()> {
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

impl DiskFile for FaultyFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.fuse.burn()?;
        let _powered = self.power.read().unwrap();
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
        // A segment that is being prepared does not pass the gate.
        if self.live.lock().unwrap().first() != Some(&0) {
            self.gate.pass();
        }
        let _powered = self.power.read().unwrap();
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
pub(super) struct FaultyDisk {
    pub(super) files: Mutex<BTreeMap<String, Arc<FaultyFile>>>,
    pub(super) fuse: Arc<Fuse>,
    pub(super) gate: Arc<SyncGate>,
    pub(super) segments_max: Mutex<Option<usize>>,
    /// Writers hold it shared and a crash holds it alone, so that a crash captures all files at one instant.
    power: Arc<RwLock<()>>,
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
        if name == "unfinished" && self.segments_max.lock().unwrap().is_some_and(|max| segments >= max) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let file = Arc::new(FaultyFile {
            fuse: Arc::clone(&self.fuse),
            gate: Arc::clone(&self.gate),
            power: Arc::clone(&self.power),
            ..FaultyFile::default()
        });
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
    /// The disk after a power loss now: each unsynced piece survives or not.
    pub(super) fn crash(&self, random: &mut CrashRandom) -> Self {
        let crashed = Self::default();
        let piece = [16, SLOT_BYTES, 8 * SLOT_BYTES][random.next() as usize % 3];
        let _off = self.power.write().unwrap();
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
            let file = FaultyFile {
                live: Mutex::new(bytes.clone()),
                synced: Mutex::new(bytes),
                fuse: Arc::clone(&crashed.fuse),
                gate: Arc::clone(&crashed.gate),
                power: Arc::clone(&crashed.power),
            };
            crashed.files.lock().unwrap().insert(name.clone(), Arc::new(file));
        }
        crashed
    }
}

pub(super) struct CrashRandom(pub(super) u64);

impl CrashRandom {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }
}
