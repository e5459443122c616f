//! Tests that need something installed on the machine, one file each: aioquic, Chromium, Python 3 for the
//! examples, libfaketime for one clock, HdrHistogram's jar with Java, promtool. One needs a small filesystem
//! that only root can mount. A test fails if its component is missing. `--skip equipment::` leaves all of
//! them out.

mod aioquic;
mod alarms;
pub(crate) mod chromium;
mod console;
mod door;
mod examples;
mod failing_calls;
mod histogram_log;
mod load_report;
mod metrics;
mod operations_page;
mod small_disk;
mod staff_pages;
mod terminal;
mod worker_clock;

use std::path::Path;

/// The folder of the foreign clients' scripts.
fn scripts() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
