//! A throttle for long work on a core that workers need. The scheduler lets a running thread go on for
//! milliseconds before a woken one, and a scan wakes four threads in turn. Long work therefore pauses by
//! itself after a fraction of a scan's time, and leaves the core free for most of the time.

use std::time::{Duration, Instant};

/// The longest stretch of work. **Source**: `benches recolour`: with 500 us a scan's p99 was three times that
/// of a calm gateway, and 1.35 times with 50 us and an equal pause. With this value and [`REST_PARTS`] it is
/// the same.
const SLICE: Duration = Duration::from_micros(30);
/// The pause after each stretch, in stretches.
const REST_PARTS: u32 = 3;
/// The longest pause: a longer stretch waited for a store and left the core free meanwhile.
const REST_MAX: Duration = Duration::from_millis(1);

/// A throttle of one thread's work.
pub(in crate::office) struct CpuThrottle {
    /// The start of the slice; `None` if the throttle is off.
    began: Option<Instant>,
}

impl CpuThrottle {
    /// A throttle that never pauses: no other work needs the core.
    pub(in crate::office) fn off() -> Self {
        Self { began: None }
    }

    /// A throttle that leaves the core to the workers.
    pub(in crate::office) fn on() -> Self {
        Self { began: Some(Instant::now()) }
    }

    /// Pauses if the slice is over. Call it after every piece of work, with no lock held. **Cost**: one read
    /// of the clock.
    pub(in crate::office) fn pause(&mut self) {
        let Some(began) = self.began else { return };
        let worked = began.elapsed();
        if worked >= SLICE {
            std::thread::sleep((worked * REST_PARTS).min(REST_MAX));
            self.began = Some(Instant::now());
        }
    }
}
