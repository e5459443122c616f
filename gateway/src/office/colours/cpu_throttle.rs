//! A core that long work shares with the workers. The system lets a thread that has begun go on for milliseconds
//! before one that has just woken, and a scan wakes four threads one after the other; so whoever works long stops by
//! itself, after a fraction of what a scan takes, and leaves the core for most of the time.

use std::time::{Duration, Instant};

/// How long it works at a stretch. **Source**: `benches recolour`: with 500 us a scan's p99 was three times that of a
/// calm gateway, with 50 us and as long a rest 1.35 times, with this and [`REST_PARTS`] it is the same.
const SLICE: Duration = Duration::from_micros(30);
/// How long it rests for each stretch, in stretches.
const REST_PARTS: u32 = 3;
/// The longest rest: what took longer waited for a store, and has left the core to others meanwhile.
const REST_MAX: Duration = Duration::from_millis(1);

/// Somebody's share of a core.
pub(in crate::office) struct CpuThrottle {
    /// When the slice began; none where nobody else wants the core.
    began: Option<Instant>,
}

impl CpuThrottle {
    /// A core that nobody else wants.
    pub(in crate::office) fn off() -> Self {
        Self { began: None }
    }

    /// A core that scans need, too.
    pub(in crate::office) fn on() -> Self {
        Self { began: Some(Instant::now()) }
    }

    /// Rests if the slice is over. To be called after every piece of work, with no lock held. **Cost**: a look at the
    /// clock.
    pub(in crate::office) fn pause(&mut self) {
        let Some(began) = self.began else { return };
        let worked = began.elapsed();
        if worked >= SLICE {
            std::thread::sleep((worked * REST_PARTS).min(REST_MAX));
            self.began = Some(Instant::now());
        }
    }
}
