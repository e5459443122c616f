//! Keeps a spare segment ready, so that no group waits for the allocation of a file.

use super::DiskFile;
use super::record::SLOT_BYTES;
use super::segment;
use super::shared::Shared;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The pause before another attempt to allocate a segment.
pub(super) const RETRY: Duration = Duration::from_millis(250);

/// The spare thread. Whenever the spare segment is missing, it recycles a freed one or makes one, within the
/// bound. On a full disk it retries, and the journal heals.
pub(super) fn keep(shared: &Shared) {
    while !shared.is_closing.load(Ordering::Acquire) {
        let mut segments = shared.segments();
        if segments.spare.is_some() {
            // Woken by the writer that uses the spare, by a checkpoint, or by closing.
            let waited = shared.spare_wanted.wait_timeout(segments, RETRY);
            drop(waited);
            continue;
        }
        let free = segments.free.pop();
        let has_space = (segments.used.len() as u64) < shared.segments_max;
        if free.is_none() && !has_space {
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
                // The flag changes under the lock, so it cannot overwrite that of a writer that uses the
                // spare and then finds the disk full.
                shared.is_full.store(false, Ordering::Release);
                drop(segments);
                shared.spare_wanted.notify_all();
            }
            Err(error) => {
                tracing::warn!(event = "journal-no-space", %error, "no disk space for another journal segment; retrying");
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
        // The file dates from another segment size.
        disk.remove(free)?;
        return segment::create(disk, number, shared.segment_slots);
    }
    let name = segment::name(number);
    disk.rename(free, &name)?;
    disk.sync_folder()?;
    disk.open(&name)
}
