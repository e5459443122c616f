//! Tests that need equipment of the machine, one file for each piece: aioquic, Chromium, libfaketime, and a small
//! filesystem, which takes root to mount. A test fails if its piece is missing. `--skip equipment::` leaves them out.

mod aioquic;
mod chromium;
mod faketime;
mod small_disk;

use std::path::Path;

/// The folder of the foreign clients' scripts.
fn scripts() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
