//! The clocks of this machine: the step of the monotonic clock, and whether the time of day is synchronised.

use super::DoctorFinding;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Steps of the clock that are measured; the shortest one counts.
const STEPS: usize = 100;
/// The longest step of a clock whose latencies are worth a report in tenths of a millisecond.
const STEP_MAX: Duration = Duration::from_micros(10);
/// The file that systemd-timesyncd makes when it has set the time of day.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";
/// The sockets and pid files of other daemons that set the time of day.
const DAEMONS: [&str; 4] =
    ["/run/chrony/chronyd.sock", "/run/chrony/chronyd.pid", "/run/ntpd.pid", "/run/ntpd.sock"];

pub(super) fn resolution() -> DoctorFinding {
    let source = fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    let source = source.map_or_else(|_| "unknown".to_owned(), |name| name.trim().to_owned());
    let step = (0..STEPS).map(|_| step()).min().unwrap_or_default();
    let text = format!("the monotonic clock has steps of {} ns ({source})", step.as_nanos());
    if step <= STEP_MAX {
        DoctorFinding::ok("clock", text)
    } else {
        DoctorFinding::warning("clock", text, "boot with a faster clock source, such as tsc")
    }
}

/// The time until the clock shows another time.
fn step() -> Duration {
    let before = Instant::now();
    loop {
        let step = before.elapsed();
        if !step.is_zero() {
            return step;
        }
    }
}

pub(super) fn synchronisation() -> DoctorFinding {
    let exists = |path: &str| Path::new(path).exists();
    if exists(SYNCHRONISED) {
        return DoctorFinding::ok("time", "systemd-timesyncd has set the time of day");
    }
    match DAEMONS.iter().find(|path| exists(path)) {
        Some(daemon) => DoctorFinding::ok("time", format!("a daemon sets the time of day ({daemon})")),
        None => {
            let remedy = "compare it with the gateway by --target, or run an NTP client";
            DoctorFinding::warning("time", "nothing is seen that sets the time of day", remedy)
        }
    }
}
