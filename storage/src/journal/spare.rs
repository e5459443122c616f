//! Keeps a segment ready, so that no group waits for the allocation of a file.

use super::DiskFile;
use super::record::SLOT_BYTES;
use super::segment;
use super::shared::Shared;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long the thread waits before it tries again to get room.
pub(super) const RETRY: Duration = Duration::from_millis(250);

/// The spare thread: whenever there is no spare segment, recycles a freed one or makes one, within the
/// bound. Where the disk has no room it tries again, and the journal heals.
pub(super) fn keep(shared: &Shared) {
    while !shared.is_closing.load(Ordering::Acquire) {
        let mut segments = shared.segments();
        if segments.spare.is_some() {
            // Woken by whoever takes it, by a checkpoint, or by the end.
            let waited = shared.spare_wanted.wait_timeout(segments, RETRY);
            drop(waited);
            continue;
        }
        let free = segments.free.pop();
        let has_room = (segments.used.len() as u64) < shared.segments_max;
        if free.is_none() && !has_room {
            let waited = shared.spare_wanted.wait_timeout(segments, RETRY);
            drop(waited);
            continue;
        }
        let number = segments.next_number;
        segments.next_number += 1;
        drop(segments);
        match spare(shared, number, free.as_deref()) {
            Ok(file) => {
                let mut segments = shared.segments();
                segments.spare = Some((number, file));
                // Under the lock: who takes the spare and finds no room after it is not contradicted.
                shared.is_full.store(false, Ordering::Release);
                drop(segments);
                shared.spare_wanted.notify_all();
            }
            Err(error) => {
                tracing::warn!(%error, "no room for another journal segment; trying again");
                shared.spare_wanted.notify_all();
                let mut segments = shared.segments();
                segments.free.extend(free);
                drop(shared.spare_wanted.wait_timeout(segments, RETRY));
            }
        }
    }
}

fn spare(shared: &Shared, number: u64, free: Option<&str>) -> std::io::Result<Arc<dyn DiskFile>> {
    let disk = &*shared.disk;
    let Some(free) = free else { return segment::create(disk, number, shared.segment_slots) };
    if disk.open(free)?.size()? != shared.segment_slots * SLOT_BYTES as u64 {
        // Made when segments had another size.
        disk.remove(free)?;
        return segment::create(disk, number, shared.segment_slots);
    }
    let name = segment::name(number);
    disk.rename(free, &name)?;
    disk.sync_folder()?;
    disk.open(&name)
}
