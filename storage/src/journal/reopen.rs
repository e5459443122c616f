//! Opening a journal that may have crashed: every segment is read, and writing continues in the last one.

use super::JournalError;
use super::config::JournalConfig;
use super::disk::Disk;
use super::files::checkpoint;
use super::record::Sequence;
use super::recover::{Damage, RecoveryReport, SegmentScan, scan_segment};
use super::segment::{self, FORMAT, Segment};
use super::shared::Segments;
use scangate_core::time::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Reads every segment, and continues in the last one.
pub(super) fn reopen(
    config: &JournalConfig,
    disk: &dyn Disk,
) -> Result<(Segments, RecoveryReport), JournalError> {
    let (mut segments, recovered, last) = read_back(config.recent_since, disk)?;
    if let Some(scan) = last {
        continue_in_last(config, &mut segments, &scan)?;
    }
    Ok((segments, recovered))
}

/// Reads what opening the journal would find, except recent check-ins, and writes nothing. The journal must
/// not be open elsewhere.
///
/// **Cost**: reads the whole journal. **Errors**: those of opening it.
pub fn inspect(disk: &dyn Disk) -> Result<RecoveryReport, JournalError> {
    read_back(Timestamp(u64::MAX), disk).map(|(_, recovered, _)| recovered)
}

/// Reads every segment, and returns the scan of the last one in use.
fn read_back(
    recent_since: Timestamp,
    disk: &dyn Disk,
) -> Result<(Segments, RecoveryReport, Option<SegmentScan>), JournalError> {
    let mut numbers: Vec<u64> = disk.list()?.iter().filter_map(|name| segment::number(name)).collect();
    numbers.sort_unstable();
    let checkpoint = checkpoint::read(disk);
    let mut recovered = RecoveryReport { checkpoint, end: checkpoint, ..RecoveryReport::default() };
    let mut segments = Segments {
        used: VecDeque::new(),
        active: None,
        spare: None,
        free: Vec::new(),
        next_number: numbers.last().map_or(1, |last| last + 1),
        is_held: false,
    };
    let mut expected = Sequence::default();
    let mut last = None;
    for number in numbers {
        let file = disk.open(&segment::name(number))?;
        let mut bytes = vec![0; usize::try_from(file.size()?).map_err(std::io::Error::other)?];
        file.read_at(&mut bytes, 0)?;
        if let Some(version) = bytes.first_chunk().and_then(segment::format_of)
            && version > FORMAT
        {
            return Err(JournalError::Format { segment: number, version });
        }
        let mut latest = 0;
        let scan = scan_segment(&bytes, number, expected, |_, check_in| {
            latest = latest.max(check_in.at.0);
            if check_in.at >= recent_since {
                recovered.recent.push(check_in);
            }
        });
        if scan.slots == 0 {
            // The segment was prepared and never used, or freed before the crash.
            segments.free.push(segment::name(number));
            continue;
        }
        let damage = |slot| Damage { segment: number, slot };
        // The segment before ends earlier than this one begins: its end is corrupt, not a torn tail.
        if !segments.used.is_empty() && scan.first > expected {
            recovered.damaged.extend(recovered.torn_tail);
        }
        expected = scan.end;
        recovered.damaged.extend(scan.damaged.iter().copied().map(damage));
        recovered.torn_tail = scan.torn.map(damage);
        recovered.end = recovered.end.max(scan.end);
        segments.used.push_back(Arc::new(Segment {
            number,
            first: scan.first,
            file,
            slots: AtomicU64::new(scan.slots),
            end: AtomicU64::new(scan.end.0),
            latest: AtomicU64::new(latest),
        }));
        last = Some(scan);
    }
    Ok((segments, recovered, last))
}

/// Syncs the last segment: its records count as durable from now on, and a killed process may have left them
/// unsynced. Continues in that segment if nothing in it is damaged: a torn group that others followed would
/// read as corruption.
fn continue_in_last(
    config: &JournalConfig,
    segments: &mut Segments,
    scan: &SegmentScan,
) -> Result<(), JournalError> {
    let Some(segment) = segments.used.back() else { return Ok(()) };
    segment.file.sync_data()?;
    let is_whole = scan.damaged.is_empty() && scan.torn.is_none();
    if is_whole && segment.file.size()? == config.segment_bytes {
        // The next group overwrites the seal.
        segment.slots.store(scan.seal.unwrap_or(scan.slots), Ordering::Release);
        segments.active = Some(segment.number);
    }
    Ok(())
}
